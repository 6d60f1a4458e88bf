"""Whose calls go by which key: real routes, and the sandbox relay's journal."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bots.sandbox import hearing
from bots.sandbox.accounts import UNITS_PER_USD
from bots.sandbox.ears import Heard, Word
from core.model import Media
from core.people import PeopleRules
from core.quota.limits import Allowances, Limits
from core.relay.entry import RouteTable
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.secret import Secret
from tests.core.house import Person, Site
from tests.relays.stage import FakeClock, entry, relay
from tests.sandbox.server import Sandbox, sandbox

CLIP = Path(__file__).parents[1] / "clips" / "garden.ogg"
VOICE = Media(kind="voice", remote="v", mime="audio/ogg", duration_s=2.0)
HEARD = Heard(duration_s=2.0, words=[Word(word="garden", start=0.0, end=1.0)])
COMMON, ALICE, BOB = "comm", "alic", "bobb"
"""The last four characters of the keys, which is what the relay's journal keeps."""

FALLBACK = Limits(fallback_to_common=True)


@dataclass
class Stand:
    """A site whose only relay is a sandbox with a common key and two tokens."""

    site: Site
    relay: Sandbox
    transport: Transport

    async def open(self, *, tokens: tuple[str, ...] = ("alice", "bob"), **site: object) -> Person:
        """Amy is bound to alice's token by the configuration unless something else is said."""
        about = {"bindings": {"qq:amy": "main:alice"}, "rules": RULES} | site
        for name, value in about.items():
            setattr(self.site, name, value)
        self.site.relays = self.routes(tokens)
        if not self.site.bots:
            self.site.bot(voice="text")
        self.site.platform.files["v"] = CLIP.read_bytes()
        await self.site.open()
        return self.site.person("amy")

    def routes(self, tokens: tuple[str, ...]) -> RelayRoutes:
        keys = {"alice": Secret(f"sk-canary-{ALICE}"), "bob": Secret(f"sk-canary-{BOB}")}
        at = entry(
            self.relay.base_url,
            profile="sandbox",
            key=Secret(f"sk-canary-{COMMON}"),
            first_byte_timeout_s=30.0,
            tokens={name: keys[name] for name in tokens},
        )
        clock = FakeClock()
        made = relay(at, self.transport, clock=clock)
        return RelayRoutes([made], RouteTable(), clock=clock, sleep=clock.sleep)

    def asked(self) -> list[str]:
        """The key of each call, in order."""
        return [one.key_last4 for one in self.relay.journal.entries() if one.method == "POST"]

    def ledger(self) -> list[tuple[object, ...]]:
        return self.site.rows("SELECT kind, key, unsure FROM spends ORDER BY seq")


RULES = PeopleRules(owners=frozenset({"qq:root"}), allow=frozenset({"qq:*"}))


@pytest.fixture(autouse=True)
def ears(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recogniser needs a second or more of a processor, and what it hears is nothing here."""
    monkeypatch.setattr(hearing, "_listen", lambda _: HEARD)


def stood(grant: int) -> Iterator[Sandbox]:
    with sandbox(grant=grant) as running:
        yield running


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    yield from stood(1000 * UNITS_PER_USD)


@pytest.fixture
def poor() -> Iterator[Sandbox]:
    """Each key is good for one call."""
    yield from stood(1)


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.aclose()


@pytest.fixture
def stand(site: Site, rich: Sandbox, transport: Transport) -> Stand:
    return Stand(site, rich, transport)


@pytest.fixture
def scarce(site: Site, poor: Sandbox, transport: Transport) -> Stand:
    return Stand(site, poor, transport)


CALLS = [
    ("hello", (), "chat"),
    ("/image a fox", (), "image"),
    ("/say good morning", (), "speech"),
    ("", (VOICE,), "transcription"),
    ("/translate", (VOICE,), "translation"),
]


@pytest.mark.parametrize(("text", "parts", "kind"), CALLS)
@pytest.mark.parametrize("limits", [Limits(), FALLBACK])
async def test_every_kind_of_call_goes_by_the_persons_own_token(
    stand: Stand, text: str, parts: tuple[Media, ...], kind: str, limits: Limits
) -> None:
    amy = await stand.open(limits=limits)
    await amy.asks(text, *parts)
    assert stand.asked() == [ALICE]
    assert stand.ledger() == [(kind, "alice", 0)]
    await stand.site.person("bob").asks(text, *parts)
    assert stand.asked() == [ALICE, COMMON]


async def test_a_stream_goes_by_the_persons_own_token(stand: Stand) -> None:
    stand.site.live_bot()
    amy = await stand.open()
    await amy.asks("hello")
    (call,) = stand.relay.journal.entries()
    assert call.body["stream"] is True
    assert call.key_last4 == ALICE
    assert stand.ledger() == [("chat", "alice", 0)]


async def test_whoever_is_bound_in_the_chat_is_so_from_the_next_message_on(stand: Stand) -> None:
    amy = await stand.open()
    root = stand.site.person("root")
    await root.asks("/bind qq:amy main:bob")
    await amy.asks("one")
    await root.asks("/bind qq:amy none")
    await amy.asks("two")
    await root.asks("/bind qq:amy main:alice")
    await amy.asks("three")
    assert stand.asked() == [BOB, COMMON, ALICE]
    told = stand.site.rows('SELECT "by", name, before, after FROM changes ORDER BY seq')
    steps = [(None, "main:bob"), ("main:bob", "none"), ("none", "main:alice")]
    assert told == [(root.key, "qq:amy", *step) for step in steps]


async def test_a_used_up_token_is_told_and_no_other_key_is_asked(scarce: Stand) -> None:
    amy = await scarce.open()
    await amy.asks("one")
    (told,) = await amy.asks("two")
    assert told == scarce.site.say("own_token_used_up", token="main:alice")
    assert scarce.asked() == [ALICE, ALICE]
    assert scarce.ledger() == [("chat", "alice", 0)]
    (told,) = await amy.asks("three")
    assert "`main:alice`" in told
    assert COMMON not in scarce.asked()


async def test_others_are_served_while_one_token_is_used_up(scarce: Stand) -> None:
    amy = await scarce.open()
    await amy.asks("one")
    await amy.asks("two")
    bob = scarce.site.person("bob")
    assert await bob.asks("hello") != []
    assert scarce.asked()[-1] == COMMON
    assert scarce.site.house.seen.outcomes[-1] == "answered"


async def test_with_the_common_key_behind_it_a_used_up_token_is_not_noticed(
    scarce: Stand,
) -> None:
    amy = await scarce.open(limits=FALLBACK)
    await amy.asks("one")
    await amy.asks("two")
    assert scarce.asked() == [ALICE, ALICE, COMMON]
    assert scarce.site.house.seen.outcomes == ["answered", "answered"]
    assert scarce.ledger() == [("chat", "alice", 0), ("chat", "key", 0)]


async def test_where_the_common_key_is_used_up_as_well_that_is_told(scarce: Stand) -> None:
    amy = await scarce.open(limits=FALLBACK)
    for text in ("one", "two"):
        await amy.asks(text)
    assert await amy.asks("three") == [scarce.site.say("relay_used_up")]


async def test_a_decided_token_that_is_gone_fails_in_so_many_words(stand: Stand) -> None:
    amy = await stand.open()
    await stand.site.person("root").asks("/bind qq:amy main:bob")
    await stand.site.close()
    amy = await stand.open(tokens=("alice",))
    for text, parts, _ in CALLS:
        assert await amy.asks(text, *parts) == [
            stand.site.say("relay_token_gone", token="main:bob")
        ]
    assert stand.asked() == []
    assert stand.ledger() == []


async def test_with_the_common_key_behind_it_a_token_that_is_gone_is_not_noticed(
    stand: Stand,
) -> None:
    amy = await stand.open(bindings={"qq:amy": "main:gone"}, limits=FALLBACK)
    await amy.asks("hello")
    assert stand.asked() == [COMMON]


async def test_a_bound_persons_limits_in_dollars_hold_by_his_tokens_prices(stand: Stand) -> None:
    amy = await stand.open(limits=Limits(member=Allowances(usd_day=1000.0)))
    await amy.asks("hello")
    assert stand.asked() == [ALICE]
    ((spent, reserved),) = stand.site.rows("SELECT nano_usd, reserved_nano_usd FROM spends")
    assert 0 < spent <= reserved


async def test_a_token_that_is_gone_costs_nothing_under_a_limit_in_dollars(stand: Stand) -> None:
    limits = Limits(member=Allowances(usd_day=1000.0))
    amy = await stand.open(bindings={"qq:amy": "main:gone"}, limits=limits)
    assert await amy.asks("hello") == [stand.site.say("relay_token_gone", token="main:gone")]
    assert stand.ledger() == []
    assert stand.site.rows("SELECT count(*) FROM reservations") == [(0,)]
