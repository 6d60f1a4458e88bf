"""What was paid for is in the ledger, whatever became of the answer."""

import pytest

from core.command import Ask, Command, Outcome, Services
from core.errors import (
    MediaError,
    RelayCut,
    RelayError,
    RelayGarbage,
    RelayLost,
    RelayRefused,
    RelayTimeout,
    RelayUnauthorized,
)
from core.model import Media
from core.request import ImageRequest
from core.tokens import estimate_tokens
from tests.core.house import Person, Site
from tests.core.platform import LivePlatform

VOICE = Media(kind="voice", remote="v", mime="audio/ogg")


def kinds(site: Site) -> list[object]:
    return [kind for (kind,) in site.rows("SELECT kind FROM spends ORDER BY seq")]


async def heard(site: Site) -> tuple[Person, LivePlatform]:
    """Amy can speak to a bot that shows what comes."""
    live = site.live_bot()
    live.files["v"] = b"OggS"
    await site.open()
    return site.person(), live


async def test_a_picture_that_was_drawn_counts_though_it_cannot_be_kept(site: Site) -> None:
    async def put(content: bytes) -> str:
        raise MediaError("the disk is full")

    await site.open()
    site.house.media.put = put
    assert await site.person().asks("/image a cat") == [site.say("media")]
    assert site.rows("SELECT kind, relay, model, images FROM spends") == [("image", "main", "m", 1)]


async def test_speech_that_was_recognised_counts_though_its_answer_fails(site: Site) -> None:
    amy, _ = await heard(site)
    site.relays.script["spoken words"] = (RelayUnauthorized("401"),)
    await amy.asks("", VOICE)
    assert site.rows("SELECT kind, audio_s FROM spends") == [("transcription", 2.0)]


async def test_speech_that_was_recognised_counts_though_its_answer_is_stopped(site: Site) -> None:
    amy, _ = await heard(site)
    held = site.relays.hold("spoken words")
    await amy.says("", VOICE)
    await held.reached()
    await amy.asks("/stop")
    assert kinds(site) == ["transcription", "chat"]


@pytest.mark.parametrize("fault", [RelayCut, RelayGarbage, RelayLost, RelayTimeout])
@pytest.mark.parametrize("live", [True, False])
async def test_a_call_of_unknown_outcome_counts_as_estimated(
    site: Site, fault: type[RelayError], live: bool
) -> None:
    if live:
        site.live_bot()
    await site.open()
    site.relays.script["tell me more"] = (fault("what became of it is unknown"),)
    await site.person().asks("tell me more")
    assert site.rows("SELECT relay, model, prompt_tokens, estimated FROM spends") == [
        ("main", "m", estimate_tokens("tell me more"), 1)
    ]


@pytest.mark.parametrize("fault", [RelayRefused, RelayUnauthorized])
@pytest.mark.parametrize("live", [True, False])
async def test_a_call_that_certainly_came_to_nothing_costs_nothing(
    site: Site, fault: type[RelayError], live: bool
) -> None:
    (site.live_bot if live else site.bot)(outage_wait_s=0)
    await site.open()
    site.relays.script["hello"] = (fault("no"),)
    await site.person().asks("hello")
    assert kinds(site) == []


async def test_what_a_stream_said_before_it_broke_counts(site: Site) -> None:
    site.live_bot()
    await site.open()
    site.relays.script["tell"] = ("half an", RelayCut("broken off"))
    await site.person().asks("tell")
    assert site.rows("SELECT prompt_tokens, completion_tokens, estimated FROM spends") == [
        (estimate_tokens("tell"), estimate_tokens("half an"), 1)
    ]


async def test_an_answer_given_up_for_its_length_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.answering.LONGEST_ANSWER_S", 0.01)
    await site.open()
    site.relays.hold("hang")
    await site.person().asks("hang")
    assert kinds(site) == ["chat"]


async def test_an_answer_stopped_before_anything_was_shown_counts(site: Site) -> None:
    await site.open()
    held = site.relays.hold("slow")
    amy = site.person()
    await amy.says("slow")
    await held.reached()
    await amy.asks("/stop")
    assert site.rows("SELECT kind, estimated FROM spends") == [("chat", 1)]


async def test_every_try_of_what_is_set_aside_counts(site: Site) -> None:
    async def run(ask: Ask, rest: str, services: Services) -> Outcome:
        await services.relays.images(ImageRequest(prompt="a cat"))
        raise ZeroDivisionError

    site.command(Command(name="poison", run=run))
    await site.open()
    assert await site.person().asks("/poison") == [site.say("set_aside")]
    assert kinds(site) == ["image"] * 3
    (done,) = site.house.seen.ended
    assert [spend.kind for spend in done.spends] == ["image"] * 3


async def test_what_was_spent_on_an_answer_that_was_forgotten_meanwhile_counts(site: Site) -> None:
    await site.open()
    held = site.relays.hold("slow")
    amy, elsewhere = site.person(), site.person(chat="elsewhere")
    await amy.says("slow")
    await held.reached()
    await elsewhere.says("/forget yes")
    await site.platform.shows(1)
    held.release()
    await site.house.settled()
    assert amy.reads == []
    assert site.rows("SELECT person, kind, estimated FROM spends") == [(amy.key, "chat", 0)]
