"""What a message asks for, and whether it is for the bot at all. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from core.bot import Bot
from core.command import Command
from core.model import Media, Message, Quote, Text
from core.ports.ledger import Kind

UNREAD = ("file", "video")

QUOTE_CHARS = 500
"""How much of a quoted message travels with the question about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    text: str
    pictures: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribe:
    """Speech to be understood; `text` is what was written beside it."""

    speech: Media
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    command: Command
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCommand:
    """`mark` is what it began with, as in "/"."""

    mark: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that the bot cannot take, or nothing at all: a model would make something up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Not for the bot. `reason` is the code of a sentence."""

    reason: str


Intent: TypeAlias = Talk | Transcribe | Invoke | UnknownCommand | Unreadable | Ignore


def route(message: Message, bot: Bot, commands: Mapping[str, Command]) -> Intent:
    """In groups only what is for the bot: a command, or what `bot.trigger` says."""
    text, prefixed = _cut_prefix(message.text, bot)
    command = _command(text, bot, commands)
    if message.address.group and not (prefixed or isinstance(command, Invoke)):
        return _heard(message, bot, text, command)
    return command or _talk(message, text)


def _heard(message: Message, bot: Bot, text: str, command: UnknownCommand | None) -> Intent:
    """What has neither a prefix nor a command of ours."""
    if bot.trigger == "prefix":
        return Ignore(reason="why_no_prefix")
    if message.addressed:
        return command or _talk(message, text)
    if bot.trigger != "all":
        return Ignore(reason="why_not_addressed")
    intent = command or _talk(message, text)
    if isinstance(intent, Talk | Transcribe):
        return intent
    return Ignore(reason="why_no_answer")  # nobody asked: no complaint about other bots' commands


def is_urgent(intent: Intent) -> bool:
    """Whether it is handled beside a running answer."""
    return isinstance(intent, Invoke) and intent.command.urgent


def spends(intent: Intent) -> Kind | None:
    """The kind of relay call that it begins with; None for what costs nothing."""
    match intent:
        case Invoke(command=command):
            return command.spends
        case UnknownCommand() | Unreadable() | Ignore():
            return None
        case Talk():
            return "chat"
        case Transcribe():
            return "transcription"


def intent_name(intent: Intent) -> str:
    """A short name for logs and metrics: the command's own, or the intent's kind."""
    match intent:
        case Invoke(command=command):
            return f"/{command.name}"
        case Talk():
            return "chat"
        case _:
            return type(intent).__name__.lower()


def _cut_prefix(text: str, bot: Bot) -> tuple[str, bool]:
    for prefix in bot.prefixes:
        if prefix and text.startswith(prefix):
            return text[len(prefix) :].lstrip(), True
    return text, False


def _command(
    text: str, bot: Bot, commands: Mapping[str, Command]
) -> Invoke | UnknownCommand | None:
    marked = next((mark for mark in bot.command_prefixes if mark and text.startswith(mark)), "")
    if not marked:
        return None
    body = text[len(marked) :]
    name, *rest = body.split(maxsplit=1) or [""]
    if command := commands.get(name.lower()):
        return Invoke(command=command, rest="".join(rest))
    if joined := _joined(name, commands):
        return Invoke(command=commands[joined], rest=body[len(joined) :].lstrip())
    return UnknownCommand(mark=marked, name=name) if name and "/" not in name else None


def _joined(name: str, commands: Mapping[str, Command]) -> str:
    """The longest Chinese name that `name` begins with: Chinese is written without spaces."""
    known = (one for one in commands if not one.isascii() and name.startswith(one))
    return max(known, key=len, default="")


def _talk(message: Message, text: str) -> Intent:
    speech = next((media for media in message.media if media.kind in ("voice", "audio")), None)
    if speech:
        return Transcribe(speech=speech, text=text)
    quote = next((part for part in message.parts if isinstance(part, Quote)), None)
    pictures = tuple(media for media in _media(message, quote) if media.kind == "image")
    if any(media.kind in UNREAD for media in message.media) or not (text or pictures):
        return Unreadable()
    return Talk(text=_with_quote(text, quote), pictures=pictures)


def _media(message: Message, quote: Quote | None) -> tuple[Media, ...]:
    quoted = quote.parts if quote else ()
    return message.media + tuple(part for part in quoted if isinstance(part, Media))


def _with_quote(text: str, quote: Quote | None) -> str:
    quoted = "".join(p.text for p in quote.parts if isinstance(p, Text)).strip() if quote else ""
    if not quoted:
        return text
    if len(quoted) > QUOTE_CHARS:
        quoted = quoted[:QUOTE_CHARS] + "…"
    lines = "\n".join(f"> {line}" for line in quoted.splitlines())
    return f"{lines}\n\n{text}".strip()
