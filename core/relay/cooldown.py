"""What cools down after a failure, and for how long (docs/decisions/018). Pure."""

from typing import NamedTuple

from core.errors import (
    RelayError,
    RelayForbidden,
    RelayInvalid,
    RelayRateLimited,
    RelayRefused,
    RelayTimeout,
    RelayUnauthorized,
    RelayUnsupported,
    RelayUsedUp,
)
from core.relay.target import Part, Scope, Scopes


class Pause(NamedTuple):
    """Seconds, doubling with each failure in a row."""

    first_s: float
    longest_s: float

    def length_s(self, failures: int) -> float:
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 16))


SHORT = Pause(2.0, 60.0)
USED_UP = Pause(600.0, 21_600.0)
NOT_ACCEPTED = Pause(1_800.0, 1_800.0)
NOT_SERVED = Pause(3_600.0, 21_600.0)


class Blame(NamedTuple):
    scope: Scope
    pause: Pause


_BLAMED: tuple[tuple[type[RelayError], Part, Pause], ...] = (
    (RelayRefused, "address", SHORT),
    (RelayRateLimited, "rate", SHORT),
    (RelayUsedUp, "key", USED_UP),
    (RelayUnauthorized, "key", NOT_ACCEPTED),
    (RelayForbidden, "key", NOT_ACCEPTED),
    (RelayUnsupported, "call", NOT_SERVED),
    (RelayError, "model", SHORT),
)
"""The first that fits."""


def blame(error: RelayError, scopes: Scopes, *, alive: bool = False) -> Blame | None:
    """What is at fault; None where it is the request. `alive`: the relay gave signs of life."""
    if isinstance(error, RelayInvalid):
        return None
    if isinstance(error, RelayTimeout) and not error.status and not alive:
        return Blame(scopes.address, SHORT)
    part, pause = next((part, pause) for kind, part, pause in _BLAMED if isinstance(error, kind))
    return Blame(scopes.of(part), pause)
