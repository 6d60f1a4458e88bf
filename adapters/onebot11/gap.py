"""What was said while the account was away, out of the implementation's history."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from adapters.onebot11.account import Account
from adapters.onebot11.failure import CallFailed, CallLost, CallTimeout, NotConnected
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

REJOIN_S = 10.0
"""How long a chat whose history went with its connection waits for the next one."""

PAUSE_S = 0.05
"""Before a history is asked for anew."""

AGAIN_S, MOST_AGAIN_S = 5.0, 3600.0
"""What did not come is asked for after so long, then after twice as long each time."""

Lacking: TypeAlias = dict[str, Sequence[Mapping[str, Any]] | None]


class Gap:
    """Asks for each known chat's latest messages and hands over those since the last one heard.

    What comes live meanwhile waits in its chat. Repeats are harmless: the store knows the keys.
    What no history told stays open: it is asked for with the next connection, and meanwhile.
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
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def close(self, account: Account) -> None:
        """Begin now, in every chat that is known of the account."""
        self._forget_timer(account)
        self._ask(account, self._seen.chats(account.self_id)[:CHATS], AGAIN_S)

    def end(self) -> None:
        """What is open stays so."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _ask(self, account: Account, chats: Sequence[str], again_s: float) -> None:
        """`again_s` is when what does not come is asked for next."""
        lacking: Lacking = {}
        for chat in chats:
            target = read_target(chat)
            if target is not None:
                self._order.enter(chat, self._work(account, target, lacking, again_s))

    def _work(
        self, account: Account, target: Target, lacking: Lacking, again_s: float
    ) -> Callable[[Turn], Awaitable[None]]:
        since, number = self._seen.since(target.chat), self._seen.open(target.chat)

        async def work(turn: Turn) -> None:
            until = _now() + REJOIN_S
            while (left_s := until - _now()) > 0 and await account.until_callable(left_s):
                try:
                    if await self._close(account, target, since, turn, lacking):
                        self._seen.close(target.chat, number)
                        return
                    break
                except (CallLost, NotConnected) as error:
                    log.debug("no history yet: %s", error)
                    await asyncio.sleep(PAUSE_S)
            self._later(account, again_s)

        return work

    async def _close(
        self, account: Account, target: Target, since: int, turn: Turn, lacking: Lacking
    ) -> bool:
        """Whether nothing is missing any more. Raises CallLost, NotConnected."""
        async with self._asking:
            told = await self._told(account, target, since, lacking)
            if told is None:
                return False
            missed = self._missed(account, target, told, since)
            del told
            if len(missed) > FEW:
                await self._bring(account, turn, missed)
                return True
        await self._bring(account, turn, missed)
        return True

    def _later(self, account: Account, again_s: float) -> None:
        if account.self_id not in self._timers:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(again_s, self._again, account, again_s)
            self._timers[account.self_id] = timer

    def _again(self, account: Account, waited_s: float) -> None:
        """Where the account is away, its return is what this would wait for."""
        self._forget_timer(account)
        if account.is_whole:
            chats = self._seen.lacking(account.self_id)[:CHATS]
            self._ask(account, chats, min(2 * waited_s, MOST_AGAIN_S))

    def _forget_timer(self, account: Account) -> None:
        if timer := self._timers.pop(account.self_id, None):
            timer.cancel()

    async def _bring(
        self, account: Account, turn: Turn, missed: Sequence[Mapping[str, Any]]
    ) -> None:
        await turn.begin()
        for payload in missed:
            await self._hand_over(account, payload)

    async def _told(
        self, account: Account, target: Target, since: int, lacking: Lacking
    ) -> Sequence[Mapping[str, Any]] | None:
        """None where it did not come: whoever keeps none has nothing to tell.

        `lacking` is what there is for calls that are unknown or were not answered twice. Raises
        CallLost, NotConnected.
        """
        action = _action(target)
        for _ in range(TRIES):
            if action in lacking:
                return lacking[action]
            try:
                return await history_back(account, target, self._reaches(since))
            except CallTimeout as error:
                log.info("the history of %s does not come: %s", target.chat, error)
            except CallFailed as error:
                log.debug("no history: %s", error)
                if error.is_unknown_action:
                    lacking[action] = ()
                return ()
        lacking[action] = None
        return None

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


def _now() -> float:
    return asyncio.get_running_loop().time()


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
