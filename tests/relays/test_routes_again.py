"""Routes: when a relay is asked again in the same call, and what is told when all fail."""

import logging

import pytest

from core.errors import RelayError, RelayLost, RelayRateLimited, RelayRefused, RelayUnauthorized
from prove.world.ports import free_port
from tests.relays.routing import Stage, hangs_up, refuses, says, table
from tests.relays.servers import Answer, Exchange
from tests.relays.stage import ask


async def test_a_rate_limited_relay_is_asked_again_after_its_own_time(stage: Stage) -> None:
    async def at_first(exchange: Exchange) -> None:
        first = stage.asked("main") == 1
        await (refuses(429, retry_after="3") if first else says("later"))(exchange)

    stage.answers["main"] = at_first
    chat, _ = await stage.routes(table("main")).chat(ask())
    assert chat.text == "later"
    assert stage.clock.slept == [3.5]


async def test_a_relay_that_refuses_connections_is_asked_again(stage: Stage) -> None:
    server = stage.servers["main"]
    server.port = free_port()
    with pytest.raises(RelayRefused):
        await stage.routes(table("main")).chat(ask())
    assert stage.clock.slept == [0.5, 1.0]


async def test_tries_that_fail_alike_are_logged_once_a_call(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.servers["main"].port = free_port()
    routes = stage.routes(table("main"))
    with caplog.at_level(logging.WARNING):
        for count in (1, 2):
            with pytest.raises(RelayRefused):
                await routes.chat(ask())
            assert len(caplog.records) == count


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(hangs_up, RelayLost), (refuses(500), RelayError), (refuses(401), RelayUnauthorized)],
)
async def test_what_may_have_been_billed_or_cannot_help_is_not_asked_again(
    stage: Stage, answer: Answer, kind: type[RelayError]
) -> None:
    stage.answers["main"] = answer
    with pytest.raises(kind):
        await stage.routes(table("main")).chat(ask())
    assert stage.asked("main") == 1


async def test_only_what_can_be_repeated_is_asked_in_the_second_round(stage: Stage) -> None:
    stage.answers["main"] = hangs_up
    stage.answers["spare"] = refuses(503)
    with pytest.raises(RelayError):
        await stage.routes().chat(ask())
    assert (stage.asked("main"), stage.asked("spare")) == (1, 3)


async def test_a_long_retry_after_is_told_instead_of_waited_for(stage: Stage) -> None:
    stage.answers["main"] = refuses(429, retry_after="3600")
    with pytest.raises(RelayRateLimited) as caught:
        await stage.routes(table("main")).chat(ask())
    assert caught.value.retry_after_s == 3600
    assert stage.clock.slept == []


async def test_a_neighbours_refusal_does_not_shorten_a_relays_own_time(stage: Stage) -> None:
    asked: list[tuple[str, float]] = []

    def busy(name: str, wait_s: str) -> Answer:
        async def answer(exchange: Exchange) -> None:
            asked.append((name, stage.clock.monotonic() - 1000.0))
            await refuses(429, retry_after=wait_s)(exchange)

        return answer

    stage.answers["main"], stage.answers["spare"] = busy("main", "10"), busy("spare", "1")
    with pytest.raises(RelayRateLimited):
        await stage.routes(table("main", "spare")).chat(ask())
    assert asked == [
        ("main", 0.0),
        ("spare", 0.0),
        ("spare", 1.5),
        ("spare", 3.5),
        ("main", 10.5),
        ("main", 21.5),
    ]


async def test_whose_own_time_is_too_long_holds_up_nobody_else(stage: Stage) -> None:
    stage.answers["main"] = refuses(429, retry_after="3600")
    stage.answers["spare"] = refuses(503)
    with pytest.raises(RelayRateLimited):
        await stage.routes(table("main", "spare")).chat(ask())
    assert (stage.asked("main"), stage.asked("spare")) == (1, 3)
    assert stage.clock.slept == [0.5, 1.0]
