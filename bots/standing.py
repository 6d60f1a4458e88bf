"""What stands now in the store and the relays, measured when a monitor asks."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.errors import StoreError
from core.ports.clock import Clock
from core.relay.health import Health
from storage.aside import Backlog


class Standing(Collector):
    """Gauges of the last `look`. While the store cannot be read, its own are left out."""

    def __init__(
        self,
        backlog: Callable[[], Awaitable[Backlog]],
        writes_waiting: Callable[[], int],
        health: Callable[[], Sequence[Health]],
        clock: Clock,
    ) -> None:
        self._backlog = backlog
        self._writes_waiting = writes_waiting
        self._health = health
        self._clock = clock
        self._seen: Backlog | None = None

    async def look(self) -> None:
        try:
            self._seen = await self._backlog()
        except StoreError:
            self._seen = None

    def collect(self) -> Iterator[Metric]:
        words = "Age of the oldest message without a whole answer, 0 if there is none"
        oldest = GaugeMetricFamily("parley_oldest_unanswered_seconds", words)
        words = "Messages set aside, until they are retried or dropped"
        aside = GaugeMetricFamily("parley_messages_set_aside", words)
        if self._seen:
            oldest.add_metric([], self._age_s(self._seen))
            aside.add_metric([], self._seen.set_aside)
        yield from (oldest, aside)
        words = "Writes that the store has not taken up yet"
        yield GaugeMetricFamily("parley_store_writes_waiting", words, self._writes_waiting())
        yield self._breakers()

    def _age_s(self, seen: Backlog) -> float:
        if seen.oldest_at is None:
            return 0.0
        return max(self._clock.now() - seen.oldest_at, timedelta()).total_seconds()

    def _breakers(self) -> Metric:
        words = "1 for each part of the relays whose breaker is not closed"
        labels = ("scope", "name", "state")
        breakers = GaugeMetricFamily("parley_relay_breaker", words, labels=labels)
        for part in self._health():
            breakers.add_metric([part.scope, part.name, part.state], 1)
        return breakers
