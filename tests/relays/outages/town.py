"""Fifty conversations that talk through routes, and what each person was told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from core.errors import RelayError
from core.ports.relays import Errand
from core.relay.entry import RouteTable, RouteTarget
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.relay.watch import WaitLimits
from tests.relays.outages.front import Front, before
from tests.relays.stage import FakeClock, ask, entry, relay
from tests.sandbox.server import Sandbox, sandbox

PEOPLE = 50
STALL_S, PROBE_S = 0.3, 0.2
FAILOVER_S = 2.0
TICK_S = 0.01

MODELS = {"main": "gpt-4o", "spare": "sandbox-chat"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one message got: an answer of one relay, or an error's code after what was shown."""

    question: str
    text: str = ""
    relay: str = ""
    models: frozenset[str] = frozenset()
    error: str = ""
    first_s: float = 0.0


class HeldUp:
    """How long the machine has kept this process from running: nobody's wait for a relay."""

    seconds = 0.0

    async def watch(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due = now() + TICK_S
            await asyncio.sleep(TICK_S)
            self.seconds += now() - due


@dataclass
class Town:
    """Two sandbox relays behind routes, the first with a line that can go bad."""

    main: Sandbox
    spare: Sandbox
    front: Front
    routes: RelayRoutes
    clock: FakeClock
    template: str = ""
    held: HeldUp = field(default_factory=HeldUp)
    spoken: Counter[str] = field(default_factory=Counter)

    async def round(self, *, streamed: bool = True, people: int = PEOPLE) -> list[Told]:
        """A message of each conversation, all at once."""
        return await asyncio.gather(
            *(self.message(f"person-{number:02}", streamed) for number in range(people))
        )

    async def message(self, conversation: str, streamed: bool = True) -> Told:
        self.spoken[conversation] += 1
        question = f"{conversation} message {self.spoken[conversation]}"
        began, held_s = asyncio.get_running_loop().time(), self.held.seconds
        told = await (self._stream if streamed else self._whole)(question, conversation)
        assert told.error or told.text == self.said(told)
        assert told.models <= {MODELS.get(told.relay, "")}
        waited_s = told.first_s - began - (self.held.seconds - held_s)
        assert told.error or waited_s < FAILOVER_S, waited_s
        return told

    def said(self, told: Told) -> str:
        """The whole answer to its question."""
        return self.template.replace("QUESTION", told.question)

    async def _whole(self, question: str, conversation: str) -> Told:
        try:
            chat, by = await self.routes.chat(ask(question, conversation=conversation))
        except RelayError as error:
            return Told(question=question, error=error.code)
        seen_at = asyncio.get_running_loop().time()
        models = frozenset({chat.model})
        return Told(
            question=question, text=chat.text, relay=by.relay, models=models, first_s=seen_at
        )

    async def _stream(self, question: str, conversation: str) -> Told:
        said, relays, models, seen_at = [], set(), set(), 0.0
        error = ""
        try:
            async for chunk, by in self.routes.stream(ask(question, conversation=conversation)):
                if chunk.text and not said:
                    seen_at = asyncio.get_running_loop().time()
                said.append(chunk.text)
                relays.add(by.relay)
                models.add(chunk.model)
        except RelayError as broken:
            error = broken.code
        (served,) = relays or {""}
        return Told(
            question=question,
            text="".join(said),
            relay=served,
            models=frozenset(models - {""}),
            error=error,
            first_s=seen_at,
        )

    async def rest(self, seconds: float) -> None:
        """Time passes, somebody writes, and probes come to their end."""
        self.clock.pass_(seconds)
        await self.message("passer-by")
        await asyncio.gather(*self.routes._serving._prober._under_way.values())

    def answered_by(self, name: str) -> int:
        """How many chat calls a relay has answered with success."""
        return sum(entry.status == 200 for entry in getattr(self, name).journal.entries("chat"))


@asynccontextmanager
async def town(transport: Transport, *, grant: int | None = None) -> AsyncIterator[Town]:
    """`grant`: how many quota units the first relay gives."""
    clock = FakeClock()
    limited = {} if grant is None else {"grant": grant}
    with sandbox(**limited) as main, sandbox() as spare:
        async with before(main.port) as front:
            bases = {"main": front.base, "spare": spare.origin}
            relays = [
                relay(entry(base, name=name), transport, clock=clock)
                for name, base in bases.items()
            ]
            steps = tuple(RouteTarget(name, model) for name, model in MODELS.items())
            routes = RelayRoutes(
                relays,
                RouteTable(chat=steps, stall_s=STALL_S),
                clock=clock,
                sleep=clock.sleep,
                chance=lambda: 1.0,
                limits=WaitLimits(probe_s=PROBE_S),
            )
            made = Town(main, spare, front, routes, clock)
            made.template = await _template(routes)
            watching = asyncio.create_task(made.held.watch())
            try:
                yield made
            finally:
                watching.cancel()
                await routes.aclose()


async def _template(routes: RelayRoutes) -> str:
    """How both relays answer a question as long as those of the experiment."""
    question = "somebody0 message 1"
    chat, _ = await routes.chat(ask(question), Errand(choice="spare:sandbox-chat"))
    return chat.text.replace(question, "QUESTION")
