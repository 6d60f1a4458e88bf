"""The first of two relays goes bad under fifty conversations, in every way, and comes back.

Every message is answered once, wholly and by one relay, or its person is told why.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from bots.sandbox.faults import AnyFault, CutStream, ErrorInStream, Garbage, Lose, Reset, Status
from core.relay.transport import Transport
from tests.relays.outages.town import PEOPLE, STALL_S, Told, Town, town

Fault = Callable[[Town], Awaitable[None]]


def struck(**fault: object) -> dict[str, object]:
    return {"call": "chat", "count": "unlimited", **fault}


def by(fault: AnyFault) -> Fault:
    async def strike(town: Town) -> None:
        town.main.faults.add(fault)

    return strike


async def dies(town: Town) -> None:
    await town.front.close()


async def swallows(town: Town) -> None:
    town.front.mode = "swallows"


async def trickles(town: Town) -> None:
    town.front.mode = "trickles"


async def mended(town: Town) -> None:
    town.main.faults.clear()
    if town.front.mode == "passes":
        await town.front.close()
        await town.front.open()
    town.front.mode = "passes"


def relays(told: list[Told]) -> Counter[str]:
    return Counter(one.relay for one in told)


def errors(told: list[Told]) -> Counter[str]:
    return Counter(one.error for one in told if one.error)


EVERY_WAY: dict[str, tuple[Fault, float]] = {
    "refuses connections": (dies, 60.0),
    "answers nothing": (swallows, 60.0),
    "trickles": (trickles, 60.0),
    "resets": (by(Reset(**struck())), 60.0),
    "loses answers": (by(Lose(**struck())), 60.0),
    "cuts streams before their text": (by(CutStream(**struck(after=0))), 60.0),
    "errs in streams before their text": (by(ErrorInStream(**struck(after=0))), 60.0),
    "answers garbage": (by(Garbage(**struck())), 60.0),
    "has no channel": (by(Status(**struck(status=503, message="无可用渠道"))), 60.0),
    "limits the rate": (by(Status(**struck(status=429))), 60.0),
    "limits the rate for a while": (by(Status(**struck(status=429, retry_after_s=40))), 60.0),
    "takes no key": (by(Status(**struck(status=401))), 1800.0),
    "has no quota": (by(Status(**struck(status=403, code="insufficient_user_quota"))), 600.0),
}


@pytest.mark.parametrize("way", EVERY_WAY)
async def test_every_message_is_answered_once_whatever_befalls_a_relay(
    transport: Transport, way: str
) -> None:
    strike, pause_s = EVERY_WAY[way]
    async with town(transport) as stage:
        assert relays(await stage.round()) == {"main": PEOPLE}
        await strike(stage)
        first, second = await stage.round(), await stage.round()
        assert errors([*first, *second]) == {}
        assert relays([*first, *second]) == {"spare": 2 * PEOPLE}
        before = stage.answered_by("main")
        await mended(stage)
        assert relays(await stage.round()) == {"spare": PEOPLE}
        assert stage.answered_by("main") == before
        await stage.rest(pause_s)
        stage.clock.pass_(600.0)
        await stage.rest(0)  # on a slow machine the first probe may come too late
        assert (await stage.message("newcomer1")).relay == "main"
        assert relays(await stage.round()) == {"main": PEOPLE}
        assert stage.routes.health() == []


@pytest.mark.parametrize("way", ["refuses connections", "answers nothing", "trickles", "resets"])
async def test_whole_answers_are_given_once_as_well(transport: Transport, way: str) -> None:
    async with town(transport) as stage:
        assert relays(await stage.round(streamed=False)) == {"main": PEOPLE}
        await EVERY_WAY[way][0](stage)
        told = [*await stage.round(streamed=False), *await stage.round(streamed=False)]
        assert (errors(told), relays(told)) == ({}, {"spare": 2 * PEOPLE})


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (CutStream(**struck(after=2)), "relay_cut"),
        (CutStream(**struck(after=2, clean=True)), "relay_cut"),
        (ErrorInStream(**struck(after=2)), "relay_unavailable"),
    ],
    ids=["closed", "ended", "error"],
)
async def test_what_was_begun_is_not_begun_again_elsewhere(
    transport: Transport, fault: AnyFault, code: str
) -> None:
    async with town(transport) as stage:
        stage.main.faults.add(fault)
        told = await stage.round()
        assert errors(told) == {code: PEOPLE}
        assert relays(told) == {"main": PEOPLE}
        assert all(one.text and one.text in stage.said(one) for one in told)
        assert stage.answered_by("spare") == 1
        again = await stage.round()
        assert (errors(again), relays(again)) == ({}, {"spare": PEOPLE})


async def test_a_quota_that_runs_out_in_the_middle_costs_nobody_an_answer(
    transport: Transport,
) -> None:
    async with town(transport, grant=5_000) as stage:
        told = [one for _ in range(4) for one in await stage.round()]
        assert errors(told) == {}
        assert set(relays(told)) == {"main", "spare"}
        (health,) = stage.routes.health()
        assert (health.scope, health.name) == ("key", "main, key 1")


async def test_who_is_under_way_when_a_relay_dies_is_answered_by_the_next(
    transport: Transport,
) -> None:
    async with town(transport) as stage:
        stage.front.mode = "swallows"
        rounds = asyncio.create_task(stage.round())
        await stage.main.journal.until(lambda entries: len(entries) >= PEOPLE)
        await stage.front.close()
        told = await rounds
        assert (errors(told), relays(told)) == ({}, {"spare": PEOPLE})


async def test_those_who_come_after_the_first_failure_do_not_wait_for_it(
    transport: Transport,
) -> None:
    async with town(transport) as stage:
        stage.front.mode = "swallows"
        assert relays(await stage.round()) == {"spare": PEOPLE}
        began = asyncio.get_running_loop().time()
        told = await stage.message("newcomer1")
        assert (told.relay, told.first_s - began < STALL_S) == ("spare", True)


async def test_when_both_fail_each_person_is_told_what_helps(transport: Transport) -> None:
    async with town(transport) as stage:
        await dies(stage)
        stage.spare.faults.add(Status(**struck(status=429, retry_after_s=3600)))
        assert errors(await stage.round()) == {"relay_rate_limited": PEOPLE}
        stage.spare.faults.clear()
        stage.clock.pass_(3600.0)
        told = await stage.round()
        assert (errors(told), relays(told)) == ({}, {"spare": PEOPLE})
