"""Relays that answer by a script."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TypeAlias

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
from core.rest import RESTS
from tests.core.held import Held

Step: TypeAlias = str | Held | Exception
"""A piece of the answer, a point to wait at, or an end."""

SERVED = Served(relay="main", model="m")
USAGE = Usage(prompt_tokens=11, completion_tokens=7)


class ScriptedRelays:
    """`script` says how a question is answered, by its text; others get "re: " and the question.

    `asked` are all chat requests, each seen by `watch`; `heard` is what speech is recognised as.
    `distant`: what is held waits behind a wire, as for a real relay, not at a step of its own.
    """

    def __init__(self) -> None:
        self.script: dict[str, Sequence[Step]] = {}
        self.asked: list[ChatRequest] = []
        self.watch: Callable[[ChatRequest], None] = lambda _: None
        self.heard = "spoken words"
        self.listened = 0
        self.distant = False
        self.eyes = True
        self.folds = False
        self.cost: Price | None = None

    @property
    def questions(self) -> list[str]:
        """The last message of each chat request."""
        return [request.messages[-1].content for request in self.asked]

    @property
    def sent(self) -> list[tuple[str, str]]:
        """What the model was sent last, as (role, text)."""
        return [(message.role, message.content) for message in self.asked[-1].messages]

    def hold(self, question: str) -> Held:
        """Let this question wait before anything of its answer comes."""
        held = Held()
        self.script[question] = (held, f"re: {question}")
        return held

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        text = "".join([piece async for piece in self._play(request)])
        return Chat(text=text, model="m", finish_reason="stop", usage=USAGE), SERVED

    async def stream(
        self, request: ChatRequest, errand: Errand = PLAIN
    ) -> AsyncIterator[tuple[Chunk, Served]]:
        async for piece in self._play(request):
            yield Chunk(text=piece), SERVED
        yield Chunk(finish_reason="stop", usage=USAGE), SERVED

    async def _play(self, request: ChatRequest) -> AsyncIterator[str]:
        self.asked.append(request)
        self.watch(request)
        question = request.messages[-1].content
        for step in self.script.get(question, (f"re: {question}",)):
            match step:
                case Held() if self.distant and (rests := RESTS.get()):
                    async with rests.resting():
                        await step.wait()
                case Held():
                    await step.wait()
                case Exception():
                    raise step
                case str():
                    yield step

    async def images(self, request: ImageRequest, errand: Errand = PLAIN) -> tuple[Images, Served]:
        return Images(images=(Image(content=request.prompt.encode(), mime="image/png"),)), SERVED

    async def speech(self, request: SpeechRequest, errand: Errand = PLAIN) -> tuple[Speech, Served]:
        return Speech(content=request.text.encode(), mime="audio/mpeg"), SERVED

    async def transcription(
        self, request: TranscriptionRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        self.listened += 1
        return Transcription(text=self.heard, duration_s=2.0), SERVED

    async def translation(
        self, request: TranslationRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        return await self.transcription(TranscriptionRequest(audio=b"", filename=""))

    async def models(self) -> Mapping[str, Sequence[Model]]:
        return {"main": [Model(id="m")]}

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> Quote:
        return Quote(dearest=self.cost, whole=self.cost is not None)

    def price(self, kind: Kind, relay: str, model: str) -> Price | None:
        return self.cost

    def tokens(self) -> Sequence[str]:
        return []

    def choices(self) -> Sequence[str]:
        return ("main:m",)

    def sees(self, choice: str = "") -> bool:
        return self.eyes

    def folds_persona(self, choice: str = "") -> bool:
        return self.folds
