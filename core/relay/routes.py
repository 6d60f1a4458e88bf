"""The configured relays as one: ordered targets, failover, probes before a return."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from core.errors import RelayError, RelayUnsupported
from core.ports.clock import Clock
from core.ports.ledger import Kind
from core.ports.relays import PLAIN, Errand, Quote, Served
from core.price import Price, dearest
from core.relay.chooser import Chooser
from core.relay.client import Relay
from core.relay.encode import Routed, RoutedRequest
from core.relay.entry import RouteTable
from core.relay.health import Health
from core.relay.hearing import hear
from core.relay.retry import Backoff
from core.relay.serving import Asking, Pace, Serving, Won
from core.relay.watch import Wait, WaitLimits
from core.request import (
    ChatRequest,
    ImageRequest,
    ModelsRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Chunk, Images, Model, Speech, Transcription

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Opened:
    """A stream, read up to the first text that a person would see."""

    head: tuple[Chunk, ...]
    rest: AsyncGenerator[Chunk, None]


class RelayRoutes:
    """The configured relays as `core.ports.relays.Relays`.

    A call goes to the first healthy target of its kind, else to the next at once. Once all
    have failed, those at which nothing can have been billed are asked again, after a pause.
    Nothing is asked again once a part of an answer was shown. What cools down, and how it
    comes back: docs/decisions/018.

    Raises ConfigError for a route to a relay that isn't there.
    """

    def __init__(
        self,
        relays: Iterable[Relay],
        table: RouteTable,
        *,
        clock: Clock,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        limits: WaitLimits | None = None,
    ) -> None:
        self._relays = {relay.name: relay for relay in relays}
        self._chooser = Chooser(self._relays, table)
        pace = Pace(backoff or Backoff(), sleep, chance, table.stall_s, limits or WaitLimits())
        self._serving = Serving(self._relays, clock, pace)

    @property
    def relays(self) -> Mapping[str, Relay]:
        """Each relay by its name, for calls past the routes."""
        return self._relays

    def health(self) -> Sequence[Health]:
        """What failed and did not work again yet; empty where all is well."""
        return list(self._serving.health())

    async def aclose(self) -> None:
        """Close all connections. Calls under way end with an error."""
        await self._serving.aclose()
        for relay in self._relays.values():
            await relay.aclose()

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        return await self._whole(
            request, lambda relay, asked, key: relay.call(asked, key=key), errand
        )

    async def stream(
        self, request: ChatRequest, errand: Errand = PLAIN
    ) -> AsyncGenerator[tuple[Chunk, Served], None]:
        won = await self._serve(request, _open, errand)
        self._serving.begun(won.scopes)
        try:
            async with aclosing(won.answer.rest) as rest:
                for chunk in won.answer.head:
                    yield chunk, won.served
                async for chunk in rest:
                    yield chunk, won.served
            self._serving.served(won.scopes)
        except RelayError as error:
            self._serving.failed(won.scopes, error)
            raise
        finally:
            self._serving.left(won.scopes)

    async def images(self, request: ImageRequest, errand: Errand = PLAIN) -> tuple[Images, Served]:
        return await self._whole(
            request, lambda relay, asked, key: relay.call(asked, key=key), errand
        )

    async def speech(self, request: SpeechRequest, errand: Errand = PLAIN) -> tuple[Speech, Served]:
        return await self._whole(
            request, lambda relay, asked, key: relay.call(asked, key=key), errand
        )

    async def transcription(
        self, request: TranscriptionRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        return await self._whole(
            request, lambda relay, asked, key: hear(relay, asked, key=key), errand
        )

    async def translation(
        self, request: TranslationRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        return await self._whole(
            request, lambda relay, asked, key: hear(relay, asked, key=key), errand
        )

    async def models(self) -> Mapping[str, Sequence[Model]]:
        relays = self._relays.values()
        listed = await asyncio.gather(*map(_listed, relays))
        return {relay.name: models for relay, models in zip(relays, listed, strict=True) if models}

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> Quote:
        targets = self._chooser.open_to(kind, model, errand)
        prices = [self.price(kind, target.relay, target.model) for target in targets]
        known = [price for price in prices if price]
        return Quote(dearest=dearest(known), whole=len(known) == len(prices))

    def price(self, kind: Kind, relay: str, model: str) -> Price | None:
        found = self._relays.get(relay)
        return found.price(kind, model) if found else None

    def choices(self) -> Sequence[str]:
        return [f"{step.relay}:{step.model}" for step in self._chooser.steps("chat")]

    def tokens(self) -> Sequence[str]:
        return [
            f"{relay.name}:{alias}"
            for relay in self._relays.values()
            for alias in relay.aliases[relay.keys :]
        ]

    def sees(self, choice: str = "") -> bool:
        """Whether any target would: a question with a picture goes to those first."""
        steps = self._chooser.steps("chat", choice)
        return any(self._chooser.sees(step.relay, step.model) for step in steps)

    def folds_persona(self, choice: str = "") -> bool:
        steps = self._chooser.steps("chat", choice)
        return bool(steps) and self._relays[steps[0].relay].dialect.persona == "fold"

    async def _whole(
        self,
        request: Routed,
        call: Callable[[Relay, Routed, int], Awaitable[Answer]],
        errand: Errand,
    ) -> tuple[Answer, Served]:
        async def ask(relay: Relay, asked: Routed, key: int, wait: Wait) -> Answer:
            del wait
            return await call(relay, asked, key)

        won = await self._serve(request, ask, errand)
        self._serving.served(won.scopes)
        return won.answer, won.served

    async def _serve(
        self, request: Routed, ask: Asking[Routed, Answer], errand: Errand
    ) -> Won[Answer]:
        targets = self._chooser.targets(request, errand)
        talk = self._talk(request, errand)
        return await self._serving.serve(request, targets, ask, talk, errand.again)

    def _talk(self, request: RoutedRequest, errand: Errand) -> str:
        """The conversation that stays where it was answered; a person's own pick and the key
        that he is bound to go before."""
        picked = errand.token or errand.choice.partition(":")[0] in self._relays
        return request.conversation if isinstance(request, ChatRequest) and not picked else ""


async def _open(relay: Relay, request: ChatRequest, key: int, wait: Wait) -> _Opened:
    """Raises RelayError as long as nothing of the answer could be seen."""
    rest = relay.stream(request, key=key)
    head: list[Chunk] = []
    async for chunk in rest:
        head.append(chunk)
        if chunk.text:
            break
        if chunk.reasoning:
            wait.heard()
    return _Opened(tuple(head), rest)


async def _listed(relay: Relay) -> Sequence[Model]:
    """What the relay lists, or what its profile knows where it lists nothing."""
    try:
        return (await relay.call(ModelsRequest())).models
    except RelayUnsupported:
        return [Model(id=name) for name in relay.dialect.known.get("chat", ())]
    except RelayError as error:
        log.warning("%s", error)
        return []
