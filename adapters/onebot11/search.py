"""What nobody confirmed, looked for in its chat's history."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

from adapters.onebot11.account import Account
from adapters.onebot11.failure import CallFailed, CallLost, CallTimeout, NotConnected
from adapters.onebot11.gap import history_back
from adapters.onebot11.mark import Mark, mark_of
from adapters.onebot11.parse import number
from adapters.onebot11.target import Target, message_id, message_time
from core.errors import StoreError
from core.ports.clock import Clock
from core.ports.sending import Absent, Sent, Unknown
from core.ports.store import Shelf

log = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""How long an account is waited for: implementations dial in again after 3 to 5 s."""
SILENT, SILENT_S = 15, 5.0
"""How often an account is asked that does not answer, and how long is waited between."""
LOOK_AFTER_S = (1.0, 3.0, 6.0)
"""Waits before each look. What is not shown 10 s after a send is taken not to have arrived:
as long as NapCat by itself lets QQ take to confirm a send (packages/napcat-onebot/api/msg.ts,
sendMsgWithOb11UniqueId, read 2026-11)."""

CANNOT_TELL = Unknown("the chat's history does not tell whether it arrived", looked=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A message of ours, after the one whose key is `answers`.

    `whole`: ways in which it may stand in the history. `pieces`: what may be one of
    several messages of it, or it in a form that tells too little. `fresh`: this process
    sent it just now, so that all else that it could be is known. `hidden`: some
    implementations show it in no history. `tried_at`: when it was sent, if that is some
    time ago.
    """

    answers: str
    whole: tuple[Mark, ...] = ()
    pieces: tuple[Mark, ...] = ()
    fresh: bool = False
    hidden: bool = False
    tried_at: datetime | None = None


class Search:
    """`shelf` tells which messages are known to be other parts."""

    def __init__(
        self,
        *,
        bot: str,
        shelf: Shelf,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._shelf = shelf
        self._clock = clock
        self._sleep = sleep

    async def find(
        self, account: Account, target: Target, sought: Sought
    ) -> Sent | Absent | Unknown:
        """Look for some seconds. Absent only after all of them.

        An account that does not answer, as over a link that is dead, is asked again.
        """
        found: Sent | Absent | Unknown = CANNOT_TELL
        waits_s = deque(self._waits_s(sought))
        silent = 0
        while waits_s:
            await self._sleep(waits_s.popleft())
            await account.until_callable(PATIENCE_S)
            try:
                found = await self._look(account, target, sought)
            except (CallLost, CallTimeout, NotConnected):
                found, silent = CANNOT_TELL, silent + 1
                if not waits_s and silent < SILENT:
                    waits_s.append(SILENT_S)
            if isinstance(found, Sent):
                account.receipts.append(found.receipt)
                return found
        return found

    async def _look(
        self, account: Account, target: Target, sought: Sought
    ) -> Sent | Absent | Unknown:
        """Raises CallError where the account does not answer."""
        try:
            told = await history_back(account, target, lambda told: _since(told, sought.answers)[1])
            return await self._judge(account, target, told, sought)
        except (StoreError, CallFailed) as error:
            log.info("it cannot be looked for: %s", error)
            return CANNOT_TELL

    def _waits_s(self, sought: Sought) -> Sequence[float]:
        """Before each look: they are counted from the send, and one is made at least."""
        age_s = 0.0
        if sought.tried_at:
            age_s = max(0.0, (self._clock.now() - sought.tried_at).total_seconds())
        due_s = [at_s - age_s for at_s in accumulate(LOOK_AFTER_S) if at_s > age_s]
        return [later - before for before, later in pairwise((0.0, *(due_s or (0.0,))))]

    async def _judge(
        self,
        account: Account,
        target: Target,
        told: Sequence[Mapping[str, Any]],
        sought: Sought,
    ) -> Sent | Absent | Unknown:
        """Raises StoreError."""
        after, reaches = _since(told, sought.answers)
        doubtful = sought.hidden or not reaches
        for message in after:
            if not await self._may_be_it(account, target, message):
                continue
            theirs = mark_of(message.get("message"))
            if _is_it(sought, theirs) and (receipt := str(message.get("message_id") or "")):
                return Sent(receipt, found=True)
            ours = (*sought.whole, *sought.pieces)
            doubtful = doubtful or any(one.likeness(theirs) != "other" for one in ours)
        return CANNOT_TELL if doubtful else Absent()

    async def _may_be_it(
        self, account: Account, target: Target, message: Mapping[str, Any]
    ) -> bool:
        """Whether it is ours, and not known to be another part. Raises StoreError."""
        if str(number(message.get("user_id"))) != account.self_id:
            return False
        receipt = str(message.get("message_id"))
        if receipt in account.receipts:
            return False
        chat = target.chat
        return await self._shelf.carried("onebot11", self._bot, chat, receipt) is None


def _is_it(sought: Sought, theirs: Mark) -> bool:
    if sought.fresh:
        return any(one.begins_as(theirs) for one in sought.whole)
    return any(one.likeness(theirs) == "same" for one in sought.whole)


def _since(
    told: Sequence[Mapping[str, Any]], answers: str
) -> tuple[Sequence[Mapping[str, Any]], bool]:
    """What stands after a message, the oldest first, and whether the history reaches back to it."""
    ordered = sorted(_oldest_first(told), key=_time)
    wanted, began = message_id(answers), message_time(answers)
    for place, message in enumerate(ordered):
        if wanted and str(message.get("message_id")) == wanted:
            return ordered[place + 1 :], True
    after = [message for message in ordered if _time(message) >= began]
    return after, began > 0 and len(after) < len(ordered)


def _oldest_first(told: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Of one second, too."""
    if told and _time(told[0]) > _time(told[-1]):
        return told[::-1]
    return told


def _time(message: Mapping[str, Any]) -> int:
    time = message.get("time")
    return time if isinstance(time, int) else 0
