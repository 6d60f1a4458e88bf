"""One bot's own settings: an account on one platform with its persona and triggers."""

from typing import Literal, TypeAlias

from msgspec import Struct

from core.model import HistoryPolicy, Language, Limit

Trigger: TypeAlias = Literal["mention", "all", "prefix"]
"""What is heard in a group, beside commands: a mention, a reply to the bot or a prefix;
everything; or a prefix alone."""


class Bot(Struct, frozen=True, kw_only=True):
    """The part of a [bots.NAME] section that the core reads."""

    name: str
    platform: str
    persona: str = ""
    history_chars: Limit = 2000
    language: Language = "en"
    trigger: Trigger = "mention"
    prefixes: tuple[str, ...] = ()
    """In groups, text that starts with one of these is for the bot; the prefix is cut off."""
    command_prefixes: tuple[str, ...] = ("/", "／")
    group_history: HistoryPolicy = "member"
    settle_s: float = 1.0
    """How long a picture sent alone waits for its question, where a platform parts the two,
    and an album for its next picture. 0: nothing waits, and each is answered apart."""
    voice: Literal["chat", "text"] = "chat"
    """What a voice message gets: a chat reply to its words, or the words alone."""
    voice_name: str = "alloy"
    """The voice of spoken answers, as the relay names it."""
    expire_s: float = 600.0
    """A message found unanswered at start and older than this is told so instead."""
    outage_wait_s: float = 600.0
    """How old a message may get that waits for a relay to be back, `expire_s` at most. 0: none
    waits, and each is answered with what is wrong."""
