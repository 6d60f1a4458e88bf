"""Which relay serves a call: ordered targets, failover, a second try where it is safe."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from core.errors import ConfigError, RelayError, RelayInvalid, RelayTooLarge, RelayUnsupported
from core.ports import Clock, Served
from core.relay.client import Relay
from core.relay.cooldown import Cooldowns
from core.relay.dialect import KINDS, Kind
from core.relay.encode import Routed, RoutedRequest, kind_of, with_model
from core.relay.entry import RouteTable, RouteTarget
from core.relay.hearing import hear
from core.relay.retry import Backoff, Rounds
from core.request import (
    ChatRequest,
    ImageRequest,
    ModelsRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.response import Chat, Chunk, Images, Model, Speech, Transcription, UserStat

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Opened:
    """A stream, read up to the first text that a person would see."""

    head: tuple[Chunk, ...]
    rest: AsyncGenerator[Chunk, None]


class RelayRoutes:
    """The configured relays as `core.ports.Relays`.

    A call goes to the first target of its kind that serves it. A target that
    failed goes to the back of the queue for a while. Once all have failed,
    those at which nothing can have been billed are asked again, after a pause.
    Nothing is asked again once a part of an answer was shown.

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
    ) -> None:
        self._relays = {relay.name: relay for relay in relays}
        self._routes = {kind: tuple(self._route(kind, table)) for kind in KINDS}
        self._cooldowns: Cooldowns[Served] = Cooldowns(clock.monotonic)
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._chance = chance

    @property
    def relays(self) -> Mapping[str, Relay]:
        """Each relay by its name, for calls past the routes."""
        return self._relays

    async def aclose(self) -> None:
        """Close all connections. Calls under way end with an error."""
        for relay in self._relays.values():
            await relay.aclose()

    async def chat(self, request: ChatRequest, choice: str = "") -> tuple[Chat, Served]:
        return await self._serve(request, Relay.call, choice)

    async def stream(
        self, request: ChatRequest, choice: str = ""
    ) -> AsyncGenerator[tuple[Chunk, Served], None]:
        opened, served = await self._serve(request, _open, choice)
        async with aclosing(opened.rest) as rest:
            for chunk in opened.head:
                yield chunk, served
            try:
                async for chunk in rest:
                    yield chunk, served
            except RelayError as error:
                self._cooldowns.failed(served, error.retry_after_s or 0.0)
                raise

    async def images(self, request: ImageRequest) -> tuple[Images, Served]:
        return await self._serve(request, Relay.call)

    async def speech(self, request: SpeechRequest) -> tuple[Speech, Served]:
        return await self._serve(request, Relay.call)

    async def transcription(self, request: TranscriptionRequest) -> tuple[Transcription, Served]:
        return await self._serve(request, hear)

    async def translation(self, request: TranslationRequest) -> tuple[Transcription, Served]:
        return await self._serve(request, hear)

    async def models(self) -> Mapping[str, Sequence[Model]]:
        asked = [relay for relay in self._relays.values() if relay.dialect.serves("models")]
        answers = await asyncio.gather(*(_or_none(relay.call(ModelsRequest())) for relay in asked))
        return {
            relay.name: answer.models
            for relay, answer in zip(asked, answers, strict=True)
            if answer is not None
        }

    async def stat(self) -> Mapping[str, UserStat | None]:
        asked = [relay for relay in self._relays.values() if relay.tells_stat]
        answers = await asyncio.gather(
            *(_or_none(relay.call(UserStatRequest())) for relay in asked)
        )
        return {relay.name: answer for relay, answer in zip(asked, answers, strict=True)}

    def choices(self) -> Sequence[str]:
        return [f"{target.relay}:{target.model}" for target in self._routes["chat"]]

    def sees(self, choice: str = "") -> bool:
        """Whether any target would: a question with a picture goes to those first."""
        return any(map(self._target_sees, self._chosen("chat", choice)))

    def folds_persona(self, choice: str = "") -> bool:
        targets = self._chosen("chat", choice)
        return bool(targets) and self._relays[targets[0].relay].dialect.persona == "fold"

    async def _serve(
        self,
        request: Routed,
        ask: Callable[[Relay, Routed], Awaitable[Answer]],
        choice: str = "",
    ) -> tuple[Answer, Served]:
        rounds = Rounds(self._targets(request, choice), self._backoff)
        failures: dict[Served, RelayError] = {}
        while True:
            for target in self._cooldowns.ordered(rounds.ready):
                try:
                    return await self._try(target, request, ask), target
                except RelayError as error:
                    if _at_fault_itself(error):
                        raise
                    log.warning("%s", _account(error))
                    failures[target] = error
                    rounds.failed(target, error, self._clock.monotonic())
            pause_s = rounds.pause_s(self._clock.monotonic(), self._chance())
            if pause_s is None:
                raise next(iter(failures.values()))
            await self._sleep(pause_s)

    async def _try(
        self,
        target: Served,
        request: Routed,
        ask: Callable[[Relay, Routed], Awaitable[Answer]],
    ) -> Answer:
        self._cooldowns.trying(target)
        try:
            answer = await ask(self._relays[target.relay], with_model(request, target.model))
        except RelayError as error:
            if not isinstance(error, RelayInvalid):
                self._cooldowns.failed(target, error.retry_after_s or 0.0)
            raise
        self._cooldowns.served(target)
        return answer

    def _targets(self, request: RoutedRequest, choice: str) -> list[Served]:
        kind = kind_of(request)
        targets = [
            Served(relay=target.relay, model=request.model or target.model)
            for target in self._chosen(kind, choice)
        ]
        if not targets:
            raise RelayUnsupported(
                f"routes.{kind}: no configured relay serves {kind}. Add one that does.", call=kind
            )
        if isinstance(request, ChatRequest) and any(m.pictures for m in request.messages):
            return [target for target in targets if self._target_sees(target)] or targets
        return targets

    def _chosen(self, kind: Kind, choice: str) -> tuple[Served, ...]:
        """The route, behind a person's own pick. A pick of a relay that is gone is none."""
        route = self._routes[kind]
        relay, _, model = choice.partition(":")
        if relay not in self._relays:
            return route
        picked = self._target(kind, RouteTarget(relay, model))
        return (picked, *(target for target in route if target != picked))

    def _route(self, kind: Kind, table: RouteTable) -> Iterable[Served]:
        steps: tuple[RouteTarget, ...] = getattr(table, kind)
        for step in steps:
            if step.relay not in self._relays:
                names = ", ".join(self._relays) or "none (no [relays.NAME] is there)"
                raise ConfigError(
                    f'routes.{kind}: expected the name of a relay, {names}; got "{step.relay}".'
                )
        every = [
            RouteTarget(name) for name, relay in self._relays.items() if relay.dialect.serves(kind)
        ]
        return [self._target(kind, step) for step in steps or every]

    def _target(self, kind: Kind, step: RouteTarget) -> Served:
        default = self._relays[step.relay].dialect.default_model(kind)
        return Served(relay=step.relay, model=step.model or default)

    def _target_sees(self, target: Served) -> bool:
        return self._relays[target.relay].sees(target.model)


async def _open(relay: Relay, request: ChatRequest) -> _Opened:
    """Raises RelayError as long as nothing of the answer could be seen."""
    rest = relay.stream(request)
    head: list[Chunk] = []
    async for chunk in rest:
        head.append(chunk)
        if chunk.text:
            break
    return _Opened(tuple(head), rest)


async def _or_none(answer: Awaitable[Answer]) -> Answer | None:
    try:
        return await answer
    except RelayError as error:
        log.warning("%s", error)
        return None


def _at_fault_itself(error: RelayError) -> bool:
    """Whether every relay would refuse the request."""
    return isinstance(error, RelayInvalid) and not isinstance(error, RelayTooLarge)


def _account(error: RelayError) -> str:
    """The error, and what asking elsewhere may cost."""
    if error.certain:
        return str(error)
    return f"{error} If another relay is asked now, the call may be billed twice."
