"""The parts that an adapter put off, and what became of them, as the core keeps it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.model import PartState
from core.ports.sending import Later, Outgoing, SendResult, Sent
from core.ports.store import Waiting


class PlayedShelf:
    """A `core.ports.store.Shelf` of one bot."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, int], Waiting] = {}
        self._chats: dict[str, str] = {}
        self._receipts: dict[str, tuple[str, int]] = {}

    def note(self, outgoing: Outgoing, result: SendResult) -> None:
        """What the core writes down after a send."""
        reply_id = outgoing.key.rpartition("/")[0]
        match result:
            case Later():
                state, receipt = PartState.LATER, ""
            case Sent(receipt):
                state = PartState.SENT
            case _:
                return
        self._chats[reply_id] = outgoing.to.chat
        self._keep(
            Waiting(
                reply_id=reply_id,
                index=outgoing.index,
                total=outgoing.total,
                part=outgoing.part,
                answers=outgoing.answers,
                state=state,
            ),
            receipt,
        )

    async def waiting(self, platform: str, bot: str, chat: str) -> Sequence[Waiting]:
        return [
            part
            for part in self._parts.values()
            if part.state is PartState.LATER and self._chats[part.reply_id] == chat
        ]

    async def expected(self, platform: str, bot: str, chat: str) -> Sequence[str]:
        return []

    async def sent(
        self, platform: str, bot: str, chat: str, since: datetime, until: datetime
    ) -> Sequence[Waiting]:
        """None: it is the first process's."""
        return ()

    async def carried(self, platform: str, bot: str, chat: str, receipt: str) -> Waiting | None:
        part = self._parts.get(self._receipts.get(f"{chat}/{receipt}", ("", 0)))
        return part if part and part.state is PartState.SENT else None

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        self._keep(replace(self._parts[reply_id, index], state=state), receipt)

    async def carry_again(self, reply_id: str, index: int, receipt: str) -> None:
        self._keep(self._parts[reply_id, index], receipt)

    def _keep(self, part: Waiting, receipt: str) -> None:
        place = part.reply_id, part.index
        self._parts[place] = part
        if receipt:
            self._receipts[f"{self._chats[part.reply_id]}/{receipt}"] = place
