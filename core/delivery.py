"""Sending a stored reply, part by part, each noted in the ledger."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.cancellation import being_cancelled
from core.model import Capabilities, Delivery, PartState
from core.patience import Sleep, persist
from core.ports import (
    Adapter,
    Later,
    Outbox,
    Outgoing,
    Paced,
    Refused,
    SendResult,
    Sent,
    Unknown,
)

log = logging.getLogger(__name__)

SETTLED = frozenset({PartState.SENT, PartState.LATER, PartState.UNKNOWN, PartState.REFUSED})
PATIENCE_S = 24 * 3600.0
"""How long an answer is kept for a platform that cannot take it now, as Telegram keeps
what the bot cannot take (core.telegram.org/bots/api#getupdates, November 2026)."""

MAX_UNKNOWN = 5
SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0
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
        waits, unknown = _Waits(), 0
        while True:
            match await self._try(adapter, caps, outgoing, reply_id):
                case Sent(receipt):
                    return PartState.SENT, receipt
                case Later():
                    return PartState.LATER, ""
                case Refused(reason, retry_after_s):
                    wait_s = waits.after(retry_after_s)
                    if wait_s is None:
                        return PartState.REFUSED, reason
                    await self._take_back(reply_id, outgoing)
                case Unknown(reason):
                    unknown += 1
                    wait_s = _repeat_after_s(outgoing, caps)
                    if wait_s is None or unknown == MAX_UNKNOWN:
                        return PartState.UNKNOWN, reason
                    outgoing = replace(outgoing, repeated=not caps.repeatable)
            await self.sleep(wait_s)

    async def _try(
        self, adapter: Adapter, caps: Capabilities, outgoing: Outgoing, reply_id: str
    ) -> SendResult:
        """One send. It is noted before it begins, and not before it can."""
        if refused := await _turn(adapter, outgoing):
            return refused
        if not caps.repeatable:
            await self._mark(reply_id, outgoing.index, PartState.TRYING)
        return await _send(adapter, outgoing)

    async def _take_back(self, reply_id: str, outgoing: Outgoing) -> None:
        """Nothing was sent: whoever finds it after a stop need not flag it."""
        if not outgoing.repeated:
            await self._mark(reply_id, outgoing.index, PartState.PENDING)

    async def _mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        await persist(lambda: self.outbox.mark(reply_id, index, state, receipt), self.sleep)


class _Waits:
    """The waits between the refused tries of one part, longer each time."""

    def __init__(self) -> None:
        self._spent_s = 0.0
        self._next_s = SHORTEST_WAIT_S

    def after(self, wanted_s: float | None) -> float | None:
        """None: it is given up."""
        if wanted_s is None or self._spent_s > PATIENCE_S:
            return None
        wait_s = min(max(wanted_s, self._next_s), LONGEST_WAIT_S)
        self._spent_s += wait_s
        self._next_s *= 2
        return wait_s


def _repeat_after_s(outgoing: Outgoing, caps: Capabilities) -> float | None:
    """When a part of unknown outcome is sent again; None: it is not."""
    if not caps.repeatable and (outgoing.repeated or caps.on_unknown == "hold"):
        return None
    return REPEAT_AFTER_S


async def _turn(adapter: Adapter, outgoing: Outgoing) -> Refused | None:
    if not isinstance(adapter, Paced):
        return None
    try:
        return await adapter.turn(outgoing)
    except Exception as error:
        log.exception("waiting to send %s failed in the adapter", outgoing.key)
        return Refused(type(error).__name__, SHORTEST_WAIT_S)


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
