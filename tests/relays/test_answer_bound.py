"""What a reserved answer's length is called on the wire: by each profile, and for each model."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from core.amounts import Amounts, Unit
from core.errors import RelayError
from core.metering import MeteredRelays
from core.ports.ledger import Exceeded
from core.quota.budget import Budget
from core.relay.dialect import Overlay
from core.relay.entry import RouteTable, RouteTarget
from core.relay.profile import load_dialect
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.request import CompletionRequest
from tests.relays.profiles.asking import relay_of
from tests.relays.profiles.documents import PROFILES
from tests.relays.servers import Exchange, listening
from tests.relays.stage import FakeClock, ask

ANSWER_TOKENS = 300
NAMES = {"max_tokens", "max_completion_tokens", "max_output_tokens", "n_predict"}
REASONING = ("o1", "o1-mini", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5.1-mini")
OTHERS = ("gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo-16k", "claude-sonnet-4", "moonshot-v1-8k")


async def refuses(exchange: Exchange) -> None:
    await exchange.reply(b'{"error":{"message":"not today","code":"tests"}}', 400)


@dataclass(kw_only=True)
class Asking:
    """A profile's relay at a real socket, asked under limits on `units`."""

    transport: Transport
    profile: str = "openai"
    units: frozenset[Unit] = frozenset({"tokens"})
    booked: int = 0

    async def sent(
        self, model: str, *, live: bool = False, asked: int | None = None, **dialect: Any
    ) -> dict[str, int]:
        """What the relay read of the names that a longest answer goes by."""
        async with listening(refuses) as server:
            relay = relay_of(self.profile, server.base, self.transport, **dialect)
            table = RouteTable(chat=(RouteTarget("main", model),))
            metered = MeteredRelays(
                relays=RelayRoutes([relay], table, clock=FakeClock()),
                clock=FakeClock(),
                spends=[],
                budget=self.budget,
            )
            with pytest.raises(RelayError, match="not today"):
                await self._call(metered, live, ask(max_tokens=asked))
        body = json.loads(server.asked[0].body)
        assert model in (body["model"], "")
        bounds = {name: body[name] for name in NAMES & set(body)}
        assert all(bound <= self.booked for bound in bounds.values())
        return bounds

    @staticmethod
    async def _call(metered: MeteredRelays, live: bool, request: Any) -> None:
        if live:
            async for _ in metered.stream(request):
                pass
        else:
            await metered.chat(request)

    @property
    def budget(self) -> Budget | None:
        if not self.units:
            return None
        return Budget(
            units=self.units, reserved=Amounts(), answer_tokens=ANSWER_TOKENS, book=self.book
        )

    async def book(self, more: Amounts) -> Exceeded | None:
        self.booked = more.tokens
        return None


@pytest.fixture
def asking(transport: Transport) -> Asking:
    return Asking(transport=transport)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
async def test_each_profiles_usual_model_is_told_how_long_its_answer_may_be(
    asking: Asking, profile: str, live: bool
) -> None:
    asking.profile = profile
    assert await asking.sent("", live=live) == {"max_tokens": ANSWER_TOKENS}


@pytest.mark.parametrize("profile", PROFILES)
async def test_reasoning_models_are_told_so_by_the_name_that_they_take(
    asking: Asking, profile: str
) -> None:
    """OpenAI refuses the other: "Use 'max_completion_tokens' instead."""
    asking.profile = profile
    for model in REASONING:
        assert await asking.sent(model) == {"max_completion_tokens": ANSWER_TOKENS}


@pytest.mark.parametrize("model", OTHERS)
async def test_all_others_by_the_name_that_all_relays_know(asking: Asking, model: str) -> None:
    assert await asking.sent(model) == {"max_tokens": ANSWER_TOKENS}


async def test_a_profile_has_the_last_word_on_the_name_and_its_model_before_it(
    asking: Asking,
) -> None:
    own = {
        "renames": {"chat": {"max_tokens": "max_output_tokens"}},
        "overlays": {"llama*": Overlay(renames={"max_tokens": "n_predict"})},
    }
    assert await asking.sent("gpt-4o", **own) == {"max_output_tokens": ANSWER_TOKENS}
    assert await asking.sent("gpt-5", **own) == {"max_output_tokens": ANSWER_TOKENS}
    assert await asking.sent("llama-3", **own) == {"n_predict": ANSWER_TOKENS}
    assert await asking.sent("gpt-5", reasoning=()) == {"max_tokens": ANSWER_TOKENS}


@pytest.mark.parametrize(("asked", "goes"), [(20, 20), (ANSWER_TOKENS + 1, ANSWER_TOKENS)])
@pytest.mark.parametrize(
    ("model", "name"), [("gpt-4o", "max_tokens"), ("o3", "max_completion_tokens")]
)
async def test_who_asks_for_less_gets_less_and_nobody_more_than_is_reserved(
    asking: Asking, model: str, name: str, asked: int, goes: int
) -> None:
    assert await asking.sent(model, asked=asked) == {name: goes}


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5"])
@pytest.mark.parametrize("units", [frozenset(), frozenset({"images", "audio_s"})])
async def test_nothing_is_sent_where_no_answer_is_reserved(
    asking: Asking, model: str, units: frozenset[Unit]
) -> None:
    asking.units = units
    assert await asking.sent(model) == {}


@pytest.mark.parametrize("profile", PROFILES)
async def test_completions_know_one_name_alone(transport: Transport, profile: str) -> None:
    if not load_dialect(profile).serves("completion"):
        return
    async with listening(refuses) as server:
        relay = relay_of(profile, server.base, transport)
        for model in ("gpt-3.5-turbo-instruct", "gpt-5"):
            request = CompletionRequest(prompt="Say", model=model, max_tokens=20)
            with pytest.raises(RelayError, match="not today"):
                await relay.call(request)
    for exchange in server.asked:
        body = json.loads(exchange.body)
        assert {name: body[name] for name in NAMES & set(body)} == {"max_tokens": 20}
