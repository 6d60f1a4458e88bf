"""What was said while the account was away, out of the implementation's history."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.onebot11.account import Account
from adapters.onebot11.failure import CallError, CallFailed, CallTimeout
from adapters.onebot11.intake import Intake, owned
from adapters.onebot11.lookup import Lookup
from adapters.onebot11.order import Order, Turn
from adapters.onebot11.seen import Seen
from adapters.onebot11.target import Target, read_target
from core.ports.clock import Clock
from core.steady import SteadyTime

log = logging.getLogger(__name__)

COUNTS = (50, 200, 1000)
"""How many messages are asked for: more where these do not reach back to the last one heard."""
CHATS = 200
AT_ONCE = 4
FEW = 50
"""A gap of as many messages may wait in memory for its chat's turn; of longer ones, which may
take 20 MB each, AT_ONCE are there."""

HISTORY_S = 3.0
TRIES = 2


class Gap:
    """Asks for each known chat's latest messages and hands over those since the last one heard.

    What comes live meanwhile waits in its chat. Repeats are harmless: the store knows the keys.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        lookup: Lookup,
        order: Order,
        seen: Seen,
        clock: Clock,
        longest_s: float,
    ) -> None:
        self._intake = intake
        self._lookup = lookup
        self._order = order
        self._seen = seen
        self._clock = clock
        self._steady = SteadyTime(clock)
        self._longest = timedelta(seconds=longest_s)
        self._asking = asyncio.Semaphore(AT_ONCE)

    def close(self, account: Account) -> None:
        """Begin now, in every chat that is known of the account."""
        lacking: set[str] = set()
        for chat in self._seen.chats(account.self_id)[:CHATS]:
            target = read_target(chat)
            if target is not None:
                self._order.enter(chat, self._work(account, target, lacking))

    def _work(self, account: Account, target: Target, lacking: set[str]) -> Any:
        since = self._seen.since(target.chat)

        async def work(turn: Turn) -> None:
            async with self._asking:
                told = await self._told(account, target, since, lacking)
                missed = self._missed(account, target, told, since)
                del told
                if len(missed) > FEW:
                    await self._bring(account, turn, missed)
                    return
            await self._bring(account, turn, missed)

        return work

    async def _bring(
        self, account: Account, turn: Turn, missed: Sequence[Mapping[str, Any]]
    ) -> None:
        await turn.begin()
        for payload in missed:
            await self._hand_over(account, payload)

    async def _told(
        self, account: Account, target: Target, since: int, lacking: set[str]
    ) -> Sequence[Mapping[str, Any]]:
        """`lacking` remembers the calls that the implementation does not know or answer twice."""
        for _ in range(TRIES):
            if _action(target) in lacking:
                break
            try:
                return await history_back(account, target, self._reaches(since))
            except CallTimeout as error:
                log.info("the history of %s does not come: %s", target.chat, error)
            except CallError as error:
                if isinstance(error, CallFailed) and error.is_unknown_action:
                    lacking.add(_action(target))
                log.debug("no history: %s", error)
                return ()
        lacking.add(_action(target))
        return ()

    def _reaches(self, since: int) -> Callable[[Sequence[Mapping[str, Any]]], bool]:
        return lambda told: min(map(_time, told)) < self._earliest(since)

    def _earliest(self, since: int) -> int:
        now = min(self._clock.now(), self._steady.now())  # a clock set ahead hides nothing
        return max(since, int((now - self._longest).timestamp()))

    def _missed(
        self, account: Account, target: Target, told: Sequence[Mapping[str, Any]], since: int
    ) -> list[Mapping[str, Any]]:
        """The oldest first, from the second of the last one heard on."""
        earliest = self._earliest(since)
        missed = [owned(account, one) for one in told if _time(one) >= earliest]
        return [{**_placed(target), **one} for one in sorted(missed, key=_time)]

    async def _hand_over(self, account: Account, payload: Mapping[str, Any]) -> None:
        heard = self._intake.read(payload)
        if heard is None:
            return
        if heard.asks:
            heard = await self._lookup.complete(account, heard)
        await self._intake.hand_over(heard.message)


async def history_back(
    account: Account, target: Target, reaches: Callable[[Sequence[Mapping[str, Any]]], bool]
) -> Sequence[Mapping[str, Any]]:
    """A chat's latest messages as the implementation keeps them, none where it cannot tell.

    As many as it takes to reach back far enough, up to the last of COUNTS. Raises CallError.
    """
    told: Sequence[Mapping[str, Any]] = ()
    for count in COUNTS:
        told = await _history(account, target, count) or told
        if len(told) < count or reaches(told):
            break
    return told


async def _history(
    account: Account, target: Target, count: int
) -> Sequence[Mapping[str, Any]] | None:
    action = _action(target)
    answer = await account.call(action, {**target.params, "count": count}, HISTORY_S)
    found = answer.get("messages") if isinstance(answer, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else None


def _action(target: Target) -> str:
    return "get_group_msg_history" if target.group else "get_friend_msg_history"


def _time(payload: Mapping[str, Any]) -> int:
    time = payload.get("time")
    return time if isinstance(time, int) else 0


def _placed(target: Target) -> Mapping[str, Any]:
    """What some histories leave out, since it is the same for all."""
    if target.group:
        return {"message_type": "group", "group_id": target.group}
    return {"message_type": "private"}
