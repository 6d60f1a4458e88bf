"""Sending a stored reply, part by part, each noted in the ledger."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.cancellation import being_cancelled
from core.model import Capabilities, Delivery, PartState
from core.patience import Sleep, persist
from core.ports import Adapter, Later, Outbox, Outgoing, Refused, SendResult, Sent, Unknown

log = logging.getLogger(__name__)

SETTLED = frozenset({PartState.SENT, PartState.LATER, PartState.UNKNOWN, PartState.REFUSED})
MAX_TRIES = 5
LONGEST_WAIT_S = 300.0
REPEAT_AFTER_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Takes replies to their platforms, by the adapter of the bot they go out from."""

    adapters: Mapping[str, Adapter]
    outbox: Outbox
    sleep: Sleep = asyncio.sleep

    async def deliver(self, delivery: Delivery, answers: str) -> None:
        """Send what is not settled yet, in order. `answers` is the inbound message's key.

        A part found TRYING was on its way when the process ended: unless the
        platform shows a key only once, it is sent again flagged, or held.
        """
        reply = delivery.reply
        adapter = self.adapters[reply.to.bot]
        caps = adapter.capabilities(reply.to)
        for index, (part, state) in enumerate(zip(reply.parts, delivery.states, strict=True)):
            if state in SETTLED:
                continue
            outgoing = Outgoing(
                key=f"{reply.id}/{index}",
                to=reply.to,
                part=part,
                answers=answers,
                index=index,
                total=len(reply.parts),
                repeated=state is PartState.TRYING and not caps.repeatable,
            )
            settled, receipt = await self._settle(adapter, caps, outgoing, reply.id)
            await self._mark(reply.id, index, settled, receipt)

    async def _settle(
        self, adapter: Adapter, caps: Capabilities, outgoing: Outgoing, reply_id: str
    ) -> tuple[PartState, str]:
        if outgoing.repeated and caps.on_unknown == "hold":
            return PartState.UNKNOWN, "held: the outcome of an earlier try is unknown"
        if not caps.repeatable:
            await self._mark(reply_id, outgoing.index, PartState.TRYING)
        return await self._try(adapter, caps, outgoing)

    async def _try(
        self, adapter: Adapter, caps: Capabilities, outgoing: Outgoing
    ) -> tuple[PartState, str]:
        settled = PartState.REFUSED, ""
        for _ in range(MAX_TRIES):
            match await _send(adapter, outgoing):
                case Sent(receipt):
                    return PartState.SENT, receipt
                case Later():
                    return PartState.LATER, ""
                case Refused(reason, wait_s):
                    settled = PartState.REFUSED, reason
                case Unknown(reason):
                    settled = PartState.UNKNOWN, reason
                    wait_s = _repeat_after_s(outgoing, caps)
                    outgoing = replace(outgoing, repeated=not caps.repeatable)
            if wait_s is None:
                return settled
            await self.sleep(min(wait_s, LONGEST_WAIT_S))
        return settled

    async def _mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        await persist(lambda: self.outbox.mark(reply_id, index, state, receipt), self.sleep)


def _repeat_after_s(outgoing: Outgoing, caps: Capabilities) -> float | None:
    """When a part of unknown outcome is sent again; None: it is not."""
    if not caps.repeatable and (outgoing.repeated or caps.on_unknown == "hold"):
        return None
    return REPEAT_AFTER_S


async def _send(adapter: Adapter, outgoing: Outgoing) -> SendResult:
    """An adapter's own calls may be cancelled, too, when its connection goes."""
    try:
        return await adapter.send(outgoing)
    except asyncio.CancelledError:
        if being_cancelled():
            raise
        return Unknown("the adapter gave its own call up")
    except Exception as error:
        log.exception("sending %s failed in the adapter", outgoing.key)
        return Unknown(type(error).__name__)
