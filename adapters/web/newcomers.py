"""How many new people an address may be: each has an allowance of its own."""

from collections import OrderedDict, deque
from ipaddress import ip_address

from adapters.web.network import network_of
from core.ports.clock import Clock

WINDOW_S = 3600.0
PER_CLIENT = 30
CLIENTS_KEPT = 1000


class Newcomers:
    """New sessions of the last WINDOW_S by client (of IPv6 the /64). Bounded in memory.

    This machine's own addresses are not counted.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._came: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, client: str) -> float:
        """Count one; or the seconds until one more may come from there."""
        if _is_own(client):
            return 0.0
        now, name = self._clock.monotonic(), network_of(client)
        came = self._came.setdefault(name, deque(maxlen=PER_CLIENT))
        self._came.move_to_end(name)
        if len(self._came) > CLIENTS_KEPT:
            self._came.popitem(last=False)
        if len(came) == PER_CLIENT and came[0] + WINDOW_S > now:
            return came[0] + WINDOW_S - now
        came.append(now)
        return 0.0


def _is_own(client: str) -> bool:
    try:
        return ip_address(client).is_loopback
    except ValueError:  # "": a listener that knows no addresses
        return False
