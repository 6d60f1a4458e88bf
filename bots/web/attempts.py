"""How often an access code may be guessed wrong."""

from collections import OrderedDict, deque

from core.ports import Clock

WINDOW_S = 300.0
PER_CLIENT = 5
IN_ALL = 50
CLIENTS_KEPT = 1000


class Attempts:
    """Wrong guesses of the last WINDOW_S, by client and in all. Bounded in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: deque[float] = deque()
        self._clients: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, client: str) -> float:
        """Seconds until this client may guess again; 0.0 if it may now."""
        now = self._clock.monotonic()
        own = self._clients.get(client, deque())
        return max(_wait_s(own, PER_CLIENT, now), _wait_s(self._all, IN_ALL, now))

    def note(self, client: str) -> None:
        now = self._clock.monotonic()
        self._all.append(now)
        self._clients.setdefault(client, deque()).append(now)
        self._clients.move_to_end(client)
        if len(self._clients) > CLIENTS_KEPT:
            self._clients.popitem(last=False)


def _wait_s(guesses: deque[float], most: int, now: float) -> float:
    while guesses and guesses[0] <= now - WINDOW_S:
        guesses.popleft()
    return guesses[-most] + WINDOW_S - now if len(guesses) >= most else 0.0
