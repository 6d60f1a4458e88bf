"""Which fall-back answered a conversation last: it stays there for a while."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

STAYS_S = 600.0
REMEMBERED = 10_000


@dataclass(slots=True)
class _Stay:
    relay: str
    model: str
    until: float


class Sticky:
    """By conversation, an opaque key. The longest unused of over `most` is forgotten."""

    def __init__(
        self, monotonic: Callable[[], float], *, stays_s: float = STAYS_S, most: int = REMEMBERED
    ) -> None:
        self._monotonic = monotonic
        self._stays_s = stays_s
        self._most = most
        self._stays: OrderedDict[str, _Stay] = OrderedDict()

    def of(self, conversation: str) -> tuple[str, str] | None:
        """Relay and model, for `stays_s` since their last answer."""
        stay = self._stays.get(conversation)
        if stay is None:
            return None
        if stay.until <= self._monotonic():
            del self._stays[conversation]
            return None
        return stay.relay, stay.model

    def note(self, conversation: str, relay: str, model: str) -> None:
        """A fall-back answered."""
        self._stays[conversation] = _Stay(relay, model, self._monotonic() + self._stays_s)
        self._stays.move_to_end(conversation)
        if len(self._stays) > self._most:
            self._stays.popitem(last=False)

    def forget(self, conversation: str) -> None:
        """The first of the route answered."""
        if self._stays:
            self._stays.pop(conversation, None)
