"""The word that an answer will be late: shown once, beside the waiting for it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from core.carrier import send, turn
from core.errors import StoreError
from core.model import PartState
from core.patience import Sleep
from core.ports.adapter import Adapter
from core.ports.sending import Absent, Later, Outgoing, Refused, SendResult, Sent, Unknown
from core.ports.store import Commit, Outbox

log = logging.getLogger(__name__)

LAST_WORDS_S = 5.0
"""How long a notice that is being sent may hold up the answer that comes after it."""

SHORTEST_WAIT_S = 1.0


@dataclass(slots=True, kw_only=True)
class Notice:
    """One notice, to who asked the message with the key `answers`.

    It is in the ledger before it is sent, and what becomes of it is noted there. What
    the platform surely did not take is not told: it is tried again when the platform says,
    and else left to the next message.
    """

    outbox: Outbox
    adapter: Adapter
    answers: str
    make: Callable[[], Commit | None]
    """What to say and to keep; None where nothing is to be said."""
    sleep: Sleep = asyncio.sleep
    begun: bool = False
    _sending: bool = False
    _task: asyncio.Task[None] | None = field(default=None)

    def begin(self) -> None:
        """Send it beside whatever goes on. Never raises; of no effect the second time."""
        if self.begun:
            return
        try:
            commit = self.make()
        except Exception:  # its message would go on waiting no more
            log.exception("a notice cannot be made")
            return
        if commit:
            self.begun = True
            self._task = asyncio.create_task(self._tell(commit))

    async def end(self) -> None:
        """Before the answer is sent: a notice that has not been sent by now never will be."""
        task = self._task
        if task is None:
            return
        if self._sending:
            await asyncio.wait({task}, timeout=LAST_WORDS_S)
        task.cancel()
        await asyncio.wait({task}, timeout=LAST_WORDS_S)

    def drop(self) -> None:
        """Nothing comes after it here: what was not sent by now never will be."""
        if self._task:
            self._task.cancel()

    async def _tell(self, commit: Commit | None) -> None:
        try:
            while commit and (wait_s := await self._once(commit)) is not None:
                await self.sleep(max(wait_s, SHORTEST_WAIT_S))
                commit = self.make()
        except StoreError as error:
            log.warning("a notice was not noted: %s", error)

    async def _once(self, commit: Commit) -> float | None:
        """One try; after how many seconds there may be another. Raises StoreError."""
        reply = commit.reply
        if reply is None or not await self.outbox.tell(commit):
            return None
        outgoing = Outgoing(
            key=f"{reply.id}/0",
            to=reply.to,
            part=reply.parts[0],
            answers=self.answers,
            index=0,
            total=1,
            notice=True,
        )
        match await self._send(outgoing):
            case Sent(receipt):
                await self.outbox.mark(reply.id, 0, PartState.SENT, receipt)
            case Unknown(reason):
                await self.outbox.mark(reply.id, 0, PartState.UNKNOWN, reason)
            case Refused(reason, retry_after_s):
                await self.outbox.untell(commit, reason)
                return retry_after_s
            case Later() | Absent():
                await self.outbox.untell(commit, "nothing can carry it now")
        return None

    async def _send(self, outgoing: Outgoing) -> SendResult:
        """Cancelled before its turn, it was never tried."""
        if refused := await turn(self.adapter, outgoing):
            return refused
        self._sending = True
        try:
            return await send(self.adapter, outgoing)
        finally:
            self._sending = False
