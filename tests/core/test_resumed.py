"""Whatever a process was about when it ended, and however often: all is said once, in order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ports.sending import Found, Outgoing, SendResult
from core.request import ChatRequest
from tests.core.house import Site
from tests.core.platform import RecallingPlatform, capabilities

PARTS = ("one", "two", "three")
PEOPLE = 3


class Fate:
    """The process stops at the step that is named, and never goes on."""

    def __init__(self) -> None:
        self._left = 0
        self.met = asyncio.Event()

    def await_step(self, left: int) -> None:
        """0: it lives."""
        self._left = left
        self.met.clear()

    async def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.met.set()
            await asyncio.get_running_loop().create_future()


class Doomed(RecallingPlatform):
    """Keeps what was said. A send is two steps: before it is shown, and before it is answered."""

    def __init__(self, fate: Fate) -> None:
        super().__init__("b", "qq")
        self.caps = capabilities(text_limit=9, on_unknown="hold")
        self._fate = fate

    async def send(self, outgoing: Outgoing) -> SendResult:
        await self._fate.step()
        result = await super().send(outgoing)
        await self._fate.step()
        return result

    async def find(self, outgoing: Outgoing) -> Found:
        await self._fate.step()
        return await super().find(outgoing)


@settings(max_examples=25, deadline=None)
@given(
    lives=st.lists(st.lists(st.integers(0, PEOPLE - 1), max_size=4), min_size=1, max_size=3),
    steps=st.lists(st.integers(1, 9), min_size=2, max_size=2),
)
async def test_all_is_said_once_and_in_order_wherever_processes_end(
    lives: list[list[int]], steps: list[int]
) -> None:
    with TemporaryDirectory() as folder:
        site = Site(Path(folder))
        site.bot()
        fate = Fate()
        site.platforms["b"] = Doomed(fate)
        await site.open()
        try:
            await _live(site, fate, lives, steps)
        finally:
            await site.close()


async def _live(
    site: Site, fate: Fate, lives: Sequence[Sequence[int]], steps: Sequence[int]
) -> None:
    """In each life some messages come in; each but the last ends at a step.

    After three such ends a message that was being worked on would be set aside.
    """
    people = [site.person(f"person {number}") for number in range(PEOPLE)]
    expected: list[list[str]] = [[] for _ in people]
    _watch(site)
    number = 0
    for life, said_by in enumerate(lives):
        last = life == len(lives) - 1
        fate.await_step(0 if last else steps[life])
        for who in said_by:
            question, number = f"q{number}", number + 1
            site.relays.script[question] = ("\n\n".join(f"{question} {part}" for part in PARTS),)
            expected[who] += [f"{question} {part}" for part in PARTS]
            await people[who].says(question)
        if last:
            await site.house.settled()
        else:
            await _ended(site, fate)
            await site.restart()
    assert [person.reads for person in people] == expected
    assert set(site.rows("SELECT DISTINCT state FROM parts")) <= {("sent",)}
    assert site.house.lanes.depth == 0


def _watch(site: Site) -> None:
    """Nobody is asked for an answer of which a part was tried: it is stored."""

    def asked(request: ChatRequest) -> None:
        question = request.messages[-1].content
        tried = {send.part.text.split()[0] for send in site.platform.tries}
        assert question not in tried

    site.relays.watch = asked


async def _ended(site: Site, fate: Fate) -> None:
    """At its step, or once there is nothing to do any more."""
    ends = [asyncio.create_task(fate.met.wait()), asyncio.create_task(site.house.settled())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
        with suppress(asyncio.CancelledError):
            await end


@pytest.mark.parametrize("step", range(1, 10))
async def test_a_process_that_ends_again_and_again_at_the_same_step_still_gets_through(
    site: Site, step: int
) -> None:
    site.bot()
    fate = Fate()
    site.platforms["b"] = Doomed(fate)
    await site.open()
    await _live(site, fate, [[0, 0, 1], [], []], [step] * 2)
