"""What is reserved for a message: for how long, at whose price, and what its calls leave of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from core.amounts import NANO, Amounts, total
from core.errors import RelayCut
from core.metering import MeteredRelays
from core.model import Media, Spend
from core.ports.ledger import Ceiling, Exceeded, Kind, amounts_of
from core.ports.relays import PLAIN, Errand, Quote, Served
from core.price import Price
from core.quota.budget import Budget, LimitReached
from core.quota.estimate import prompt_tokens
from core.quota.limits import Allowances, Limits
from core.request import ChatMessage, ChatRequest, TranscriptionRequest
from core.response import Chat, Transcription, Usage
from tests.core.house import Site
from tests.core.relays import SERVED, ScriptedRelays
from tests.relays.stage import FakeClock

CLIP = (Path(__file__).parents[1] / "clips" / "river.ogg").read_bytes()
VOICE = Media(kind="voice", remote="clip", mime="audio/ogg")
ANSWER_TOKENS = 64
ASKED = ChatRequest(messages=(ChatMessage(role="user", content="tell me more"),))


def everybody(**figures: float) -> Limits:
    return Limits(all=Allowances(**figures), answer_tokens=ANSWER_TOKENS)


# -- how long, and at whose price ------------------------------------------------


async def test_nothing_is_reserved_for_longer_than_an_hour(site: Site) -> None:
    site.limits = everybody(tokens_day=50_000)
    await site.open()
    held = site.relays.hold("hello")
    await site.person().says("hello")
    await held.reached()
    ((at, until),) = site.rows("SELECT at, until FROM reservations")
    assert timedelta() < timedelta(microseconds=until - at) <= timedelta(hours=1)
    held.release()
    await site.house.settled()
    assert site.rows("SELECT 1 FROM reservations") == []


class OwnPrices(ScriptedRelays):
    """Amy's own key costs a tenth of the common ones."""

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> Quote:
        price = Price(completion=1.0 if errand.token == "main:amy" else 10.0)
        return Quote(dearest=price, whole=True)


@pytest.mark.parametrize(
    ("bindings", "nano_usd"),
    [({"qq:amy": "main:amy"}, ANSWER_TOKENS * 1000), ({}, ANSWER_TOKENS * 10_000)],
)
async def test_who_is_bound_has_reserved_what_his_own_key_costs(
    site: Site, bindings: Mapping[str, str], nano_usd: int
) -> None:
    site.limits, site.bindings, site.relays = everybody(usd_day=1), bindings, OwnPrices()
    await site.open()
    held = site.relays.hold("hello")
    await site.person("amy").says("hello")
    await held.reached()
    assert site.rows("SELECT nano_usd FROM reservations") == [(nano_usd,)]
    held.release()
    await site.house.settled()


# -- what calls leave of it ------------------------------------------------------


class Lossy(ScriptedRelays):
    """Some relays are asked to an unknown end before one serves; recordings' lengths are untold."""

    def __init__(self, lost: int = 0) -> None:
        super().__init__()
        self.lost = (("main", "a", "key"),) * lost
        self.cost = Price(completion=1.0, minute=1.0)

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        for number in range(len(self.lost)):
            if not (errand.again and await errand.again()):
                error = RelayCut("another call is not afforded")
                error.lost = self.lost[: number + 1]
                raise error
        usage = Usage(prompt_tokens=1, completion_tokens=1)
        return Chat(text="yes", usage=usage), replace(SERVED, lost=self.lost)

    async def transcription(
        self, request: TranscriptionRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        return Transcription(text="words"), SERVED


@dataclass
class Counted:
    """Calls of one message, under a limit of so much in each unit."""

    relays: Lossy
    limit: int
    booked: Amounts = field(default_factory=Amounts)
    spends: list[Spend] = field(default_factory=list)

    def __post_init__(self) -> None:
        budget = Budget(
            units=frozenset({"tokens", "audio_s"}),
            reserved=Amounts(),
            answer_tokens=ANSWER_TOKENS,
            book=self.book,
        )
        self.metered = MeteredRelays(
            relays=self.relays, clock=FakeClock(), spends=self.spends, budget=budget
        )

    async def book(self, more: Amounts) -> Exceeded | None:
        wanted = self.booked.plus(more)
        for unit in ("tokens", "audio_s"):
            if wanted.of(unit) > self.limit:
                ceiling = Ceiling(
                    scope="all", unit=unit, period="day", since="2026-11-21", limit=self.limit
                )
                return Exceeded(ceiling=ceiling, used=self.booked.of(unit), wanted=more.of(unit))
        self.booked = wanted
        return None

    @property
    def spent(self) -> int:
        return total(map(amounts_of, self.spends)).tokens


MOST = prompt_tokens(ASKED) + ANSWER_TOKENS


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_each_call_of_an_unknown_end_keeps_its_most_and_the_last_what_it_used(
    lost: int,
) -> None:
    """All that was reserved beyond that is there for the message's next call, and no more."""
    calls = Counted(Lossy(lost), (lost + 1) * MOST)
    await calls.metered.chat(ASKED)
    assert calls.spent == lost * MOST + 2
    assert calls.booked.tokens == calls.limit == (lost + 1) * MOST
    calls.relays.lost = ()
    with pytest.raises(LimitReached):
        await calls.metered.chat(structs.replace(ASKED, max_tokens=ANSWER_TOKENS - 1))
    await calls.metered.chat(structs.replace(ASKED, max_tokens=ANSWER_TOKENS - 2))
    assert calls.spent == lost * MOST + 4
    assert calls.booked.tokens == calls.limit


@pytest.mark.parametrize(("limit", "asked"), [(3 * MOST, 3), (3 * MOST - 1, 2), (MOST, 1)])
async def test_another_relay_is_asked_only_where_there_is_room_for_its_call_too(
    limit: int, asked: int
) -> None:
    calls = Counted(Lossy(2), limit)
    try:
        await calls.metered.chat(ASKED)
    except RelayCut:
        assert asked < 3
    assert len(calls.spends) == asked
    assert calls.spent <= calls.booked.tokens <= limit


# -- recordings ------------------------------------------------------------------


async def test_a_recording_whose_length_nobody_tells_is_as_long_as_it_can_be() -> None:
    unread = TranscriptionRequest(audio=b"?" * 7500, filename="voice.silk")
    calls = Counted(Lossy(), 100_000)
    await calls.metered.transcription(unread)
    assert calls.booked.audio_ms == 11_000
    assert [spend.audio_s for spend in calls.spends] == [10.0]
    with pytest.raises(LimitReached):
        await Counted(Lossy(), 10_999).metered.transcription(unread)


async def test_without_a_limit_its_price_is_unknown_and_not_nothing() -> None:
    spends: list[Spend] = []
    metered = MeteredRelays(relays=Lossy(), clock=FakeClock(), spends=spends)
    unread = TranscriptionRequest(audio=b"?" * 7500, filename="voice.silk")
    await metered.transcription(unread)
    await metered.transcription(structs.replace(unread, duration_s=6.0))
    assert [(spend.audio_s, spend.nano_usd) for spend in spends] == [(0.0, None), (6.0, NANO // 10)]


@pytest.mark.parametrize(("limit", "heard"), [(5, True), (4, False)])
async def test_there_must_be_room_for_the_second_that_relays_round_up(
    site: Site, limit: int, heard: bool
) -> None:
    """Of a recording of 3.1 seconds they bill four, and may see a frame more."""
    site.limits = everybody(audio_s_day=limit)
    site.bot().files["clip"] = CLIP
    await site.open()
    await site.person().asks("", VOICE)
    assert site.relays.listened == heard
    assert site.rows("SELECT 1 FROM reservations") == []
