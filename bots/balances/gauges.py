"""What is left at the relays, for a monitor. Asks nobody: the last reading, and its age."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.amounts import NANO
from core.ports.balances import Balance, TokenBalance
from core.ports.clock import Clock


class BalanceGauges(Collector):
    def __init__(self, last: Callable[[], Sequence[Balance]], clock: Clock) -> None:
        self._last = last
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        balances = self._last()
        words = "What a relay's token may still spend; left out where it is unlimited"
        yield _of_tokens("left", words, balances, lambda token: token.remaining_nano_usd)
        words = "What a relay says its token has used"
        yield _of_tokens("used", words, balances, lambda token: token.used_nano_usd)
        words = "Age of what a relay last said of its account"
        age = GaugeMetricFamily("parley_relay_reading_age_seconds", words, labels=("relay",))
        now = self._clock.now()
        for balance in balances:
            if balance.read_at:
                age.add_metric([balance.relay], max(0.0, (now - balance.read_at).total_seconds()))
        yield age


def _of_tokens(
    what: str,
    words: str,
    balances: Sequence[Balance],
    figure: Callable[[TokenBalance], int | None],
) -> Metric:
    """In dollars; of those in the configuration alone, the others have no alias."""
    gauge = GaugeMetricFamily(f"parley_relay_{what}_usd", words, labels=("relay", "token"))
    for balance in balances:
        for token in balance.tokens:
            nano_usd = figure(token)
            if token.alias and nano_usd is not None:
                gauge.add_metric([balance.relay, token.alias], nano_usd / NANO)
    return gauge
