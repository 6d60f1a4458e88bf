"""Calls with nothing to see yet, and the probes that tell a slow relay from a broken one."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self

from core.errors import RelayError, RelayLost, RelayRefused, RelayTimeout
from core.relay.client import Relay
from core.relay.connecting import callers
from core.rest import RESTS


class WaitLimits(NamedTuple):
    """Seconds: for a connection while another address could serve, and for a probe's answer.

    A first packet that was lost is sent again after 1 s (RFC 6298, 2), in time for both.
    """

    connect_s: float = 2.0
    probe_s: float = 2.0


class Probed(NamedTuple):
    """What a probe found. `began` is the loop's time."""

    began: float
    answered: bool


class Prober:
    """Asks an address for its models, once at a time; the tasks are its own."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._under_way: dict[str, asyncio.Task[Probed]] = {}

    def probe(self, relay: Relay, key: int, told: Callable[[Probed], None]) -> None:
        """`told` is called with what is found, by the probe that is under way or a new one."""
        task = self._under_way.get(relay.address)
        if task is None:
            task = asyncio.create_task(self._probe(relay, key))
            self._under_way[relay.address] = task
            task.add_done_callback(lambda _: self._under_way.pop(relay.address, None))
        task.add_done_callback(partial(_tell, told))

    async def aclose(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _probe(self, relay: Relay, key: int) -> Probed:
        began = asyncio.get_running_loop().time()
        RESTS.set(None)  # it is no message's, whoever's call began it
        try:
            async with asyncio.timeout(self._limit_s):
                await relay.probe(key)
        except TimeoutError:
            return Probed(began, answered=False)
        except RelayError as error:
            return Probed(began, answered=_answered(error))
        return Probed(began, answered=True)


def _tell(told: Callable[[Probed], None], task: asyncio.Task[Probed]) -> None:
    if not task.cancelled():
        told(task.result())


def _answered(error: RelayError) -> bool:
    """A refusal is an answer; a 5xx is a middleman's word for none."""
    match error:
        case RelayRefused() | RelayLost() | RelayTimeout():
            return False
        case _:
            return error.status < 500


class Wait:
    """One call at one relay until something of its answer can be seen.

    Raises on leaving, while `elsewhere` says that another address could serve: RelayRefused
    where no connection is made in time, RelayTimeout once the address is known to be broken.
    """

    def __init__(
        self, watch: "Watch", relay: Relay, key: int, elsewhere: Callable[[], bool]
    ) -> None:
        self.relay = relay
        self.key = key
        self.elsewhere = elsewhere
        self.alive = False
        """The relay gave a sign of life during this call."""
        self.heard_at = 0.0
        self._watch = watch
        self._timer = asyncio.timeout(None)
        self.handle: asyncio.TimerHandle | None = None
        self.stands = False
        """A connection was made: the call may be billed already."""
        self.sought_at: float | None = None
        """When the first connection began to be looked for, until it stands."""

    def connecting(self) -> None:
        if not self.stands and self.sought_at is None:
            self.sought_at = asyncio.get_running_loop().time()

    def connected(self) -> None:
        """In the last moment too: what was to be given up for want of a connection goes on."""
        if self.stands:
            return
        self.stands = True
        self.sought_at = None
        if self._timer.when() is not None and not self._timer.expired():
            self._timer.reschedule(None)
            self._watch.begin(self)

    def unconnected_s(self) -> float:
        """How long a connection is looked for by now; 0.0 where it stands, or nobody told."""
        if self.sought_at is None:
            return 0.0
        return asyncio.get_running_loop().time() - self.sought_at

    def heard(self) -> None:
        """A part of the answer came, if none that a person would see."""
        self.alive = True
        self.heard_at = self._watch.hear(self.relay.address)

    def give_up(self) -> None:
        if not self._timer.expired():
            self._timer.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        await self._timer.__aenter__()
        self._watch.begin(self)
        callers[asyncio.current_task()] = self
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        callers.pop(asyncio.current_task(), None)
        self._watch.end(self)
        if error is None:
            self.heard()
        try:
            await self._timer.__aexit__(kind, error, trace)
        except TimeoutError as late:
            raise (self._silent() if self.sought_at is None else self._unconnected()) from late

    def _unconnected(self) -> RelayRefused:
        name = self.relay.name
        return RelayRefused(
            f'relay "{name}": no connection within {self.unconnected_s():.1f} s. '
            f"Check the network, relays.{name}.base_url and relays.{name}.proxy."
        )

    def _silent(self) -> RelayTimeout:
        name = self.relay.name
        return RelayTimeout(
            f'relay "{name}": no sign of an answer, and none to a probe either. '
            f"Check the network, and relays.{name}.base_url; the call may have been billed."
        )


class Watch:
    """Every call that waits, by address.

    One without a connection for `connect_s` is given up, if another address could serve.

    One without a sign for `stall_s` has its address probed, if another address could serve and
    nothing else came from there for so long. Where the probe gets no answer, `broken` is told,
    and all calls that wait there are given up.
    """

    def __init__(
        self,
        prober: Prober,
        broken: Callable[[Relay], None],
        *,
        stall_s: float,
        connect_s: float,
    ) -> None:
        self._prober = prober
        self._connect_s = connect_s
        self._stall_s = stall_s
        self._broken = broken
        self._waits: defaultdict[str, set[Wait]] = defaultdict(set)
        self._heard: dict[str, float] = {}

    def over(self, relay: Relay, key: int, elsewhere: Callable[[], bool]) -> Wait:
        return Wait(self, relay, key, elsewhere)

    def begin(self, wait: Wait) -> None:
        wait.heard_at = asyncio.get_running_loop().time()
        self._waits[wait.relay.address].add(wait)
        self._look_in(wait, self._stall_s)

    def end(self, wait: Wait) -> None:
        self._waits[wait.relay.address].discard(wait)
        if wait.handle:
            wait.handle.cancel()
            wait.handle = None

    def hear(self, address: str) -> float:
        now = asyncio.get_running_loop().time()
        self._heard[address] = now
        return now

    def _look_in(self, wait: Wait, after_s: float) -> None:
        """By one timer for connection and words: it is a part of every call's CPU time."""
        if not wait.stands:
            left_s = self._connect_s - wait.unconnected_s()
            after_s = min(after_s, left_s if left_s > 0 else self._connect_s)
        if wait.handle:
            wait.handle.cancel()
        wait.handle = asyncio.get_running_loop().call_later(after_s, self._look, wait)

    def _look(self, wait: Wait) -> None:
        if wait.unconnected_s() >= self._connect_s and wait.elsewhere():
            wait.give_up()
            return
        heard_at = max(wait.heard_at, self._heard.get(wait.relay.address, 0.0))
        wait.alive |= heard_at > wait.heard_at
        quiet_s = asyncio.get_running_loop().time() - heard_at
        if quiet_s < self._stall_s:
            self._look_in(wait, self._stall_s - quiet_s)
        elif wait.relay.can_be_probed and wait.elsewhere():
            self._prober.probe(wait.relay, wait.key, partial(self._told, wait))
        else:
            self._look_in(wait, self._stall_s)

    def _told(self, wait: Wait, probed: Probed) -> None:
        address = wait.relay.address
        waiting = self._waits[address]
        if probed.answered:
            self.hear(address)
        if self._heard.get(address, 0.0) >= probed.began:
            wait.alive = True
        else:
            self._broken(wait.relay)
            for other in [other for other in waiting if other.elsewhere()]:
                other.give_up()
        if wait in waiting:
            self._look_in(wait, self._stall_s)
