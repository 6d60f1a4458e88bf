"""A relay that answers, fails in every way it can, and keeps a journal."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

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
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
)
from core.ports.ledger import Kind
from core.ports.relays import PLAIN, Errand, Quote, Served
from core.price import Price
from core.request import ChatRequest
from core.response import Chat, Chunk, Model, Usage

if TYPE_CHECKING:
    from prove.simulation.world import Answer, World

MARK = re.compile(r"[QA]\d+b*;|P:\w+;")
"""A canary: of a question, of an answer, of a bot's persona."""

SERVED = Served(relay="main", model="m")
USAGE = Usage(prompt_tokens=11, completion_tokens=7)

FAILURES: tuple[type[RelayError], ...] = (
    RelayRefused,
    RelayLost,
    RelayTimeout,
    RelayUnauthorized,
    RelayForbidden,
    RelayRateLimited,
    RelayUnavailable,
    RelayInvalid,
    RelayUnsupported,
    RelayGarbage,
)


class SimulatedRelay:
    """The server's side outlives processes. Each answer has a canary and names its questions."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._answers = count()

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        del errand
        text = await self._world.call(lambda answer: self._take(request, answer))
        return Chat(text=text, model="m", finish_reason="stop", usage=USAGE), SERVED

    async def stream(
        self, request: ChatRequest, errand: Errand = PLAIN
    ) -> AsyncIterator[tuple[Chunk, Served]]:
        text, _ = await self.chat(request, errand)
        pieces = text.text.split(" ")
        cut = self._world.fails(self._world.plan.rates.relay)
        for number, piece in enumerate(pieces):
            if cut and number == len(pieces) // 2:
                self._world.note("cut short", marks=_marks(request))
                raise RelayCut("broken off")
            await asyncio.sleep(self._world.chance.random() * 0.1)
            yield Chunk(text=piece if not number else f" {piece}"), SERVED
        yield Chunk(finish_reason="stop", usage=USAGE), SERVED

    def _take(self, request: ChatRequest, answer: "Answer") -> None:
        """At the relay's door, in the world outside."""
        world, chance = self._world, self._world.chance
        number = next(self._answers)
        marks = _marks(request)
        told = [mark for message in request.messages for mark in MARK.findall(message.content)]
        by, user = world.caller, request.user
        world.note("asked", number=number, marks=marks, told=told, user=user, by=by)
        world.did()
        if world.fails(world.plan.rates.surprise):
            world.note("relay fails", number=number, marks=marks, error="a surprise")
            answer(ZeroDivisionError("by nought"), chance.random())
        elif world.fails(world.plan.rates.relay):
            kind = chance.choice(FAILURES)
            world.note("relay fails", number=number, marks=marks, error=kind.__name__)
            late_s = 60.0 if kind is RelayTimeout else chance.random() * 3
            answer(kind("expected an answer, got a failure"), late_s)
        else:
            slow = world.fails(world.plan.rates.slow)
            answer(_answer(number, marks, chance.choice((1, 1, 2, 4))), _late_s(world, slow=slow))

    async def models(self) -> Mapping[str, Sequence[Model]]:
        return {"main": [Model(id="m")]}

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> Quote:
        del kind, model, errand
        return Quote(dearest=None, whole=False)

    def price(self, kind: Kind, relay: str, model: str) -> Price | None:
        del kind, relay, model
        return None

    def tokens(self) -> Sequence[str]:
        return []

    def choices(self) -> Sequence[str]:
        return ("main:m",)

    def sees(self, choice: str = "") -> bool:
        del choice
        return True

    def folds_persona(self, choice: str = "") -> bool:
        del choice
        return False


def _marks(request: ChatRequest) -> tuple[str, ...]:
    """Which questions the last message asks, in words and pictures."""
    question = request.messages[-1]
    pictures = (picture.content.decode("latin-1") for picture in question.pictures)
    shown = [mark for picture in pictures for mark in MARK.findall(picture)]
    return (*shown, *MARK.findall(question.content))


def _answer(number: int, marks: Sequence[str], paragraphs: int) -> str:
    """Paragraphs of 40 characters and more: no two of them fit into 60."""
    told = f"A{number}; to {' '.join(marks)}"
    lines = (f"{told} {place} of {paragraphs} ".ljust(45, ".") for place in range(paragraphs))
    return "\n\n".join(lines)


def _late_s(world: "World", *, slow: bool) -> float:
    chance = world.chance
    if slow:
        return chance.uniform(8, 60)
    return chance.choice((0.0, 0.01, chance.random(), chance.random() * 3))
