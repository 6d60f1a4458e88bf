"""Sending a stored reply, part by part, each noted in the ledger."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from msgspec import structs

from core.carrier import find, send, turn
from core.errors import StoreError
from core.model import Capabilities, Delivery, PartState, Text
from core.patience import Sleep, persist
from core.ports.adapter import Adapter, Recalls
from core.ports.observer import Observer
from core.ports.sending import (
    Absent,
    Later,
    Outgoing,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Unsure,
)
from core.ports.store import Outbox

log = logging.getLogger(__name__)

SETTLED = frozenset({PartState.SENT, PartState.LATER, PartState.UNKNOWN, PartState.REFUSED})
PATIENCE_S = 24 * 3600.0
"""How long an answer is kept for a platform that cannot take it now, as Telegram keeps
what the bot cannot take (core.telegram.org/bots/api#getupdates, November 2026)."""

LAST_SEND_S = 0.5
MAX_UNKNOWN = 5
SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0
REPEAT_AFTER_S = 1.0
TRIED = "it was on its way when the process ended"
MAX_ENDS = 3
SURVIVED = "survived"
"""The receipt of a part that was on its way as a process ended in order: not by its doing."""

POISON = f"the process ended {MAX_ENDS} times while it was on its way"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Takes replies to their platforms, by the adapter of the bot they go out from."""

    adapters: Mapping[str, Adapter]
    outbox: Outbox
    observer: Observer
    sleep: Sleep = asyncio.sleep

    async def deliver(self, delivery: Delivery, answers: str, aside: str = "") -> None:
        """Send what is not settled yet, in order. `answers` is the inbound message's key.

        A part that ended the process three times is sent no more: the message is set
        aside, and its person told by `aside`.

        A part found TRYING was on its way when the process ended. Unless the
        platform shows a key only once, it is looked for where the platform keeps
        what was said; where that tells nothing, it is sent again flagged, or held.
        """
        reply = delivery.reply
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
                tried_at=delivery.tried_at if state is PartState.TRYING else None,
            )
            dispatch = self._dispatch(reply.id, outgoing)
            dispatch.ends, delivery = delivery.ends, structs.replace(delivery, ends=0)
            settled, receipt = await dispatch.settle(tried=state is PartState.TRYING)
            if receipt == POISON:
                await self._set_aside(dispatch, reply.answers, aside)
            else:
                await dispatch.mark(settled, receipt)

    async def _set_aside(self, dispatch: "_Dispatch", message_id: str, aside: str) -> None:
        """The word to its person is tried once."""
        log.error("part %s of message %s: %s", dispatch.outgoing.key, message_id, POISON)
        await persist(lambda: self.outbox.set_aside(message_id, POISON), self.sleep)
        await dispatch.mark(PartState.REFUSED, POISON)
        key = f"{dispatch.outgoing.key}/aside"
        told = replace(dispatch.outgoing, key=key, part=Text(text=aside), notice=True)
        if aside and not await turn(dispatch.adapter, told):
            await send(dispatch.adapter, told)

    def _dispatch(self, reply_id: str, outgoing: Outgoing) -> "_Dispatch":
        adapter = self.adapters[outgoing.to.bot]
        return _Dispatch(
            courier=self,
            adapter=adapter,
            caps=adapter.capabilities(outgoing.to),
            reply_id=reply_id,
            outgoing=outgoing,
        )


@dataclass(slots=True, kw_only=True)
class _Dispatch:
    """One part, until it is known what is to be noted of it."""

    courier: Courier
    adapter: Adapter
    caps: Capabilities
    reply_id: str
    outgoing: Outgoing
    ends: int = 0
    _unknown: int = 0
    _waits: _Waits = field(default_factory=_Waits)

    async def settle(self, *, tried: bool) -> tuple[PartState, str]:
        """`tried`: it was on its way when a process ended."""
        unsure = tried and not self.caps.repeatable
        result: SendResult = Unknown(TRIED) if unsure else await self._try()
        while True:
            result = await self._looked_for(result)
            if self._is_poison(result):
                return PartState.REFUSED, POISON
            wait_s = await self._again_after_s(result)
            if wait_s is None:
                return self._ended(result)
            if wait_s:
                await self.courier.sleep(wait_s)
            result = await self._try()

    def _is_poison(self, result: SendResult) -> bool:
        """Whether it would be sent again, although no process survived that three times."""
        if self.ends < MAX_ENDS:
            return False
        holds = self.caps.on_unknown == "hold"
        return isinstance(result, Absent) or (isinstance(result, Unknown) and not holds)

    def _ended(self, result: SendResult) -> tuple[PartState, str]:
        match result:
            case Sent(receipt, found):
                if found:
                    self._tell("found")
                return PartState.SENT, receipt
            case Later():
                return PartState.LATER, ""
            case Refused(reason):
                return PartState.REFUSED, reason
            case Absent():
                return PartState.REFUSED, f"it did not arrive in {MAX_UNKNOWN} tries"
            case Unknown(reason):
                return PartState.UNKNOWN, reason

    async def _again_after_s(self, result: SendResult) -> float | None:
        """How long to wait before the next try; None: there is none."""
        match result:
            case Refused(_, retry_after_s):
                wait_s = self._waits.after(retry_after_s)
                if wait_s is not None:
                    await self._take_back()
                return wait_s
            case Absent():
                return await self._begin_anew()
            case Unknown():
                return self._repeat_after_s()
            case _:
                return None

    async def mark(self, state: PartState, receipt: str = "") -> None:
        courier, index = self.courier, self.outgoing.index
        await persist(
            lambda: courier.outbox.mark(self.reply_id, index, state, receipt), courier.sleep
        )

    async def _try(self) -> SendResult:
        """One send. It is noted before it begins, and not before it can."""
        if refused := await turn(self.adapter, self.outgoing):
            return refused
        if not self.caps.repeatable:
            await self.mark(PartState.TRYING, self._survived_by_none)
        sending = asyncio.create_task(send(self.adapter, self.outgoing))
        try:
            result = await asyncio.shield(sending)
        except asyncio.CancelledError:
            await self._note_last(sending)
            raise
        self.ends = 0
        self._unknown += isinstance(result, Unknown | Absent)
        return result

    async def _note_last(self, sending: "asyncio.Task[SendResult]") -> None:
        """The process ends: what is on its way has a moment to arrive, so that it is known.

        It is not the part that ends it: what is unknown is noted as survived.
        """
        await asyncio.wait({sending}, timeout=LAST_SEND_S)
        match sending.result() if sending.done() else None:
            case Sent(receipt):
                await self.mark(PartState.SENT, receipt)
            case Refused():
                await self._take_back()
            case _:
                sending.cancel()
                if not self.caps.repeatable:
                    await self._note_survived()

    async def _note_survived(self) -> None:
        """Once: there is no time to wait for a store in trouble."""
        index = self.outgoing.index
        with suppress(StoreError):
            await self.courier.outbox.mark(self.reply_id, index, PartState.TRYING, SURVIVED)

    async def _looked_for(self, result: SendResult) -> SendResult:
        """The same, or what is seen of it where the platform keeps what was said."""
        match result, self.adapter:
            case Unknown(looked=False), Recalls() as adapter if not self.caps.repeatable:
                return await self._found(adapter)
            case _:
                return result

    async def _found(self, adapter: Recalls) -> Sent | Absent | Unknown:
        waits = _Waits()
        while True:
            match await find(adapter, self.outgoing):
                case Refused(reason, retry_after_s):
                    wait_s = waits.after(retry_after_s)
                    if wait_s is None:
                        return Unknown(reason)
                    await self.courier.sleep(wait_s)
                case Sent(receipt):
                    return Sent(receipt, found=True)
                case told:
                    return told

    async def _begin_anew(self) -> float | None:
        """Nothing of it is there, so it is sent as if for the first time."""
        if self._unknown >= MAX_UNKNOWN:
            return None
        self._tell("absent")
        self.outgoing = replace(self.outgoing, repeated=False)
        await self._take_back()
        return self._waits.after(REPEAT_AFTER_S) if self._unknown else 0.0

    def _repeat_after_s(self) -> float | None:
        """When a part of unknown outcome is sent again; None: it is not."""
        if self.caps.repeatable:
            return REPEAT_AFTER_S if self._unknown < MAX_UNKNOWN else None
        if self.outgoing.repeated or self.caps.on_unknown == "hold":
            self._tell("held")
            return None
        self._tell("resent")
        self.outgoing = replace(self.outgoing, repeated=True)
        return REPEAT_AFTER_S if self._unknown else 0.0

    async def _take_back(self) -> None:
        """Nothing was sent: whoever finds it after a stop need not flag it."""
        if not self.outgoing.repeated:
            await self.mark(PartState.PENDING, self._survived_by_none)

    @property
    def _survived_by_none(self) -> str:
        return str(self.ends or "")

    def _tell(self, done: Unsure) -> None:
        self.courier.observer.unsure(self.outgoing, done)
