"""One call through its targets: failover, second tries where they are safe, breakers."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from core.errors import Lost, RelayError, RelayInvalid, RelayTooLarge
from core.ports.clock import Clock
from core.ports.ledger import Kind
from core.ports.relays import Served
from core.relay.client import Relay
from core.relay.cooldown import SHORT, Blame, blame
from core.relay.encode import Routed, kind_of, with_model
from core.relay.health import Breakers, Health, Standing
from core.relay.retry import Backoff, Rounds
from core.relay.sticky import Sticky
from core.relay.target import Scope, Scopes, Target, scopes_of
from core.relay.telling import most_telling
from core.relay.watch import Probed, Prober, Wait, WaitLimits, Watch

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

Again: TypeAlias = Callable[[], Awaitable[bool]]

Asking: TypeAlias = Callable[[Relay, Routed, int, Wait], Awaitable[Answer]]
"""Asks a relay with one of its keys, and tells the wait of each sign of life."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How calls are repeated and watched; seconds. Sleep and chance are injected."""

    backoff: Backoff
    sleep: Callable[[float], Awaitable[None]]
    chance: Callable[[], float]
    stall_s: float
    limits: WaitLimits


@dataclass(frozen=True, slots=True)
class Won(Generic[Answer]):
    """An answer, or its beginning, and by whom. It ends in `served`, `failed` or `left`."""

    answer: Answer
    served: Served
    scopes: Scopes


@dataclass(slots=True)
class _Trip:
    """What one call has met so far."""

    kind: Kind
    rounds: Rounds[Target]
    again: Again | None = None
    errors: list[RelayError] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    afforded: int = 0
    told: set[tuple[Target, str]] = field(default_factory=set)
    """Logged already: a second try that fails alike is no news."""

    def served_by(self, target: Target, key: str) -> Served:
        return Served(relay=target.relay, model=target.model, key=key, lost=tuple(self.lost))

    async def affords(self) -> bool:
        """Whether another call may be made, beside those that may be billed already."""
        if self.again is None or self.afforded == len(self.lost):
            return True
        self.afforded = len(self.lost)
        return await self.again()

    def failure(self) -> RelayError:
        error = most_telling(self.errors)
        error.lost = tuple(self.lost)
        error.again_s = min(failed.retry_after_s or 0.0 for failed in self.errors)
        return error


class Serving:
    """Gives calls to targets, the healthy first; remembers what failed, and who answered whom."""

    def __init__(self, relays: Mapping[str, Relay], clock: Clock, pace: Pace) -> None:
        self._relays = relays
        self._clock = clock
        self._pace = pace
        self._breakers = Breakers(clock)
        self._sticky = Sticky(clock.monotonic)
        self._prober = Prober(pace.limits.probe_s)
        self._watch = Watch(
            self._prober, self._broke, stall_s=pace.stall_s, connect_s=pace.limits.connect_s
        )

    def health(self) -> Iterator[Health]:
        return self._breakers.all()

    async def aclose(self) -> None:
        """Probes under way end."""
        await self._prober.aclose()

    async def serve(
        self,
        request: Routed,
        targets: Sequence[Target],
        ask: Asking[Routed, Answer],
        conversation: str = "",
        again: Again | None = None,
    ) -> Won[Answer]:
        """A `conversation` stays with the fall-back that answered it last, while that is well.

        `again` is asked before a call beside one that may be billed. Raises RelayError, the
        most telling one; its `lost` calls may have been billed.
        """
        ready = self._sticking(targets, conversation)
        trip = _Trip(kind_of(request), Rounds(ready, self._pace.backoff), again)
        while True:
            while trip.rounds.ready:
                if not await trip.affords():
                    raise trip.failure()
                target = self._next(trip)
                try:
                    answer, scopes = await self._try(target, request, ask, trip)
                except RelayError as error:
                    self._failed(trip, target, error)
                    continue
                self._remember(conversation, target, targets[0])
                return Won(answer, trip.served_by(target, self._alias(target)), scopes)
            await self._pause(trip)

    def begun(self, scopes: Scopes) -> None:
        """The first of an answer came: address and key are well; the model, once it is whole."""
        self._breakers.served(scope for scope in scopes if scope.part != "model")

    def served(self, scopes: Scopes) -> None:
        """The whole answer came."""
        self._breakers.served(scopes)

    def failed(self, scopes: Scopes, error: RelayError) -> None:
        """The call failed after a part of its answer was shown."""
        self._breakers.left(scopes)
        self._open(error, scopes, alive=True)

    def left(self, scopes: Scopes) -> None:
        """The call was given up by whoever asked."""
        self._breakers.left(scopes)

    # -- one try ---------------------------------------------------------------

    async def _try(
        self, target: Target, request: Routed, ask: Asking[Routed, Answer], trip: _Trip
    ) -> tuple[Answer, Scopes]:
        relay = self._relays[target.relay]
        scopes = self._scopes(target, trip.kind)
        wait = self._watch.over(relay, target.key, partial(self._elsewhere, trip, scopes.address))
        self._breakers.trying(scopes)
        try:
            async with wait:
                return await ask(relay, with_model(request, target.model), target.key, wait), scopes
        except RelayError as error:
            self._breakers.left(scopes)
            blamed = self._open(error, scopes, alive=wait.alive)
            if blamed:
                self._skip(trip, blamed.scope)
            raise
        except BaseException:
            self._breakers.left(scopes)
            raise

    def _open(self, error: RelayError, scopes: Scopes, *, alive: bool) -> Blame | None:
        blamed = blame(error, scopes, alive=alive)
        if blamed:
            self._breakers.failed(blamed, str(error), error.retry_after_s or 0.0)
        return blamed

    def _skip(self, trip: _Trip, scope: Scope) -> None:
        """Whoever hangs on what just failed would fail alike."""
        trip.rounds.ready = [
            target for target in trip.rounds.ready if scope not in self._scopes(target, trip.kind)
        ]

    def _failed(self, trip: _Trip, target: Target, error: RelayError) -> None:
        """Raises the error where every relay would refuse the request."""
        if not error.certain:
            trip.lost.append((target.relay, target.model, self._alias(target)))
        if _refused_as_it_stands(error):
            error.lost = tuple(trip.lost)
            raise error
        if not (error.certain and (target, error.code) in trip.told):
            log.warning("%s", _account(error))
        trip.told.add((target, error.code))
        trip.errors.append(error)
        trip.rounds.failed(target, error, self._clock.monotonic())

    async def _pause(self, trip: _Trip) -> None:
        """Until somebody may be asked again. Raises RelayError if nobody may."""
        pause_s = trip.rounds.pause_s(self._clock.monotonic(), self._pace.chance())
        if pause_s is None:
            raise trip.failure()
        await self._pace.sleep(pause_s)

    # -- order -----------------------------------------------------------------

    def _next(self, trip: _Trip) -> Target:
        ready = trip.rounds.ready
        if not self._breakers.troubled:
            return ready.pop(0)
        stands = [self._standing(target, trip.kind) for target in ready]
        best = min(range(len(ready)), key=stands.__getitem__)
        if stands[best] is Standing.WELL:
            for target in ready:
                self._probe(target, trip.kind)
        return ready.pop(best)

    def _standing(self, target: Target, kind: Kind) -> Standing:
        wants_probe = self._relays[target.relay].can_be_probed
        return self._breakers.standing(self._scopes(target, kind), wants_probe=wants_probe)

    def _elsewhere(self, trip: _Trip, address: Scope) -> bool:
        """Whether a healthy target at another address is left."""
        return any(
            self._standing(target, trip.kind) is Standing.WELL
            for target in trip.rounds.ready
            if self._scopes(target, trip.kind).address != address
        )

    def _sticking(self, targets: Sequence[Target], conversation: str) -> list[Target]:
        last = self._sticky.of(conversation) if conversation else None
        return sorted(targets, key=lambda target: target[:2] != last) if last else list(targets)

    def _remember(self, conversation: str, target: Target, first: Target) -> None:
        if not conversation:
            return
        if target[:2] == first[:2]:
            self._sticky.forget(conversation)
        else:
            self._sticky.note(conversation, target.relay, target.model)

    def _alias(self, target: Target) -> str:
        return self._relays[target.relay].aliases[target.key]

    def _scopes(self, target: Target, kind: Kind) -> Scopes:
        return scopes_of(target, self._relays[target.relay].address, kind)

    # -- probes ----------------------------------------------------------------

    def _probe(self, target: Target, kind: Kind) -> None:
        """Before a person's message is given to what failed, its pause over."""
        relay = self._relays[target.relay]
        waiting = self._breakers.waiting(self._scopes(target, kind))
        if waiting and relay.can_be_probed:
            self._prober.probe(relay, target.key, partial(self._probed, relay, waiting))

    def _probed(self, relay: Relay, waiting: list[Scope], probed: Probed) -> None:
        if not probed.answered:
            self._broke(relay)
            return
        for scope in waiting:
            self._breakers.answered(scope)

    def _broke(self, relay: Relay) -> None:
        why = f'relay "{relay.name}": a probe of {relay.address} was not answered.'
        self._breakers.failed(Blame(Scope("address", relay.address), SHORT), why)


def _refused_as_it_stands(error: RelayError) -> bool:
    """By a relay that was asked: what one profile forbids, another may allow."""
    asked = error.status != 0
    return asked and isinstance(error, RelayInvalid) and not isinstance(error, RelayTooLarge)


def _account(error: RelayError) -> str:
    """The error, and what asking elsewhere may cost."""
    if error.certain:
        return str(error)
    return f"{error} If another relay is asked now, the call may be billed twice."
