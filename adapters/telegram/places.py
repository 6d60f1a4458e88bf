"""What is remembered of chats: where they moved to, and which language is spoken there."""

import logging
from collections import OrderedDict
from typing import TypeVar

import msgspec

from core.errors import StoreError
from core.model import Message
from core.ports.store import Memo

log = logging.getLogger(__name__)

MOVED = "moved"
MOVES_KEPT = 500
LANGUAGES_KEPT = 10_000

K = TypeVar("K")
V = TypeVar("V")


class Moves:
    """A group that becomes a supergroup is another chat from then on; its old id is good for
    nothing. Kept between starts."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._moved: OrderedDict[str, str] = OrderedDict()
        self._unsaved = False

    async def load(self) -> None:
        """Raises StoreError."""
        kept = await self._memo.recall(MOVED)
        self._moved = OrderedDict(msgspec.json.decode(kept, type=dict[str, str]) if kept else {})

    def now(self, chat: str) -> str:
        """Where a chat is now."""
        seen = {chat}
        while (chat := self._moved.get(chat, chat)) not in seen:
            seen.add(chat)
        return chat

    def note(self, old: str, new: str) -> None:
        if self._moved.get(old) != new:
            remember(self._moved, old, new, MOVES_KEPT)
            self._unsaved = True

    async def save(self) -> None:
        """What was noted. Without it Telegram will tell us again."""
        if not self._unsaved:
            return
        self._unsaved = False
        try:
            await self._memo.keep(MOVED, msgspec.json.encode(self._moved).decode())
        except StoreError as error:
            log.warning("where groups moved to was not kept: %s", error)


class Languages:
    """Which language was last spoken to the bot in each chat."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._spoken: OrderedDict[str, str] = OrderedDict()

    def note(self, message: Message) -> None:
        if message.language:
            remember(self._spoken, message.address.chat, message.language, LANGUAGES_KEPT)

    def of(self, chat: str) -> str:
        return self._spoken.get(chat, self._default)


def remember(kept: OrderedDict[K, V], key: K, value: V, most: int) -> V | None:
    """Keep the latest `most`; what had to go for it."""
    kept[key] = value
    kept.move_to_end(key)
    return kept.popitem(last=False)[1] if len(kept) > most else None
