"""Limits as people meet them, before a real relay: what is asked, refused, and counted."""

from pathlib import Path

import pytest

from bots.sandbox.faults import CutStream, Lose, Reset
from core.amounts import NANO
from core.command import Ask, Command, Outcome, Services
from core.model import Media
from core.people import PeopleRules
from core.quota.limits import Allowances, Limits
from core.request import ImageRequest
from tests.core.house import Site
from tests.quota.billed import billed
from tests.sandbox.heard import heard_once

CLIP = (Path(__file__).parents[1] / "clips" / "river.ogg").read_bytes()
VOICE = Media(kind="voice", remote="clip", mime="audio/ogg")
ANSWER_TOKENS = 64


def everybody(**figures: float | str) -> Limits:
    return Limits(all=Allowances(**figures), answer_tokens=ANSWER_TOKENS)


def used(site: Site, what: str) -> object:
    names = ("messages", "tokens", "nano_usd", "unpriced")
    ((figures),) = site.rows(
        "SELECT messages, tokens, nano_usd, unpriced FROM counters WHERE scope = 'all'"
    )
    return dict(zip(names, figures, strict=True))[what]


def reserved(site: Site) -> int:
    return len(site.rows("SELECT 1 FROM reservations"))


async def test_a_model_of_unknown_price_is_not_asked_where_dollars_are_limited(site: Site) -> None:
    site.limits = everybody(usd_day=1)
    async with billed(site, chat="sandbox-reasoner") as relay:
        await site.open()
        told = await site.person().asks("hello")
        assert told == [site.say("price_unknown", model="sandbox-reasoner")]
        assert relay.calls == []
        assert (site.rows("SELECT 1 FROM spends"), reserved(site)) == ([], 0)


@pytest.mark.parametrize("unit", ["tokens", "usd"])
async def test_a_model_whose_answer_nothing_bounds_is_not_asked_where_that_counts(
    site: Site, unit: str
) -> None:
    site.limits = everybody(**{f"{unit}_day": 50_000})
    async with billed(site, profile='[forbidden]\nchat = ["max_tokens"]') as relay:
        await site.open()
        told = await site.person().asks("hello")
        assert told == [site.say("answer_unbounded", model="sandbox-chat")]
        assert relay.calls == []
        assert (site.rows("SELECT 1 FROM spends"), reserved(site)) == ([], 0)
        await site.person().asks("/image a cat")
        assert relay.calls[0].call == "images"


async def test_a_model_that_takes_no_bound_is_asked_where_only_messages_are_limited(
    site: Site,
) -> None:
    site.limits = everybody(messages_day=5)
    async with billed(site, profile='[forbidden]\nchat = ["max_tokens"]') as relay:
        await site.open()
        await site.person().asks("hello")
        assert [("max_tokens" in call.body) for call in relay.calls] == [False]


async def test_in_a_small_window_a_shorter_answer_is_asked_for(site: Site) -> None:
    site.limits = Limits(all=Allowances(tokens_day=50_000), answer_tokens=4096)
    small = '[overlays."sandbox-chat"]\nwindow_tokens = 4096'
    async with billed(site, profile=small) as relay:
        await site.open()
        await site.person().asks("word " * 390)
        (most,) = [call.body["max_tokens"] for call in relay.calls]
        assert 256 < most <= 4096 - 390
        assert used(site, "tokens") > 0


async def test_where_tokens_are_limited_a_price_need_not_be_known(site: Site) -> None:
    site.limits = everybody(tokens_day=50_000)
    async with billed(site, chat="sandbox-reasoner") as relay:
        await site.open()
        await site.person().asks("hello")
        assert len(relay.calls) == 1
        assert site.rows("SELECT nano_usd FROM spends") == [(None,)]
        assert used(site, "unpriced") == 1


async def test_owners_are_held_to_the_limit_of_all(site: Site) -> None:
    site.limits = everybody(images_day=1)
    site.rules = PeopleRules(owners=frozenset({"qq:amy"}))
    async with billed(site) as relay:
        await site.open()
        amy = site.person()
        await amy.asks("/image a cat")
        (told,) = await amy.asks("/image a dog")
        assert "everybody's together, pictures a day: 1 of 1" in told
        assert [call.units > 0 for call in relay.calls if call.call == "images"] == [True]


@pytest.mark.parametrize("unit", ["messages", "tokens", "usd"])
async def test_a_limit_of_zero_lets_nothing_through(site: Site, unit: str) -> None:
    site.limits = everybody(**{f"{unit}_day": 0})
    async with billed(site) as relay:
        await site.open()
        (told,) = await site.person().asks("hello")
        assert told.startswith("**Limit reached:**")
        assert (relay.calls, reserved(site)) == ([], 0)


async def test_unlimited_bounds_nothing(site: Site) -> None:
    site.limits = everybody(usd_day="unlimited", tokens_day="unlimited")
    async with billed(site) as relay:
        await site.open()
        await site.person().asks("hello")
        (call,) = relay.calls
        assert "max_tokens" not in call.body


@pytest.mark.parametrize(
    ("limit", "bounded"), [("tokens", True), ("usd", True), ("images", False), ("messages", False)]
)
@pytest.mark.parametrize("live", [True, False])
async def test_answers_are_bounded_where_tokens_or_dollars_are_limited(
    site: Site, limit: str, bounded: bool, live: bool
) -> None:
    site.limits = everybody(**{f"{limit}_day": 100_000})
    (site.live_bot if live else site.bot)()
    async with billed(site) as relay:
        await site.open()
        await site.person().asks("hello")
        (call,) = relay.calls
        assert call.body.get("max_tokens") == (ANSWER_TOKENS if bounded else None)


async def test_speech_and_its_answer_are_both_held_to_the_limit(site: Site) -> None:
    """The second call books what it needs; where that is not given, what was heard is told."""
    site.limits = everybody(tokens_day=ANSWER_TOKENS)
    site.bot().files["clip"] = CLIP
    with heard_once():
        async with billed(site) as relay:
            await site.open()
            (told,) = await site.person().asks("", VOICE)
            assert "river" in told
            assert "**Limit reached:**" in told
            assert [call.call for call in relay.calls] == ["transcription"]
            assert site.rows("SELECT kind FROM spends") == [("transcription",)]
            assert (used(site, "tokens"), used(site, "messages"), reserved(site)) == (0, 1, 0)


async def test_a_recording_of_unknown_length_is_measured_before_it_is_heard(site: Site) -> None:
    site.limits = everybody(audio_s_day=1)
    site.bot().files["clip"] = CLIP
    async with billed(site) as relay:
        await site.open()
        (told,) = await site.person().asks("", VOICE)
        assert "seconds of speech heard a day: what is left of it is not enough" in told
        assert relay.calls == []


@pytest.mark.parametrize(("limit", "drawn"), [(3, 3), (2, 0)])
async def test_several_pictures_are_reserved_together(site: Site, limit: int, drawn: int) -> None:
    async def run(ask: Ask, rest: str, services: Services) -> Outcome:
        await services.relays.images(ImageRequest(prompt=rest, n=3))
        return Outcome()

    site.limits = everybody(images_day=limit)
    site.command(Command(name="three", run=run, spends="image"))
    async with billed(site) as relay:
        await site.open()
        await site.person().asks("/three cats")
        assert sum(call.units for call in relay.calls) == drawn * 20_000
        assert reserved(site) == 0


@pytest.mark.parametrize("fault", [Lose(call="chat"), Reset(call="chat")])
async def test_a_call_of_unknown_end_counts_as_the_most_that_it_can_be(
    site: Site, fault: Lose | Reset
) -> None:
    site.limits = everybody(usd_day=1)
    async with billed(site) as relay:
        relay.faults.add(fault)
        await site.open()
        await site.person().asks("hello")
        ((tokens, nano_usd, kept, unsure),) = site.rows(
            "SELECT completion_tokens, nano_usd, reserved_nano_usd, unsure FROM spends"
        )
        assert (tokens, unsure) == (ANSWER_TOKENS, 1)
        assert nano_usd == kept == used(site, "nano_usd")


async def test_a_stream_that_broke_counts_as_the_most_that_it_can_be(site: Site) -> None:
    """The relay billed it whole, and told nobody."""
    site.limits = everybody(usd_day=1)
    site.live_bot()
    async with billed(site) as relay:
        relay.faults.add(CutStream(call="chat", after=3))
        await site.open()
        await site.person().asks("hello")
        (call,) = relay.calls
        ((tokens, unsure),) = site.rows("SELECT completion_tokens, unsure FROM spends")
        assert (tokens, unsure) == (ANSWER_TOKENS, 1)
        assert used(site, "nano_usd") >= call.units * NANO // 500_000


@pytest.mark.parametrize(("group", "sender"), [(True, "amy"), (False, "eve")])
async def test_groups_and_guests_are_refused_without_any_dollars(
    site: Site, group: bool, sender: str
) -> None:
    each = Allowances(usd_day=0.0001)
    site.limits = Limits(member=each, guest=each)
    site.rules = PeopleRules(allow=frozenset({"qq:amy"}), guests=True)
    async with billed(site) as relay:
        await site.open()
        (told,) = await site.person(sender, chat="c", group=group).asks("hello")
        assert "yours, dollars a day: 0 % of it is used" in told
        assert "$" not in told
        assert relay.calls == []


async def test_a_member_alone_is_told_the_dollars(site: Site) -> None:
    site.limits = Limits(member=Allowances(usd_day=0.0001))
    site.rules = PeopleRules(allow=frozenset({"qq:amy"}))
    async with billed(site):
        await site.open()
        (told,) = await site.person("amy").asks("hello")
        assert "$0.00 of $0.0001 are used or reserved" in told
