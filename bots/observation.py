"""What is seen of the bot at work: a log line a message, and metrics for Prometheus."""

import logging
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from core.model import Message
from core.ports.adapter import Receipt
from core.ports.observer import Done
from core.ports.sending import Outgoing, Unsure

log = logging.getLogger("parley.message")

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)


class Observation:
    """Implements `core.ports.observer.Observer`. Has a registry of its own: nothing is global."""

    def __init__(self, depth: Callable[[], int], *others: Collector) -> None:
        """`others` add their own metrics whenever a monitor asks."""
        self._registry = CollectorRegistry()
        self._received = Counter(
            "parley_messages_received",
            "Messages that came in, by what became of them",
            ("platform", "receipt"),
            registry=self._registry,
        )
        self._done = Counter(
            "parley_messages_done",
            "Messages handled, by outcome",
            ("platform", "intent", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "parley_answer_seconds",
            "From the store's receipt to the stored answer",
            ("platform",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter(
            "parley_tokens",
            "Tokens spent, told or estimated",
            ("relay", "model", "direction"),
            registry=self._registry,
        )
        self._unsure = Counter(
            "parley_parts_unsure",
            "Parts of an answer of which it was unknown whether they arrived, by what was done",
            ("platform", "bot", "done"),
            registry=self._registry,
        )
        waiting = Gauge(
            "parley_messages_waiting",
            "Messages waiting or being worked on",
            registry=self._registry,
        )
        waiting.set_function(depth)
        for other in others:
            self._registry.register(other)

    def received(self, message: Message, receipt: Receipt) -> None:
        self._received.labels(message.address.platform, receipt.value).inc()

    def done(self, done: Done) -> None:
        platform = done.message.address.platform
        self._done.labels(platform, done.intent, done.outcome).inc()
        self._seconds.labels(platform).observe(done.waited_s + done.took_s)
        for spend in done.spends:
            self._tokens.labels(spend.relay, spend.model, "in").inc(spend.prompt_tokens)
            self._tokens.labels(spend.relay, spend.model, "out").inc(spend.completion_tokens)
        if log.isEnabledFor(logging.INFO):
            log.info("message", extra={"fields": _fields(done)})

    def unsure(self, outgoing: Outgoing, done: Unsure) -> None:
        to = outgoing.to
        self._unsure.labels(to.platform, to.bot, done).inc()
        fields = {"part": outgoing.key, "platform": to.platform, "bot": to.bot, "done": done}
        log.info("part of unknown outcome", extra={"fields": fields})

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)


def _fields(done: Done) -> dict[str, object]:
    return {
        "trace": done.message.id,
        "platform": done.message.address.platform,
        "bot": done.message.address.bot,
        "intent": done.intent,
        "outcome": done.outcome,
        "attempt": done.attempt,
        "waited_ms": round(done.waited_s * 1000, 1),
        "took_ms": round(done.took_s * 1000, 1),
        "parts": done.parts,
        "tokens": sum(s.prompt_tokens + s.completion_tokens for s in done.spends),
    }
