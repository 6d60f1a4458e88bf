"""Relays whose calls are written down, whatever becomes of the answer."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from msgspec import structs

from core.errors import RelayError
from core.model import Spend
from core.ports.clock import Clock
from core.ports.relays import Relays, Served
from core.request import (
    ChatRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Chunk, Images, Model, Speech, Transcription, Usage, UserStat
from core.tokens import estimated_usage

Kind: TypeAlias = Literal["chat", "image", "speech", "transcription", "translation"]


class Call:
    """One call's line in the ledger: as it was asked, until it is known how it was served.

    `lost` are the relays and models that a route had asked before, to an unknown end.
    """

    __slots__ = ("lost", "served", "spend")

    def __init__(self, asked: Spend) -> None:
        self.spend = asked
        self.served = False
        self.lost: tuple[tuple[str, str], ...] = ()

    def serve(self, served: Served, *, estimated: bool = False, **figures: float) -> None:
        self.spend = structs.replace(
            self.spend, relay=served.relay, model=served.model, estimated=estimated, **figures
        )
        self.served = True
        self.lost = served.lost

    def serve_chat(self, served: Served, usage: Usage) -> None:
        self.serve(served, **structs.asdict(usage))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredRelays:
    """Relays for one message: each call that was, or may have been, billed is in `spends`.

    Where the outcome is unknown, or the call was given up, it is what was asked.
    """

    relays: Relays
    clock: Clock
    spends: list[Spend]

    async def chat(self, request: ChatRequest, choice: str = "") -> tuple[Chat, Served]:
        with self._noting(self._chat(request, choice), request) as call:
            answer, served = await self.relays.chat(request, choice)
            call.serve_chat(served, answer.usage)
        return answer, served

    async def stream(
        self, request: ChatRequest, choice: str = ""
    ) -> AsyncIterator[tuple[Chunk, Served]]:
        """What was said until a stream broke off was billed."""
        said: list[str] = []
        with self._noting(self._chat(request, choice), request) as call:
            try:
                async for chunk, served in self.relays.stream(request, choice):
                    said.append(chunk.text)
                    last, by = chunk, served
                    yield chunk, served
            finally:
                if said:
                    call.serve_chat(by, last.usage or estimated_usage(request, "".join(said)))

    async def images(self, request: ImageRequest) -> tuple[Images, Served]:
        with self._noting(self._asked("image", request.model, images=request.n)) as call:
            drawn, served = await self.relays.images(request)
            call.serve(served, images=len(drawn.images))
        return drawn, served

    async def speech(self, request: SpeechRequest) -> tuple[Speech, Served]:
        asked = self._asked("speech", request.model, characters=len(request.text))
        with self._noting(asked) as call:
            spoken, served = await self.relays.speech(request)
            call.serve(served)
        return spoken, served

    async def transcription(self, request: TranscriptionRequest) -> tuple[Transcription, Served]:
        asked = self._asked("transcription", request.model, audio_s=request.duration_s)
        with self._noting(asked) as call:
            heard, served = await self.relays.transcription(request)
            call.serve(served, audio_s=heard.duration_s or request.duration_s)
        return heard, served

    async def translation(self, request: TranslationRequest) -> tuple[Transcription, Served]:
        asked = self._asked("translation", request.model, audio_s=request.duration_s)
        with self._noting(asked) as call:
            heard, served = await self.relays.translation(request)
            call.serve(served, audio_s=heard.duration_s or request.duration_s)
        return heard, served

    async def models(self) -> Mapping[str, Sequence[Model]]:
        return await self.relays.models()

    async def stat(self) -> Mapping[str, UserStat | None]:
        return await self.relays.stat()

    def choices(self) -> Sequence[str]:
        return self.relays.choices()

    def sees(self, choice: str = "") -> bool:
        return self.relays.sees(choice)

    def folds_persona(self, choice: str = "") -> bool:
        return self.relays.folds_persona(choice)

    def _chat(self, request: ChatRequest, choice: str) -> Spend:
        target = choice or next(iter(self.relays.choices()), "")
        relay, _, model = target.partition(":")
        asked = self._asked("chat", request.model or model)
        return structs.replace(asked, relay=relay)

    def _asked(self, kind: Kind, model: str, **figures: float) -> Spend:
        asked = Spend(kind=kind, relay="", model=model, at=self.clock.now(), estimated=True)
        return structs.replace(asked, **figures)

    @contextmanager
    def _noting(self, asked: Spend, prompt: ChatRequest | None = None) -> Iterator[Call]:
        """Note the call, unless it is certain that it did not come about, and all it lost.

        A prompt's tokens are counted only where nobody tells what came of it.
        """
        call, certain = Call(asked), False
        try:
            yield call
        except RelayError as error:
            call.lost = call.lost or error.lost
            certain = error.certain or bool(error.lost)
            raise
        finally:
            if prompt and (call.lost or not call.served):
                tokens = estimated_usage(prompt, "").prompt_tokens
                asked = structs.replace(asked, prompt_tokens=tokens)
            now = self.clock.now()
            for relay, model in call.lost:
                self.spends.append(structs.replace(asked, relay=relay, model=model, at=now))
            if call.served or not certain:
                self.spends.append(structs.replace(call.spend if call.served else asked, at=now))
