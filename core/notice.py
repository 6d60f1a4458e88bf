"""The word that an answer will be late: sent once, beside the waiting for it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from core.cancellation import being_cancelled
from core.errors import StoreError
from core.model import PartState
from core.ports.adapter import Adapter, Paced
from core.ports.sending import Absent, Later, Outgoing, Refused, SendResult, Sent, Unknown
from core.ports.store import Commit, Outbox

log = logging.getLogger(__name__)

LAST_WORDS_S = 5.0
"""How long a notice that is being sent may hold up the answer that comes after it."""

_STATES = {Sent: PartState.SENT, Unknown: PartState.UNKNOWN}


@dataclass(slots=True, kw_only=True)
class Notice:
    """One notice, to who asked the message with the key `answers`. It is tried once at most.

    It is in the ledger before it is sent, and what becomes of it is noted there.
    """

    outbox: Outbox
    adapter: Adapter
    answers: str
    make: Callable[[], Commit | None]
    """What to say and to keep; None where nothing is to be said."""
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

    async def _tell(self, commit: Commit) -> None:
        reply = commit.reply
        try:
            if reply is None or not await self.outbox.tell(commit):
                return
            outgoing = Outgoing(
                key=f"{reply.id}/0",
                to=reply.to,
                part=reply.parts[0],
                answers=self.answers,
                index=0,
                total=1,
                notice=True,
            )
            result = await self._send(outgoing)
            state = _STATES.get(type(result), PartState.REFUSED)
            await self.outbox.mark(reply.id, 0, state, _account(result))
        except StoreError as error:
            log.warning("a notice was not noted: %s", error)

    async def _send(self, outgoing: Outgoing) -> SendResult:
        """Cancelled before its turn, it was never tried."""
        try:
            if isinstance(self.adapter, Paced) and (refused := await self.adapter.turn(outgoing)):
                return refused
            self._sending = True
            return await self.adapter.send(outgoing)
        except asyncio.CancelledError:
            if being_cancelled():
                raise
            return Unknown("the adapter gave its own call up")
        except Exception as error:
            log.exception("sending the notice %s failed in the adapter", outgoing.key)
            return Unknown(type(error).__name__)


def _account(result: SendResult) -> str:
    match result:
        case Sent(receipt):
            return receipt
        case Refused(reason) | Unknown(reason):
            return reason
        case Later() | Absent():
            return "nothing can carry it now"
