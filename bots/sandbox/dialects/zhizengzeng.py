"""智增增, as its pages have it (November 2026).

Every answer but those of audio, files and fine-tuning comes in an envelope, errors with HTTP 200
too. Its own forgetting of old history is not played: who sends over 2,000 characters is refused.
That all files together may have 1 GB cannot be reached here.
"""

import re
from math import ceil

from msgspec import structs

from bots.sandbox.dialects.checks import (
    FORMATS,
    a_key,
    absent,
    chars,
    figure_of,
    given,
    heard,
    json_lines,
    messages_of,
    number,
    one_of,
    refusal,
    roles,
    sequences,
)
from bots.sandbox.dialects.dialect import Asked, Check, Complaint, Dialect, Rules, Told
from bots.sandbox.tokens import count_tokens

CHARS = 2_000
IMAGE_PROMPT_CHARS = 1_000
SUFFIX_CHARS = 40
INPUT_TOKENS = 8_191
COMPLETION_TOKENS = 16
SIZES = ("256x256", "512x512", "1024x1024")
CHAT_MODELS = (
    "gpt-4",
    "gpt-4-0613",
    "gpt-4-32k",
    "gpt-4-32k-0613",
    "gpt-3.5-turbo",
    "gpt-3.5-turbo-0613",
    "gpt-3.5-turbo-16k",
    "gpt-3.5-turbo-16k-0613",
)

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def in_turn(asked: Asked) -> None:
    """An odd number of messages, the user's and the assistant's in turn."""
    told = [message.get("role") for message in messages_of(asked)]
    if len(told) % 2 == 0:
        raise refusal("messages", "an odd number of messages", len(told))
    turns = ["user", "assistant"] * (len(told) // 2) + ["user"]
    if told != turns:
        raise refusal("messages", "user and assistant in turn, the last the user's", told)


def within_chars(asked: Asked) -> None:
    """Code points of the last message, and of all."""
    contents = [message["content"] for message in messages_of(asked)]
    if not all(isinstance(content, str) for content in contents):
        raise refusal("messages", "content as text", "parts")
    if len(contents[-1]) > CHARS:
        raise refusal("messages", f"a last message of {CHARS} characters", len(contents[-1]))
    total = sum(map(len, contents))
    if total > CHARS:
        raise refusal("messages", f"{CHARS} characters in all", total)


def best_of(asked: Asked) -> None:
    """More than n, and then no stream."""
    best = figure_of(asked.fields.get("best_of"))
    if best is None:
        return
    if best <= (figure_of(asked.fields.get("n")) or 1):
        raise refusal("best_of", "more than n", best)
    if asked.streams:
        raise refusal("stream", "no stream beside best_of", asked.fields["stream"])


def short_inputs(asked: Asked) -> None:
    """Each input by itself. The sandbox's tokens, which are no longer than OpenAI's."""
    given_ = asked.fields["input"]
    for text in given_ if isinstance(given_, list) else [given_]:
        if isinstance(text, str) and count_tokens(text) > INPUT_TOKENS:
            raise refusal("input", f"at most {INPUT_TOKENS} tokens each", count_tokens(text))


def sixteen_tokens(fields: Told) -> Told:
    """What a completion has unless told otherwise."""
    return {"max_tokens": COMPLETION_TOKENS} | fields


def enveloped(asked: Asked, told: Told) -> Told:
    del asked
    return {"code": 0, "msg": "", **told}


def chat_answer(asked: Asked, told: Told) -> Told:
    """Its sample has neither `object` nor `model`; its usage is an estimate."""
    kept = {name: told[name] for name in ("id", "created", "choices")}
    prompt = sum(estimate(message["content"]) for message in messages_of(asked))
    said = sum(estimate(choice["message"]["content"]) for choice in told["choices"])
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
    }
    return enveloped(asked, {**kept, "usage": usage})


def estimate(text: str) -> int:
    """Chinese characters + words × 1.3."""
    words = _CHINESE.sub(" ", text).split()
    return ceil(len(_CHINESE.findall(text)) + 1.3 * len(words))


def uploaded(asked: Asked, told: Told) -> Told:
    del asked
    return {**told, "status": "uploaded"}


def pending(asked: Asked, told: Told) -> Told:
    """Jobs begin so."""
    del asked
    return {**told, "status": "pending"}


def complain(complaint: Complaint) -> Complaint:
    body = {"code": complaint.status, "msg": complaint.message}
    return structs.replace(complaint, status=200, body=body)


def hearing(formats: tuple[str, ...], *more: Check) -> Rules:
    return Rules(models=("whisper-1",), checks=(*heard(formats), *more))


DIALECT = Dialect(
    name="zhizengzeng",
    base_path="/index.php/api",
    admit=a_key,
    complain=complain,
    calls={
        "POST /v1/chat/completions": Rules(
            models=CHAT_MODELS,
            model="gpt-3.5-turbo",
            checks=(
                absent("api_secret_key"),
                roles("user", "assistant"),
                in_turn,
                within_chars,
                number("temperature", 0, 2),
                number("presence_penalty", -2, 2),
                number("frequency_penalty", -2, 2),
                sequences("stop", 4),
            ),
            answer=chat_answer,
        ),
        "POST /v1/completions": Rules(
            checks=(given("prompt"), number("logprobs", 0, 5), best_of),
            adapt=sixteen_tokens,
            answer=enveloped,
        ),
        "POST /v1/embeddings": Rules(
            models=("text-embedding-ada-002",),
            checks=(given("input"), absent("dimensions"), short_inputs),
            answer=enveloped,
        ),
        "POST /v1/images/generations": Rules(
            model="dall-e-2",
            checks=(
                given("prompt"),
                chars("prompt", IMAGE_PROMPT_CHARS),
                number("n", 1, 10),
                one_of("size", SIZES),
                one_of("response_format", ("url", "b64_json")),
            ),
            answer=enveloped,
        ),
        "POST /v1/audio/transcriptions": hearing(FORMATS),
        "POST /v1/audio/translations": hearing(FORMATS, absent("language")),
        "POST /v1/files": Rules(
            model=None,
            checks=(one_of("purpose", ("fine-tune",)), json_lines),
            answer=uploaded,
        ),
        "POST /v1/fine_tuning/jobs": Rules(
            models=CHAT_MODELS,
            checks=(given("training_file"), chars("suffix", SUFFIX_CHARS)),
            answer=pending,
        ),
    },
)


def without_ogg() -> Dialect:
    """As its introduction has it, which leaves out flac and ogg."""
    formats = tuple(name for name in FORMATS if name not in ("flac", "ogg"))
    heard_rows = {
        "POST /v1/audio/transcriptions": hearing(formats),
        "POST /v1/audio/translations": hearing(formats, absent("language")),
    }
    return structs.replace(DIALECT, calls={**DIALECT.calls, **heard_rows})
