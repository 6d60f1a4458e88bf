"""How far each chat was heard, so that what was missed meanwhile can be asked for."""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from core.errors import StoreError
from core.ports.store import Memo

CHATS = 200
NAME = "seen"


class Seen:
    """The time (Unix seconds) of the latest message by chat; of the latest CHATS chats."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._times: OrderedDict[str, int] = OrderedDict()
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
            self._times.popitem(last=False)
        self._kept = False
        return new

    def since(self, chat: str) -> int:
        return self._times.get(chat, 0)

    def chats(self, self_id: str) -> Sequence[str]:
        """An account's, the latest first."""
        return [chat for chat in reversed(self._times) if chat.startswith(f"{self_id}/")]

    async def keep(self) -> None:
        """Written only where something changed. A lost note makes the next gap longer, no more."""
        if self._kept:
            return
        self._kept = True
        try:
            await self._memo.keep(NAME, msgspec.json.encode(self._times).decode())
        except StoreError:
            self._kept = False
