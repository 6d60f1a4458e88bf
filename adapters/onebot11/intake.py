"""From an account's events to the core: in order, and without waiting for each commit."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from aiocqhttp import Event
from msgspec import structs

from adapters.onebot11.account import Account
from adapters.onebot11.lookup import Lookup
from adapters.onebot11.order import Order, Turn
from adapters.onebot11.parse import (
    Heard,
    Listener,
    number,
    parse_message,
    parse_upload,
    sender_name,
)
from adapters.onebot11.refusals import Refusals
from adapters.onebot11.requests import Requests
from adapters.onebot11.seen import Seen
from core.errors import StoreError
from core.model import Message, weight_of
from core.ports.adapter import Emit, Receipt
from core.ports.clock import Clock, NewId

log = logging.getLogger(__name__)

NAMES = 5000
BROKEN = 1000
STORE_WAITS_S = (0.05, 0.2, 1.0, 3.0, *(5.0,) * 12)
"""OneBot acknowledges nothing, so a message that the store does not take is kept for a minute.
Once it takes again, none waits longer than 5 s for it."""


class Tell(Protocol):
    def __call__(self, message: Message, code: str) -> Awaitable[None]:
        """A sentence of our own to whoever wrote. Never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What reading and handing over needs."""

    emit: Emit
    clock: Clock
    new_id: NewId
    listener: Listener
    lookup: Lookup
    requests: Requests
    seen: Seen
    tell: Tell
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Intake:
    def __init__(self, around: Around, names: OrderedDict[str, str], order: Order) -> None:
        """`names` is what `around.listener` reads from, and is kept up here."""
        self._around = around
        self._names = names
        self._order = order
        self._refusals = Refusals()
        self._numbers = count(1)
        self._told_broken: OrderedDict[str, None] = OrderedDict()

    def take(self, account: Account, payload: Mapping[str, Any]) -> None:
        """One event, now. Does not block; what it needs goes on in its chat's order."""
        payload = owned(account, payload)
        if payload["post_type"] == "request":
            if self._order.is_crowded:
                return
            self._order.enter(
                f"{account.self_id}/requests",
                lambda _: self._around.requests.answer(account, payload),
            )
            return
        heard = self.read(payload)
        if heard is not None:
            self._enter(account, heard)

    def read(self, payload: Mapping[str, Any]) -> Heard | None:
        around = self._around
        parse = parse_upload if payload.get("post_type") == "notice" else parse_message
        try:
            heard = parse(payload, around.new_id(), around.clock.now(), around.listener)
        except RecursionError:  # a frame decoded in a thread is deeper than there is room for here
            log.warning("an event of account %s is passed over: too deep", payload.get("self_id"))
            return None
        except Exception:  # it would close the socket, and stand in the history after that
            log.exception("an event of account %s is passed over", payload.get("self_id"))
            return None
        if heard is not None:
            self._note_name(payload)
        return heard

    async def hand_over(self, message: Message, number: int = 0) -> None:
        """Until the store took it, for about a minute. Then the person is told.

        `number` tells which it is among those that came; 0: it comes just now.
        """
        number = number or next(self._numbers)
        for wait_s in STORE_WAITS_S:
            try:
                receipt = await self._around.emit(message)
            except StoreError as error:
                if not error.retryable:
                    break
                await self._around.sleep(wait_s)
            else:
                await self._told(receipt, message, number)
                return
        log.error("a message of %s was lost: the store did not take it", message.address.chat)
        await self._around.tell(message, "store")

    def _enter(self, account: Account, heard: Heard) -> None:
        chat, number = heard.message.address.chat, next(self._numbers)
        if not self._order.has_room(chat):
            self._pass_over(heard.message, number)
            return

        async def work(turn: Turn) -> None:
            whole = await self._around.lookup.complete(account, heard) if heard.asks else heard
            await turn.begin()
            await self.hand_over(whole.message, number)

        message = heard.message
        self._order.enter(chat, work, chars=weight_of(message))

    def _pass_over(self, message: Message, number: int) -> None:
        """Nothing is kept of it but that its chat is told, once until something is taken again."""
        chat = message.address.chat
        if self._order.is_crowded or not self._refusals.passed(message, number):
            return
        log.warning("messages of %s are passed over: too many are on their way", chat)
        told = structs.replace(message, parts=(), raw="")
        self._order.enter(f"{chat}/busy", lambda _: self._around.tell(told, "busy"))

    async def _told(self, receipt: Receipt, message: Message, number: int) -> None:
        """Busy is said once a chat, until something was taken again."""
        chat = message.address.chat
        latest = min(message.sent_at, self._around.clock.now())  # their clock may go ahead
        new = self._around.seen.note(chat, int(latest.timestamp()))
        if new and receipt is Receipt.STORED:
            await self._around.seen.keep()  # or nothing would be asked for after a crash
        if receipt is Receipt.BROKEN:
            await self._tell_broken(message)
        if receipt is not Receipt.BUSY:
            if unheard := self._refusals.taken(message, number):
                await self._around.tell(unheard, "busy")
        elif self._refusals.refused(message, number):
            await self._around.tell(message, "busy")

    async def _tell_broken(self, message: Message) -> None:
        """Once: the history brings it again."""
        if message.key not in self._told_broken:
            self._told_broken[message.key] = None
            if len(self._told_broken) > BROKEN:
                self._told_broken.popitem(last=False)
            await self._around.tell(message, "set_aside")

    def _note_name(self, payload: Mapping[str, Any]) -> None:
        event = Event(payload)
        name = sender_name(event)
        if name:
            self._names[str(event.user_id)] = name
            if len(self._names) > NAMES:
                self._names.popitem(last=False)


def owned(account: Account, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event of the account whose socket it came by, whatever it says itself."""
    if str(number(payload.get("self_id"))) == account.self_id:
        return payload
    return {**payload, "self_id": int(account.self_id)}
