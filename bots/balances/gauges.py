"""What is left at the relays, for a monitor. Asks nobody: the last reading, and its age."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.amounts import NANO
from core.ports.balances import Balance
from core.ports.clock import Clock


class BalanceGauges(Collector):
    def __init__(self, last: Callable[[], Sequence[Balance]], clock: Clock) -> None:
        self._last = last
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        balances = self._last()
        yield self._left(balances)
        yield self._used(balances)
        words = "Age of what a relay last said of its account"
        age = GaugeMetricFamily("parley_relay_reading_age_seconds", words, labels=("relay",))
        now = self._clock.now()
        for balance in balances:
            if balance.read_at:
                age.add_metric([balance.relay], max(0.0, (now - balance.read_at).total_seconds()))
        yield age

    def _left(self, balances: Sequence[Balance]) -> Metric:
        words = "What a relay's token may still spend; left out where it is unlimited"
        labels = ("relay", "token")
        left = GaugeMetricFamily("parley_relay_left_usd", words, labels=labels)
        for balance in balances:
            for token in balance.tokens:
                if token.alias and token.remaining_nano_usd is not None:
                    left.add_metric([balance.relay, token.alias], token.remaining_nano_usd / NANO)
        return left

    def _used(self, balances: Sequence[Balance]) -> Metric:
        words = "What a relay says its token has used"
        labels = ("relay", "token")
        used = GaugeMetricFamily("parley_relay_used_usd", words, labels=labels)
        for balance in balances:
            for token in balance.tokens:
                if token.alias and token.used_nano_usd is not None:
                    used.add_metric([balance.relay, token.alias], token.used_nano_usd / NANO)
        return used
