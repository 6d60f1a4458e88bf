"""Who answers: the configured relays and their routes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.request import (
    ChatRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Chunk, Images, Model, Speech, Transcription, UserStat


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Which relay and model served a call: "main", "gpt-4o".

    `lost` were asked before, as (relay, model): what became of it is unknown, and may be billed.
    """

    relay: str
    model: str
    lost: tuple[tuple[str, str], ...] = ()


class Relays(Protocol):
    """The configured routes: each call goes to the first entry that serves it.

    `choice` is "relay:model", a person's own pick, tried before the route.
    All raise RelayError.
    """

    async def chat(self, request: ChatRequest, choice: str = "") -> tuple[Chat, Served]: ...

    def stream(
        self, request: ChatRequest, choice: str = ""
    ) -> AsyncIterator[tuple[Chunk, Served]]: ...

    async def images(self, request: ImageRequest) -> tuple[Images, Served]: ...

    async def speech(self, request: SpeechRequest) -> tuple[Speech, Served]: ...

    async def transcription(
        self, request: TranscriptionRequest
    ) -> tuple[Transcription, Served]: ...

    async def translation(self, request: TranslationRequest) -> tuple[Transcription, Served]: ...

    async def models(self) -> Mapping[str, Sequence[Model]]:
        """What each relay offers, by relay name. A relay that fails is left out."""
        ...

    async def stat(self) -> Mapping[str, UserStat | None]:
        """`/api/user/stat` of each relay that has it and a `stat_token`; None if it failed."""
        ...

    def choices(self) -> Sequence[str]:
        """The chat route's entries, "relay:model", in order."""
        ...

    def sees(self, choice: str = "") -> bool:
        """Whether the model that would answer takes pictures."""
        ...

    def folds_persona(self, choice: str = "") -> bool:
        """Whether the persona travels inside the first user message."""
        ...
