"""Routes: which failure is told when all fail, and which calls may have been billed."""

import pytest

from core.errors import (
    RelayCut,
    RelayError,
    RelayForbidden,
    RelayGarbage,
    RelayInvalid,
    RelayLost,
    RelayRateLimited,
    RelayRefused,
    RelayTimeout,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
    RelayUsedUp,
)
from core.relay.telling import most_telling
from tests.relays.calls import streaming
from tests.relays.routing import Stage, hangs_up, refuses, table
from tests.relays.stage import DONE, ask, event

MAIN, SPARE = ("main", "a", "key"), ("spare", "b", "key")
ROUTE = table("main:a", "spare:b")


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (RelayRefused, RelayUsedUp),
        (RelayUnauthorized, RelayUsedUp),
        (RelayUnavailable, RelayRateLimited),
        (RelayUnsupported, RelayUnavailable),
        (RelayGarbage, RelayRefused),
        (RelayForbidden, RelayTimeout),
        (RelayCut, RelayLost),
        (RelayLost, RelayTooLarge),
    ],
)
def test_the_error_that_helps_most_is_told(less: type[RelayError], more: type[RelayError]) -> None:
    told = more("helps")
    assert most_telling([less("a"), told, less("b")]) is told
    assert most_telling([told, less("a")]) is told


def test_of_two_limits_the_shorter_wait_is_told() -> None:
    soon = RelayRateLimited("soon", retry_after_s=3.0)
    late = RelayRateLimited("late", retry_after_s=90.0)
    assert most_telling([RelayRateLimited("when?"), late, soon]) is soon


async def test_what_helps_is_told_whoever_was_asked_first(stage: Stage) -> None:
    stage.answers["main"] = refuses(401)
    stage.answers["spare"] = refuses(429, retry_after="3600")
    with pytest.raises(RelayRateLimited):
        await stage.routes(ROUTE).chat(ask())


async def test_whoever_serves_tells_which_calls_may_be_billed_besides(stage: Stage) -> None:
    stage.answers["main"] = hangs_up
    _, served = await stage.routes(ROUTE).chat(ask())
    assert (served.relay, served.lost) == ("spare", (MAIN,))


async def test_a_stream_tells_which_calls_may_be_billed_besides(stage: Stage) -> None:
    stage.answers["main"] = hangs_up
    stage.answers["spare"] = streaming(event("Hi", "stop"), DONE)
    served = [served async for _, served in stage.routes(ROUTE).stream(ask())]
    assert {by.lost for by in served} == {(MAIN,)}


async def test_what_certainly_failed_is_not_among_them(stage: Stage) -> None:
    stage.answers["main"] = refuses(429)
    _, served = await stage.routes(ROUTE).chat(ask())
    assert served.lost == ()


async def test_when_all_fail_the_error_tells_every_call_that_may_be_billed(stage: Stage) -> None:
    stage.answers["main"], stage.answers["spare"] = hangs_up, refuses(401)
    with pytest.raises(RelayUnauthorized) as caught:
        await stage.routes(ROUTE).chat(ask())
    assert caught.value.lost == (MAIN,)
    stage.answers["spare"] = hangs_up
    with pytest.raises(RelayLost) as caught_again:
        await stage.routes(ROUTE).chat(ask())
    assert sorted(caught_again.value.lost) == [MAIN, SPARE]


async def test_a_request_that_is_refused_as_it_stands_tells_them_too(stage: Stage) -> None:
    stage.answers["main"], stage.answers["spare"] = hangs_up, refuses(400)
    with pytest.raises(RelayInvalid) as caught:
        await stage.routes(ROUTE).chat(ask())
    assert caught.value.lost == (MAIN,)
