"""Circuit breakers: whether each part of the relays works, as the last calls have shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from core.ports.clock import Clock
from core.relay.cooldown import Blame
from core.relay.target import Part, Scope, Scopes

State: TypeAlias = Literal["closed", "open", "half-open"]


MOST = 1000
"""Breakers at once: people may name models that no relay has, each with a breaker of its own."""

_PROBED = ("address", "model")


class Standing(IntEnum):
    """How soon a target is asked: the well before those that are tried, the ill last."""

    WELL = 0
    TRIED = 1
    ILL = 2


class Health(Struct, frozen=True, kw_only=True):
    """A part of the relays that failed and did not work again yet.

    `state` is "open" until `until` (UTC), then "half-open": it is probed, or one call
    tries it. `why` is for the operator and holds no secret. What is not listed is closed.
    """

    name: str
    scope: Part
    state: State
    until: datetime
    why: str


@dataclass(slots=True)
class _Trouble:
    failures: int
    until: float
    why: str
    probed: bool = False
    tried: bool = False


class Breakers:
    """One breaker for each part: closed, open for a pause, then half-open.

    Half-open, a part lets one call through; `wants_probe` parts only once they were `probed`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._troubles: dict[Scope, _Trouble] = {}

    @property
    def troubled(self) -> bool:
        return bool(self._troubles)

    def standing(self, scopes: Scopes, *, wants_probe: bool) -> Standing:
        """The worst of the parts'."""
        if not self._troubles:
            return Standing.WELL
        now = self._clock.monotonic()
        return max(self._stands(scope, now, wants_probe=wants_probe) for scope in scopes)

    def state(self, scope: Scope) -> State:
        trouble = self._troubles.get(scope)
        if trouble is None:
            return "closed"
        return "open" if self._clock.monotonic() < trouble.until else "half-open"

    def waiting(self, scopes: Scopes) -> list[Scope]:
        """The half-open parts that want a probe and had none."""
        if self.state(scopes.address) == "open":
            return []
        return [
            scope
            for scope in (scopes.address, scopes.model)
            if self.state(scope) == "half-open" and not self._troubles[scope].probed
        ]

    def trying(self, scopes: Scopes) -> None:
        """A call begins. It must end in `served`, `failed` or `left`."""
        for trouble in self._among(scopes):
            trouble.tried = True

    def served(self, scopes: Iterable[Scope]) -> None:
        if self._troubles:
            for scope in scopes:
                self._troubles.pop(scope, None)

    def left(self, scopes: Scopes) -> None:
        """The call showed nothing of the parts: another one may try them."""
        for trouble in self._among(scopes):
            trouble.tried = False

    def failed(self, blame: Blame, why: str, at_least_s: float = 0.0) -> None:
        """Open a part. What fails while it is open was begun before: it counts once."""
        now = self._clock.monotonic()
        scope, pause = blame
        trouble = self._troubles.get(scope)
        if trouble is not None and now < trouble.until:
            trouble.until = max(trouble.until, now + at_least_s)
            return
        if trouble is None and len(self._troubles) >= MOST:
            del self._troubles[min(self._troubles, key=lambda old: self._troubles[old].until)]
        failures = trouble.failures + 1 if trouble else 1
        until = now + max(pause.length_s(failures), at_least_s)
        self._troubles[scope] = _Trouble(failures, until, why)

    def answered(self, scope: Scope) -> None:
        """A probe was answered: an address works again, a model may be tried by a call."""
        if scope.part == "address":
            self._troubles.pop(scope, None)
        elif scope in self._troubles:
            self._troubles[scope].probed = True

    def all(self) -> Iterator[Health]:
        now, wall = self._clock.monotonic(), self._clock.now()
        for scope, trouble in self._troubles.items():
            yield Health(
                name=scope.name,
                scope=scope.part,
                state=self.state(scope),
                until=wall + timedelta(seconds=trouble.until - now),
                why=trouble.why,
            )

    def _stands(self, scope: Scope, now: float, *, wants_probe: bool) -> Standing:
        trouble = self._troubles.get(scope)
        if trouble is None:
            return Standing.WELL
        if now < trouble.until:
            return Standing.ILL
        unproved = wants_probe and scope.part in _PROBED and not trouble.probed
        return Standing.TRIED if trouble.tried or unproved else Standing.WELL

    def _among(self, scopes: Iterable[Scope]) -> Iterator[_Trouble]:
        if self._troubles:
            yield from (self._troubles[scope] for scope in scopes if scope in self._troubles)
