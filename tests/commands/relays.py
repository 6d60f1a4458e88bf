"""Relays that answer at once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from core.errors import ParleyError
from core.ports.ledger import Kind
from core.ports.relays import PLAIN, Errand, Quote, Served
from core.price import Price
from core.request import (
    ChatRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import (
    Chat,
    Chunk,
    Image,
    Images,
    Model,
    Speech,
    Transcription,
    Usage,
)


@dataclass
class TalkingRelays:
    """Relays that answer "answer 1", "answer 2", …, and keep what they were asked.

    `fault` is raised instead, once it is set.
    """

    offered: dict[str, list[str]] = field(default_factory=lambda: {"main": ["m-large", "m-small"]})
    bindable: tuple[str, ...] = ("main:alice", "main:bob")
    listed: tuple[str, ...] = ("main:m-large", "main:m-small", "spare:other")
    heard: str = "hello there"
    eyes: bool = True
    fault: ParleyError | None = None
    answer: str = ""
    asked: list[object] = field(default_factory=list)
    picks: list[str] = field(default_factory=list)
    said: count = field(default_factory=lambda: count(1))

    def _serve(self, request: object, choice: str = "") -> Served:
        self.asked.append(request)
        self.picks.append(choice)
        if self.fault:
            raise self.fault
        relay, _, model = (choice or self.listed[0]).partition(":")
        return Served(relay=relay, model=model)

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        served = self._serve(request, errand.choice)
        text = self.answer or f"answer {next(self.said)}"
        usage = Usage(prompt_tokens=11, completion_tokens=7)
        return Chat(text=text, model=served.model, finish_reason="stop", usage=usage), served

    async def stream(
        self, request: ChatRequest, errand: Errand = PLAIN
    ) -> AsyncIterator[tuple[Chunk, Served]]:
        chat, served = await self.chat(request, errand)
        yield Chunk(text=chat.text), served
        yield Chunk(finish_reason="stop", usage=chat.usage), served

    async def images(self, request: ImageRequest, errand: Errand = PLAIN) -> tuple[Images, Served]:
        served = self._serve(request)
        picture = Image(content=b"\x89PNG " + request.prompt.encode(), mime="image/png")
        return Images(images=(picture,)), served

    async def speech(self, request: SpeechRequest, errand: Errand = PLAIN) -> tuple[Speech, Served]:
        served = self._serve(request)
        return Speech(content=b"ID3 " + request.text.encode(), mime="audio/mpeg"), served

    async def transcription(
        self, request: TranscriptionRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        served = self._serve(request)
        return Transcription(text=self.heard, duration_s=2.0), served

    async def translation(
        self, request: TranslationRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        served = self._serve(request)
        return Transcription(text=f"{self.heard} in English", duration_s=2.0), served

    async def models(self) -> Mapping[str, Sequence[Model]]:
        if self.fault:
            raise self.fault
        return {relay: [Model(id=name) for name in names] for relay, names in self.offered.items()}

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> Quote:
        return Quote(dearest=None, whole=False)

    def price(self, kind: Kind, relay: str, model: str) -> Price | None:
        return None

    def choices(self) -> Sequence[str]:
        return self.listed

    def tokens(self) -> Sequence[str]:
        return self.bindable

    def sees(self, choice: str = "") -> bool:
        return self.eyes

    def folds_persona(self, choice: str = "") -> bool:
        return False
