"""What a route asked before it was served, to an unknown end, is in the ledger as well."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from core.errors import RelayCut, RelayUnauthorized
from core.metering import MeteredRelays
from core.model import Spend
from core.ports.relays import Served
from core.request import ChatMessage, ChatRequest, ImageRequest
from core.response import Chat, Chunk, Image, Images, Usage
from core.tokens import estimate_tokens
from tests.core.relays import ScriptedRelays

SERVED = Served(relay="spare", model="b", lost=(("main", "a", "key"), ("second", "c", "key")))
QUESTION = "tell me more"
REQUEST = ChatRequest(messages=(ChatMessage(role="user", content=QUESTION),))


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


class FailedOver(ScriptedRelays):
    """Two relays were asked before the one that serves, or none does."""

    def __init__(self, error: RelayUnauthorized | RelayCut | None = None) -> None:
        super().__init__()
        self.error = error
        if error:
            error.lost = SERVED.lost

    async def chat(self, request, errand):
        if self.error:
            raise self.error
        return Chat(text="yes", usage=Usage(prompt_tokens=5, completion_tokens=1)), SERVED

    async def stream(self, request, errand):
        yield Chunk(text="yes"), SERVED
        if self.error:
            raise self.error
        yield (
            Chunk(finish_reason="stop", usage=Usage(prompt_tokens=5, completion_tokens=1)),
            SERVED,
        )

    async def images(self, request, errand):
        return Images(images=(Image(content=b"", mime="image/png"),)), SERVED


@dataclass
class Ledger:
    relays: FailedOver
    spends: list[Spend] = field(default_factory=list)

    @property
    def metered(self) -> MeteredRelays:
        return MeteredRelays(relays=self.relays, clock=Clock(), spends=self.spends)

    @property
    def lines(self) -> list[tuple[str, str, int, bool]]:
        return [(one.relay, one.model, one.prompt_tokens, one.estimated) for one in self.spends]


ASKED = estimate_tokens(QUESTION)
LOST = [("main", "a", ASKED, True), ("second", "c", ASKED, True)]


async def test_a_chat_that_failed_over_notes_the_calls_before_it() -> None:
    ledger = Ledger(FailedOver())
    await ledger.metered.chat(REQUEST)
    assert ledger.lines == [*LOST, ("spare", "b", 5, False)]


async def test_a_stream_that_failed_over_notes_the_calls_before_it() -> None:
    ledger = Ledger(FailedOver())
    assert [chunk.text async for chunk, _ in ledger.metered.stream(REQUEST)] == ["yes", ""]
    assert ledger.lines == [*LOST, ("spare", "b", 5, False)]


async def test_a_stream_that_broke_after_it_failed_over_notes_each_call_once() -> None:
    ledger = Ledger(FailedOver(RelayCut("broken off")))
    with pytest.raises(RelayCut):
        _ = [chunk async for chunk in ledger.metered.stream(REQUEST)]
    assert ledger.lines == [*LOST, ("spare", "b", ASKED, True)]


async def test_when_all_failed_what_may_be_billed_is_noted_and_nothing_else() -> None:
    ledger = Ledger(FailedOver(RelayUnauthorized("401")))
    with pytest.raises(RelayUnauthorized):
        await ledger.metered.chat(REQUEST)
    assert ledger.lines == LOST


async def test_pictures_that_failed_over_are_noted_as_they_were_asked_for() -> None:
    ledger = Ledger(FailedOver())
    await ledger.metered.images(ImageRequest(prompt="a cat", n=3))
    assert [(one.relay, one.images) for one in ledger.spends] == [
        ("main", 3),
        ("second", 3),
        ("spare", 1),
    ]
