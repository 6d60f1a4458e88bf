"""Who answers: the configured relays and their routes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from core.errors import Lost
from core.ports.ledger import Kind
from core.price import Price
from core.request import (
    ChatRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Chunk, Images, Model, Speech, Transcription


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Which relay and model served a call: "main", "gpt-4o".

    `key` is the alias of the relay's key. `lost` were asked before, as (relay, model, key):
    what became of it is unknown, and may be billed.
    """

    relay: str
    model: str
    key: str = ""
    lost: tuple[Lost, ...] = ()


class Errand(Struct, frozen=True, kw_only=True):
    """How one call is to be made.

    `choice` is "relay:model", a person's own pick, tried before the route. `token` is
    "relay:alias", the one key that the person's calls use; with `common` the others follow
    where it fails. `priced`: only models of a known price are asked; `bounded`: for a chat only
    those that take `max_tokens`. `again` tells whether
    another target may be asked though a call made before may be billed.
    """

    choice: str = ""
    token: str = ""
    common: bool = False
    priced: bool = False
    bounded: bool = False
    again: Callable[[], Awaitable[bool]] | None = None


PLAIN = Errand()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The dearest known price among the models that may be asked; None if none is known.

    `whole`: every one's is known.
    """

    dearest: Price | None
    whole: bool


class Relays(Protocol):
    """The configured routes: each call goes to the first entry that serves it.

    All raise RelayError; PriceUnknown where `priced` leaves none,
    AnswerUnbounded where `bounded` does.
    """

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]: ...

    def stream(
        self, request: ChatRequest, errand: Errand = PLAIN
    ) -> AsyncIterator[tuple[Chunk, Served]]: ...

    async def images(
        self, request: ImageRequest, errand: Errand = PLAIN
    ) -> tuple[Images, Served]: ...

    async def speech(
        self, request: SpeechRequest, errand: Errand = PLAIN
    ) -> tuple[Speech, Served]: ...

    async def transcription(
        self, request: TranscriptionRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]: ...

    async def translation(
        self, request: TranslationRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]: ...

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> Quote:
        """What a call of a kind may cost; `model` is the request's own, if it names one."""
        ...

    def price(self, kind: Kind, relay: str, model: str) -> Price | None:
        """What a call cost that this relay and model served; None where it is not known."""
        ...

    async def models(self) -> Mapping[str, Sequence[Model]]:
        """What each relay offers, by relay name. A relay that fails is left out."""
        ...

    def choices(self) -> Sequence[str]:
        """The chat route's entries, "relay:model", in order."""
        ...

    def tokens(self) -> Sequence[str]:
        """The keys that people can be bound to, "relay:alias"."""
        ...

    def sees(self, choice: str = "") -> bool:
        """Whether the model that would answer takes pictures."""
        ...

    def folds_persona(self, choice: str = "") -> bool:
        """Whether the persona travels inside the first user message."""
        ...
