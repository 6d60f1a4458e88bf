"""The simulation itself: that it repeats itself, that it rests, and that it can find something."""

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from core.delivery import Courier
from core.gateway import Gateway
from core.lanes import Lanes, Slot
from core.model import Delivery, Message, PartState
from core.ports.adapter import Receipt
from prove.simulation.history import History, play, play_for, undisturbed
from prove.simulation.loop import LIFE, Endless, VirtualLoop
from prove.simulation.plan import plan
from prove.simulation.world import Stage

SEEDS = range(1, 25)
SOON = 150
"""In how many histories a broken product is found out."""


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage.build()


def first_found(stage: Stage, kind: str = "all") -> History | None:
    """The first of which that kind of judgement is not empty."""
    with undisturbed():
        histories = (play(seed, stage) for seed in range(1, SOON))
        return next((one for one in histories if getattr(one.judgement, kind)), None)


def test_the_same_seed_gives_the_same_journal_whatever_was_played_before(stage: Stage) -> None:
    with undisturbed():
        once = [play(seed, stage).journal.story() for seed in SEEDS]
        again = [play(seed, stage).journal.story() for seed in reversed(SEEDS)]
    assert once == again[::-1]
    assert len(set(once)) == len(SEEDS)


def test_what_fails_is_in_the_histories(stage: Stage) -> None:
    with undisturbed():
        histories = [play(seed, stage) for seed in range(1, 100)]
    kinds = {entry.kind for history in histories for entry in history.journal.entries}
    assert {"killed", "ended", "unknown", "relay fails", "ack lost", "not taken"} <= kinds
    assert any(entry.flagged for history in histories for entry in history.journal.of("shown"))


def test_the_product_keeps_its_promises(stage: Stage) -> None:
    assert first_found(stage) is None


def test_an_acknowledgement_before_the_commit_is_found_and_its_seed_replays_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = Gateway.accept
    running: set[asyncio.Task[Receipt]] = set()

    async def hasty(self: Gateway, message: Message) -> Receipt:
        running.add(asyncio.create_task(accept(self, message)))
        return Receipt.STORED

    monkeypatch.setattr(Gateway, "accept", hasty)
    found = first_found(stage, "lost")
    assert found
    assert f"history {found.seed}:" in found.story()
    again = play_for(found.seed, 1, 60, most=1)
    assert again.failures == [(found.seed, found.judgement.all)]


def test_a_lane_that_does_not_wait_is_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def enter(self: Lanes[object], conversation: str, **_: object) -> Slot[object]:
        """Each message in a lane of its own."""
        return entered(self, f"{conversation} {len(self._tasks)}")

    entered = Lanes.enter
    monkeypatch.setattr(Lanes, "enter", enter)
    found = first_found(stage)
    assert found
    assert found.judgement.misordered


def test_a_delivery_that_is_begun_anew_after_a_crash_is_found(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = Courier.deliver

    async def anew(self: Courier, delivery: Delivery, answers: str, aside: str = "") -> None:
        states = (PartState.PENDING,) * len(delivery.states)
        await deliver(self, Delivery(reply=delivery.reply, states=states), answers, aside)

    monkeypatch.setattr(Courier, "deliver", anew)
    found = first_found(stage)
    assert found
    assert found.judgement.repeated


def run(main: Callable[[VirtualLoop], None], **limits: int) -> VirtualLoop:
    loop = VirtualLoop(Random(1), **limits)
    loop.outside(0, main, loop)
    try:
        loop.run_forever()
    finally:
        loop.close()
    return loop


def test_hours_pass_at_once() -> None:
    seen: list[float] = []

    def main(loop: VirtualLoop) -> None:
        loop.outside(7200, lambda: seen.append(loop.time()))

    run(main)
    assert seen == [7200.0]


def test_nothing_of_a_dead_process_is_done() -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(2)
            done.append(name)
        finally:
            done.append(f"{name} was unwound")

    def start(loop: VirtualLoop, life: int) -> None:
        loop.alive = life
        loop.call_soon(loop.create_task, work(f"life {life}"), context=loop.inside(life))

    def main(loop: VirtualLoop) -> None:
        start(loop, 1)
        loop.outside(1, start, loop, 2)

    with undisturbed():
        run(main)
        told = list(done)
    assert told == ["life 2", "life 2 was unwound"]


def test_a_history_that_never_rests_is_a_finding() -> None:
    def spin(loop: VirtualLoop) -> None:
        loop.call_soon(spin, loop)

    def main(loop: VirtualLoop) -> None:
        loop.alive = 1
        loop.call_soon(spin, loop, context=loop.inside(1))

    with pytest.raises(Endless, match="no rest after"):
        run(main, most_steps=100)


def test_plans_have_equal_ids_on_several_bots() -> None:
    plans = [plan(seed) for seed in SEEDS]
    keys = [[(post.address.bot, post.key) for post in made.posts] for made in plans]
    assert all(len(set(names)) == len(names) for names in keys)
    assert any(len({key for _, key in names}) < len(names) for names in keys)
    assert LIFE.get() == 0
