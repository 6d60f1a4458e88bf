"""How far each chat was heard, so that what was missed meanwhile can be asked for."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import count

import msgspec

from core.errors import StoreError
from core.ports.store import Memo

CHATS = 200
NAME = "seen"


class Seen:
    """The time (Unix seconds) of the latest message by chat; of the latest CHATS chats.

    Where something may be missing before that, a gap is open, and its beginning is what counts
    until somebody closed it, over restarts too.
    """

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._times: OrderedDict[str, int] = OrderedDict()
        self._gaps: dict[str, tuple[int, int]] = {}
        """When each open one begins, and its number."""
        self._numbers = count(1)
        self._kept = True

    async def load(self) -> None:
        """Raises StoreError. What cannot be read counts as nothing."""
        text = await self._memo.recall(NAME)
        try:
            times = msgspec.json.decode(text or "{}", type=dict[str, int])
        except msgspec.MsgspecError:
            times = {}
        for chat, time in times.items():
            self._times.setdefault(chat, time)

    def note(self, chat: str, time: int) -> bool:
        """Whether the chat was not known before."""
        new = chat not in self._times
        self._times[chat] = max(time, self._times.get(chat, 0))
        self._times.move_to_end(chat)
        if len(self._times) > CHATS:
            gone, _ = self._times.popitem(last=False)
            self._gaps.pop(gone, None)
        self._kept = False
        return new

    def since(self, chat: str) -> int:
        """All that came before was heard."""
        begins, _ = self._gaps.get(chat, (self._times.get(chat, 0), 0))
        return begins

    def open(self, chat: str) -> int:
        """From now on something may be missing. The answer is the gap's number."""
        number = next(self._numbers)
        self._gaps[chat] = self.since(chat), number
        return number

    def close(self, chat: str, number: int) -> None:
        """What was missing was brought, unless another gap was opened meanwhile."""
        begins, latest = self._gaps.get(chat, (0, 0))
        if latest == number:
            del self._gaps[chat]
            self._kept = self._kept and begins == self.since(chat)

    def lacking(self, self_id: str) -> Sequence[str]:
        """The account's chats with a gap."""
        return [chat for chat in self.chats(self_id) if chat in self._gaps]

    def chats(self, self_id: str) -> Sequence[str]:
        """An account's, the latest first."""
        return [chat for chat in reversed(self._times) if chat.startswith(f"{self_id}/")]

    async def keep(self) -> None:
        """Written only where something changed. A lost note makes the next gap longer, no more."""
        if self._kept:
            return
        self._kept = True
        try:
            times = {chat: self.since(chat) for chat in self._times}
            await self._memo.keep(NAME, msgspec.json.encode(times).decode())
        except StoreError:
            self._kept = False
