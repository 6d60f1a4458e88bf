"""Which of several failures a person is told. Pure."""

from collections.abc import Iterable

from core.errors import (
    RelayCut,
    RelayError,
    RelayForbidden,
    RelayGarbage,
    RelayLost,
    RelayRateLimited,
    RelayRefused,
    RelayTimeout,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
    RelayUsedUp,
)

_BY_USE: tuple[type[RelayError], ...] = (
    RelayUsedUp,
    RelayRateLimited,
    RelayTooLarge,
    RelayUnavailable,
    RelayRefused,
    RelayUnauthorized,
    RelayTimeout,
    RelayLost,
    RelayCut,
    RelayGarbage,
    RelayForbidden,
    RelayUnsupported,
    RelayError,
)
"""First what somebody can mend, or what is over soon; last what says little."""


def most_telling(errors: Iterable[RelayError]) -> RelayError:
    """The one whose sentence helps most; of equals the one with the shortest wait, then the first.

    Raises ValueError for none.
    """
    return min(errors, key=_use)


def _use(error: RelayError) -> tuple[int, float]:
    place = next(place for place, kind in enumerate(_BY_USE) if isinstance(error, kind))
    return place, error.retry_after_s if error.retry_after_s is not None else float("inf")
