"""The options of `parley relay call`: a parser for each call.

Limits in the words are those most relays share (OpenAI's API reference, November 2026);
a relay's own stand in its profile and are checked before anything is sent.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from bots.arguments import Subcommands, add_config

Command: TypeAlias = Callable[[argparse.Namespace], int]
Parser: TypeAlias = argparse.ArgumentParser

TEXT_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
SPEECH_FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
STDIN = "- reads standard input"


def add_calls(calls: Subcommands, command: Command) -> None:
    for name, (words, add) in CALLS.items():
        sub = calls.add_parser(name, help=words, description=words)
        add(sub)
        whole_answer = "print the whole answer as JSON, bytes as their number"
        sub.add_argument("--json", action="store_true", help=whole_answer)
        add_config(sub)
        sub.set_defaults(command=command, call=name.replace("-", "_"))


class Turn(argparse.Action):
    """--user and --assistant, kept in the order in which they were given."""

    def __call__(
        self,
        parser: Parser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        del parser
        role = (option_string or "--user").removeprefix("--")
        namespace.turns = [*namespace.turns, (role, str(values))]


def number(sub: Parser, option: str, words: str) -> None:
    sub.add_argument(option, type=real, metavar="NUMBER", help=words)


def count(sub: Parser, option: str, words: str, default: int | None = None) -> None:
    sub.add_argument(option, type=whole, metavar="N", help=words, default=default)


def text(sub: Parser, option: str, words: str, metavar: str = "TEXT") -> None:
    sub.add_argument(option, default="", metavar=metavar, help=words)


def output(sub: Parser, words: str) -> None:
    sub.add_argument("-o", "--output", type=Path, metavar="PATH", help=words)


def real(given: str) -> float:
    try:
        return float(given)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a number, got {given}") from error


def whole(given: str) -> int:
    if not given.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, got {given}")
    return int(given)


def pair(given: str) -> tuple[str, int | float | str]:
    """`n_epochs=3`; what is no number stays text, as "auto"."""
    name, sign, value = given.partition("=")
    if not name or not sign or not value:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE as in n_epochs=3, got {given}")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


# -- words in, words out ----------------------------------------------------------


def add_model(sub: Parser) -> None:
    text(sub, "--model", "(default: the relay's usual one)", "MODEL")


def add_sampling(sub: Parser, *, penalties: bool = True) -> None:
    number(sub, "--temperature", "0 to 2, at some relays to 1; lower is steadier")
    number(sub, "--top-p", "0 to 1, another way than --temperature")
    count(sub, "--n", "how many answers, each of which costs (default: 1)", 1)
    if not penalties:
        return
    count(sub, "--max-tokens", "the answer's most, in tokens")
    words = "end the answer before this text; up to 4 times"
    sub.add_argument("--stop", action="append", default=[], metavar="TEXT", help=words)
    number(sub, "--presence-penalty", "-2 to 2")
    number(sub, "--frequency-penalty", "-2 to 2")


def add_end_user(sub: Parser) -> None:
    text(sub, "--end-user", "who asks; the relay is told a keyed hash of it", "ID")


def add_chat(sub: Parser) -> None:
    words = f"the last turn, unless --user or --messages gives it; {STDIN}"
    sub.add_argument("text", nargs="?", default="", metavar="TEXT", help=words)
    text(sub, "--system", "the persona")
    words = "a turn before TEXT; several in their order, user and assistant"
    for option in ("--user", "--assistant"):
        sub.add_argument(option, action=Turn, dest="turns", default=[], metavar="TEXT", help=words)
    words = 'all turns: a list as in [{"role": "user", "content": "hello"}]'
    sub.add_argument("--messages", metavar="FILE", help=f"{words}; {STDIN}")
    words = "sent with the last turn, for models that see; 20 MiB in all"
    sub.add_argument(
        "--picture", type=Path, action="append", default=[], metavar="PATH", help=words
    )
    sub.add_argument("--stream", action="store_true", help="print the answer while it comes")
    add_model(sub)
    add_sampling(sub)
    add_end_user(sub)


def add_completion(sub: Parser) -> None:
    sub.add_argument("text", metavar="PROMPT", help=f"what the text goes on from; {STDIN}")
    text(sub, "--suffix", "what comes after the completion")
    count(sub, "--best-of", "this many are made and the best given; over --n, none streamed")
    count(sub, "--logprobs", "of this many likely tokens, at most 5")
    sub.add_argument("--echo", action="store_true", help="give the prompt back too")
    sub.add_argument("--stream", action="store_true", help="print the text while it comes")
    add_model(sub)
    add_sampling(sub)
    add_end_user(sub)


def add_edit(sub: Parser) -> None:
    sub.add_argument("text", metavar="INSTRUCTION", help="what to do with the text")
    text(sub, "--input", f"the text; {STDIN}")
    add_model(sub)
    add_sampling(sub, penalties=False)


def add_embedding(sub: Parser) -> None:
    words = f"up to 2,048, of at most 8,191 tokens each; {STDIN}, a text a line"
    sub.add_argument("texts", nargs="+", metavar="TEXT", help=words)
    count(sub, "--dimensions", "how many floats a vector has, for models that can choose")
    add_model(sub)
    add_end_user(sub)


# -- pictures and sound -----------------------------------------------------------


def add_image(sub: Parser) -> None:
    words = f"what to draw; at most 32,000 characters, at some relays 1,000; {STDIN}"
    sub.add_argument("text", metavar="PROMPT", help=words)
    words = "where to save it; further ones get a number (default: picture.png, named by its kind)"
    output(sub, words)
    count(sub, "--n", "how many, 1 to 10, each of which costs (default: 1)", 1)
    text(sub, "--size", "in pixels, as in 1024x1024 (default: the relay's)", "WxH")
    words = "how the relay gives it: as a link, fetched at once, or in its answer"
    sub.add_argument("--format", choices=("url", "b64_json"), default="", help=words)
    add_model(sub)
    add_end_user(sub)


def add_speech(sub: Parser) -> None:
    words = f"what to say, at most 4,096 characters; {STDIN}"
    sub.add_argument("text", metavar="TEXT", help=words)
    output(sub, "where to save it; - is standard output (default: speech.FORMAT)")
    text(sub, "--voice", "as in alloy (default: the relay's usual one)", "NAME")
    sub.add_argument("--format", choices=SPEECH_FORMATS, default="mp3", help="(default: mp3)")
    number(sub, "--speed", "0.25 to 4.0, 1.0 is the usual")
    add_model(sub)


def add_heard(sub: Parser) -> None:
    words = (
        "a recording: flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav, webm go as they are, others and "
        f"what is over the relay's limit (25 MiB) are turned or cut first; {STDIN}"
    )
    sub.add_argument("file", metavar="FILE", help=words)
    words = "of the answer; srt and vtt are subtitles (default: json, printed as text)"
    sub.add_argument("--format", choices=TEXT_FORMATS, default="json", help=words)
    text(sub, "--prompt", "words that may come up, or what was said before")
    number(sub, "--temperature", "0 to 1; lower is steadier")
    add_model(sub)


def add_transcription(sub: Parser) -> None:
    add_heard(sub)
    text(sub, "--language", "that is spoken, in two letters as in zh (ISO 639-1)", "CODE")


# -- files and jobs ---------------------------------------------------------------


def add_file_upload(sub: Parser) -> None:
    words = "JSON Lines in UTF-8; at most 512 MiB, for a batch at burn.hair 10 MiB"
    sub.add_argument("file", metavar="FILE", help=f"{words}; {STDIN}")
    sub.add_argument("--purpose", choices=("batch", "fine-tune"), required=True)


def add_file_content(sub: Parser) -> None:
    sub.add_argument("id", metavar="ID", help="of an uploaded file, or of a batch's output")
    output(sub, "where to save it (default: standard output)")


def add_batch_create(sub: Parser) -> None:
    words = "of the uploaded file, which at burn.hair is kept 1 hour"
    sub.add_argument("id", metavar="FILE_ID", help=words)
    sub.add_argument("--endpoint", default="/v1/chat/completions", help="(default: %(default)s)")
    sub.add_argument("--window", default="24h", help="to be done in (default: %(default)s)")


def add_batch_status(sub: Parser) -> None:
    words = "of the batch; at burn.hair its record is kept 24 hours, its output 3"
    sub.add_argument("id", metavar="ID", help=words)


def add_fine_tune_create(sub: Parser) -> None:
    sub.add_argument("id", metavar="FILE_ID", help="of the uploaded training file")
    sub.add_argument("--model", required=True, help="to start from; what it costs is its price")
    text(sub, "--validation-file", "of the uploaded validation file", "FILE_ID")
    text(sub, "--suffix", "in the new model's name; at most 64 characters, at some relays 40")
    words = "as in n_epochs=3; several are given one by one"
    sub.add_argument(
        "--hyperparameter", type=pair, action="append", default=[], metavar="NAME=VALUE", help=words
    )


def add_fine_tune_status(sub: Parser) -> None:
    sub.add_argument("id", metavar="ID", help="of the fine-tuning job")


def add_models(sub: Parser) -> None:
    text(sub, "--match", "those alone with this in their names", "WORD")


def add_user_stat(sub: Parser) -> None:
    sub.epilog = "Needs relays.NAME.stat_token, the system access token. 500,000 quota are 1 USD."


def add_key_quota(sub: Parser) -> None:
    sub.epilog = "At relays that run one-api or new-api. Most let it be asked about once a minute."


CALLS: dict[str, tuple[str, Callable[[Parser], None]]] = {
    "chat": ("an answer to a conversation; costs by the token", add_chat),
    "completion": ("text that goes on from a prompt, 16 tokens unless told", add_completion),
    "edit": ("a text changed as an instruction says", add_edit),
    "embedding": ("a vector for each text, printed as a list a line", add_embedding),
    "image": ("pictures, saved as files; costs by the picture", add_image),
    "speech": ("text read aloud, saved as a file; costs by the character", add_speech),
    "transcription": ("a recording as text; costs by the second", add_transcription),
    "translation": ("a recording in any language as English text", add_heard),
    "file-upload": ("keep a file at the relay, for a batch or a fine-tuning job", add_file_upload),
    "file-content": ("what is in a file at the relay", add_file_content),
    "batch-create": ("start a batch over an uploaded file", add_batch_create),
    "batch-status": ("how far a batch is", add_batch_status),
    "fine-tune-create": ("start a fine-tuning job, which costs", add_fine_tune_create),
    "fine-tune-status": ("how far a fine-tuning job is", add_fine_tune_status),
    "models": ("the models' names, one a line", add_models),
    "user-stat": ("the account and its tokens, at relays that tell it", add_user_stat),
    "key-quota": ("what the key itself may still spend, at relays that tell it", add_key_quota),
}
"""By their names on the command line."""
