"""How often an access code may be guessed wrong."""

from collections import OrderedDict, deque

from adapters.web.network import network_of
from core.ports.clock import Clock

WINDOW_S = 300.0
PER_CLIENT = 5
IN_ALL = 50
CLIENTS_KEPT = 1000
SLOW_S = 1.0
QUEUE_S = 10.0


class Attempts:
    """Wrong guesses of the last WINDOW_S, by client (of IPv6 the /64) and in all.

    Once there were IN_ALL, guessing is slow: a client has one guess, and guesses are
    looked at one in SLOW_S, so that a right code still opens. That many clients
    together have 86,400 guesses a day, for a code of 8 characters at least.
    Bounded in memory.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: deque[float] = deque(maxlen=IN_ALL)
        self._clients: OrderedDict[str, deque[float]] = OrderedDict()
        self._next_turn = 0.0

    def wait_s(self, client: str) -> float:
        """Seconds until this client may guess again; 0.0 if it may now."""
        now = self._clock.monotonic()
        own = self._clients.get(network_of(client), deque())
        if not self._slow(now):
            return _wait_s(own, PER_CLIENT, now)
        queue_s = self._next_turn - now
        return max(_wait_s(own, 1, now), queue_s if queue_s > QUEUE_S else 0.0)

    def begin(self, client: str) -> float:
        """Count a guess, as wrong until `forgive`; seconds to wait before looking at it."""
        now = self._clock.monotonic()
        slow = self._slow(now)
        name = network_of(client)
        self._all.append(now)
        self._clients.setdefault(name, deque(maxlen=PER_CLIENT)).append(now)
        self._clients.move_to_end(name)
        if len(self._clients) > CLIENTS_KEPT:
            self._clients.popitem(last=False)
        if not slow:
            return 0.0
        turn = max(now, self._next_turn)
        self._next_turn = turn + SLOW_S
        return turn - now

    def forgive(self, client: str) -> None:
        """The guess that was begun last was right."""
        if own := self._clients.get(network_of(client)):
            own.pop()
        if self._all:
            self._all.pop()

    def _slow(self, now: float) -> bool:
        return _wait_s(self._all, IN_ALL, now) > 0


def _wait_s(guesses: deque[float], most: int, now: float) -> float:
    while guesses and guesses[0] <= now - WINDOW_S:
        guesses.popleft()
    return guesses[-most] + WINDOW_S - now if len(guesses) >= most else 0.0
