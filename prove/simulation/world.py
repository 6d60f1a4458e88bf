"""Everything around the bot's process: time, chance, platforms, relay, disk, and who kills it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol

from bots.commands import find_commands
from bots.texts.catalogue import Catalogue
from core.command import Command
from prove.simulation.database import Memory
from prove.simulation.house import House
from prove.simulation.journal import Journal
from prove.simulation.loop import LIFE, VirtualLoop
from prove.simulation.plan import HEAL_S, Death, Plan, Post, Trouble
from prove.simulation.platforms import KINDS
from prove.simulation.relay import SimulatedRelay

BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGAIN_S = 2.0
"""When a process that could not start is started again."""


class Answer(Protocol):
    """Sends a result, or an error to be raised, back to who called, after so many seconds."""

    def __call__(self, result: Any, after_s: float) -> None: ...


@dataclass(frozen=True)
class Stage:
    """What is made once for many histories."""

    memory: Memory
    commands: Mapping[str, Command]
    texts: Catalogue

    @classmethod
    def build(cls) -> "Stage":
        return cls(Memory(), find_commands(()), Catalogue())


class World:
    """One history. All chance after the plan's comes from one generator, in the loop's order."""

    def __init__(self, plan: Plan, seed: int, stage: Stage) -> None:
        self.plan = plan
        self.chance = Random(f"history {seed}")
        self.loop = VirtualLoop(self.chance)
        self.loop.worked = self.loop.stepped = lambda: None
        self.loop.set_exception_handler(self._surprised)
        self.memory, self.commands, self.texts = stage.memory, stage.commands, stage.texts
        self.memory.empty()
        self.journal = Journal()
        self.healed = False
        self.opened_s = 0.0
        self.caller = 0
        self.clock = SimulatedClock(self.loop)
        self.relay = SimulatedRelay(self)
        self.platforms = {name: KINDS[kind](self, name) for name, kind in plan.kinds.items()}
        self._house: House | None = None
        self._lives = 0
        self._died_at_steps = 0
        self._things = 0

    # -- its course --------------------------------------------------------------

    def run(self) -> Journal:
        """To its end. Raises Endless."""
        later = self.loop.outside
        later(0, self._start)
        later(HEAL_S, self._heal)
        for post in self.plan.posts:
            later(post.at_s, self.platforms[post.address.bot].post, post)
        for trouble in self.plan.troubles:
            later(trouble.at_s, self._trouble, trouble)
        for at_s in self.plan.sweeps:
            later(at_s, self._sweep)
        for at_s, span_s in self.plan.jumps:
            later(at_s, self._jump, span_s)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()
        return self.journal

    def _heal(self) -> None:
        self.healed = True
        self.memory.connection.trouble = ""
        self.note("healed")
        if self.open_house():
            for platform in self.platforms.values():
                platform.connected()

    def _trouble(self, trouble: Trouble) -> None:
        self.note(f"disk {trouble.kind}", long_s=trouble.long_s)
        self.memory.connection.trouble = trouble.kind
        self.loop.outside(trouble.long_s, self._well)

    def _well(self) -> None:
        self.memory.connection.trouble = ""
        self.note("disk well")

    def _jump(self, span_s: float) -> None:
        self.clock.offset_s += span_s
        self.note("clock jumps", span_s=span_s)

    def _sweep(self) -> None:
        if house := self.open_house():
            self.note("sweeps", keep_days=self.plan.keep_days)
            self.loop.call_soon(house.sweep, context=house.context.copy())

    # -- the process -------------------------------------------------------------

    def open_house(self) -> House | None:
        """The process that takes deliveries now."""
        return self._house if self._house and self._house.open else None

    def _start(self) -> None:
        self._lives += 1
        self.loop.alive = self._lives
        self._house = House(self, self._lives)
        self._died_at_steps, self._things = self.loop.steps, 0
        self._await_death()
        self.note("starts")
        self.loop.call_soon(self._house.begin, context=self._house.context)

    @property
    def _death(self) -> Death | None:
        """What this process is to die of."""
        number = self._lives - 1
        if self.healed or number >= len(self.plan.deaths):
            return None
        return self.plan.deaths[number]

    def _await_death(self) -> None:
        death, life = self._death, self._lives
        self.loop.stepped = self.loop.worked = _nothing
        match death:
            case Death(by="steps"):
                self.loop.stepped = self._stepped
            case Death(by="things"):
                self.loop.worked = self.did
            case Death(by="seconds"):
                self.loop.outside(death.count, self._die_at, life)
            case Death(by="stop"):
                self.loop.outside(death.count, self._stop, life)

    def _stepped(self) -> None:
        death = self._death
        if death and self.loop.steps - self._died_at_steps >= death.count:
            self._die(death)

    def did(self) -> None:
        """Something was done that is seen outside, or kept."""
        self._things += 1
        death = self._death
        if death and death.by == "things" and self.loop.alive and self._things >= death.count:
            self._die(death)

    def _die_at(self, life: int) -> None:
        death = self._death
        if death and life == self.loop.alive:
            self._die(death)

    def _stop(self, life: int) -> None:
        if self._death and life == self.loop.alive and self._house:
            self.note("asked to end")
            self.loop.call_soon(self._house.end, context=self._house.context)
            if self.chance.random() < 0.3:  # whoever asked has no patience
                self.loop.outside(self.chance.choice((0.001, 0.1, 7.0)), self._die_at, life)

    def _die(self, death: Death) -> None:
        self.note("killed", steps=self.loop.steps - self._died_at_steps, things=self._things)
        self._gone(death.down_s)

    def ended(self) -> None:
        """In order. What it would do yet is cut off."""
        self.note("ended")
        self._gone(1.0)

    def failed(self, why: str) -> None:
        self.note("start failed", why=why)
        self._gone(AGAIN_S)

    def _gone(self, down_s: float) -> None:
        self.loop.alive, self._house = 0, None
        self.loop.stepped = self.loop.worked = _nothing
        self.loop.outside(down_s, self._start)

    def opened(self) -> None:
        self.opened_s = self.now_s
        self.note("opens")
        for platform in self.platforms.values():
            platform.connected()

    # -- for those who live in it ------------------------------------------------

    @property
    def now_s(self) -> float:
        return self.loop.time()

    def note(self, kind: str, **what: Any) -> None:
        self.journal.note(self.now_s, self.loop.alive, kind, **what)

    def fails(self, rate: float) -> bool:
        return not self.healed and rate > 0 and self.chance.random() < rate

    def lag(self) -> float:
        return self.chance.choice((0.0, 0.001, self.chance.random() * 0.2))

    async def nap(self) -> None:
        await asyncio.sleep(self.lag())

    async def call(self, server: Callable[[Answer], None]) -> Any:
        """Ask somebody outside: what arrives there is done, whatever becomes of who asked.

        While the server is at it, `caller` is the process that asks, as its connection tells.
        """
        future = self.loop.create_future()

        def answer(result: Any, after_s: float) -> None:
            self.loop.outside(after_s, _settle, future, result)

        self.loop.outside(self.lag(), self._serve, server, answer, LIFE.get())
        return await future

    def _serve(self, server: Callable[[Answer], None], answer: Answer, life: int) -> None:
        self.caller = life
        server(answer)

    def new_id(self) -> str:
        milliseconds = int(self.clock.now().timestamp() * 1000)
        return f"{milliseconds:012x}{self.chance.getrandbits(64):016x}"

    def sent_at(self, post: Post) -> datetime:
        return BEGAN + timedelta(seconds=int(post.at_s))

    def _surprised(self, _loop: object, context: dict[str, Any]) -> None:
        if "was destroyed" not in context["message"]:
            self.note("surprise", message=context["message"], error=repr(context.get("exception")))


class SimulatedClock:
    """Virtual time; the wall clock may jump."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.offset_s = 0.0

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self._loop.time() + self.offset_s)

    def monotonic(self) -> float:
        return self._loop.time()


def _nothing() -> None:
    """No death is near."""


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
