"""Whom a decision is on. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bots.config.platforms import platforms
from core.command import Ask
from core.model import Mention, Quote, identity_of, place_of
from core.ports.ledger import ALL, Scope
from core.quota.limits import LEVELS, Target

IDENTITY = re.compile(r"[a-z][a-z0-9_]*:[^\s*]+")
ME = frozenset({"me", "我"})
HERE = frozenset({"here", "本群", "这里", "这个群", "此群"})
BOT = frozenset({"bot", "机器人", "本机器人"})
LEVEL: Mapping[str, Target] = {
    **{level: level for level in LEVELS if level != "bot"},
    **{f"{level}s": level for level in LEVELS if level != "all"},
    **dict.fromkeys(("成员", "每个成员"), "member"),
    **dict.fromkeys(("访客", "每个访客"), "guest"),
    **dict.fromkeys(("各群", "每个群", "所有群"), "group"),
    **dict.fromkeys(("各机器人", "每个机器人", "所有机器人"), "bot"),
    **dict.fromkeys(("全部", "所有人", "合计"), ALL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """`target` is an identity, or with `is_person` unset a scope or a level; "" where nobody is
    named. `rest` is what follows in the command. `by_id`: an id that was typed, so perhaps
    mistyped."""

    target: Target
    rest: str
    is_person: bool = True
    by_id: bool = False

    @property
    def scope(self) -> Target:
        """As limits are named."""
        return f"person:{self.target}" if self.is_person else self.target


def person(ask: Ask, text: str) -> Named:
    """By an identity, "me", a mention, or else the message that this one replies to."""
    first, rest = parted(text)
    if first.lower() in ME:
        return Named(target=identity_of(ask.message.address), rest=rest)
    if is_identity(first, ask.message.address.platform):
        return Named(target=first, rest=rest, by_id=True)
    return _mentioned(ask, text) or _quoted(ask, text)


def target(ask: Ask, text: str) -> Named:
    """A person, or whom else limits can hold for."""
    first, rest = parted(text)
    if first.lower() in HERE and place_of(ask.message.address):
        return Named(target=f"group:{place_of(ask.message.address)}", rest=rest, is_person=False)
    if first.lower() in BOT:
        return Named(target=f"bot:{ask.message.address.bot}", rest=rest, is_person=False)
    if common := common_target(first):
        by_id = common.startswith("group:")
        return Named(target=common, rest=rest, is_person=False, by_id=by_id)
    return person(ask, text)


def common_target(word: str) -> Target:
    """A level, a group or a bot by its whole name; "" for anything else."""
    kind, _, name = word.partition(":")
    if kind == "bot" and name:
        return word
    if kind == "group" and is_identity(name):
        return word
    return LEVEL.get(word.lower(), "")


def is_identity(word: str, platform: str = "") -> bool:
    """One person's, on a platform that there is."""
    return bool(IDENTITY.fullmatch(word)) and word.partition(":")[0] in {*platforms(), platform}


def parted(text: str) -> tuple[str, str]:
    """The first word, and the rest as it was written."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, "".join(rest)


def _mentioned(ask: Ask, text: str) -> Named | None:
    """Its words stand in the text as well, and may have spaces in them."""
    for part in ask.message.parts:
        if isinstance(part, Mention) and part.user:
            words = f"@{part.name or part.user}"
            if text.startswith(words):
                rest = text.removeprefix(words).strip()
                return Named(target=_here(ask, part.user), rest=rest)
    return None


def _quoted(ask: Ask, text: str) -> Named:
    quote = next((part for part in ask.message.parts if isinstance(part, Quote)), None)
    if quote is None or not quote.sender:
        return Named(target="", rest=text)
    return Named(target=_here(ask, quote.sender), rest=text.strip())


def _here(ask: Ask, user: str) -> Scope:
    return f"{ask.message.address.platform}:{user}"
