"""What a call by hand comes to, as a row of the ledger."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, structs

from core.model import Spend, SpendKind
from core.relay.client import Relay
from core.relay.dialect import Call
from core.request import (
    BatchCreateRequest,
    ChatRequest,
    CompletionRequest,
    EditRequest,
    EmbeddingRequest,
    FineTuneCreateRequest,
    ImageRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Images, Transcription, Usage
from core.tokens import estimate_tokens

KINDS: Mapping[type[Struct], SpendKind] = {
    ChatRequest: "chat",
    CompletionRequest: "completion",
    EditRequest: "edit",
    EmbeddingRequest: "embedding",
    ImageRequest: "image",
    SpeechRequest: "speech",
    TranscriptionRequest: "transcription",
    TranslationRequest: "translation",
    BatchCreateRequest: "batch",
    FineTuneCreateRequest: "fine_tune",
}
"""What costs; all else is free. What a job comes to is not known when it is begun."""

JOBS: tuple[SpendKind, ...] = ("batch", "fine_tune")
HEARD: tuple[SpendKind, ...] = ("transcription", "translation")
KEY = 0
"""The key of calls by hand, among the entry's."""


def costs(request: Request) -> bool:
    return type(request) in KINDS


def spend_of(
    relay: Relay, request: Request, answer: Struct, at: datetime, *, length_s: float = 0.0
) -> Spend:
    """Of a call that costs. `length_s` is a recording's, where the relay does not tell it."""
    asked = _asked(relay, request, at)
    match answer:
        case Images(images=images):
            return priced(relay, structs.replace(asked, images=len(images)))
        case Transcription(duration_s=told_s):
            return priced(relay, structs.replace(asked, audio_s=told_s or length_s))
        case _:
            usage: Usage | None = getattr(answer, "usage", None)
            told = structs.asdict(usage) if usage else {"estimated": False}
            return priced(relay, structs.replace(asked, **told))


def lost_of(
    relay: Relay, request: Request, at: datetime, *, said: str = "", length_s: float = 0.0
) -> Spend:
    """Of a call that costs, and whose end is not known: what was asked, and `said` until then."""
    asked = _asked(relay, request, at)
    lost = structs.replace(
        asked,
        completion_tokens=estimate_tokens(said),
        audio_s=length_s,
        estimated=True,
        unsure=True,
    )
    return priced(relay, lost)


def priced(relay: Relay, spend: Spend) -> Spend:
    """At what the configuration or the profile says; a job's price is not known."""
    if spend.kind in JOBS or (spend.kind in HEARD and not spend.audio_s):
        return spend
    price = relay.price(_call(spend.kind), spend.model)
    return structs.replace(spend, nano_usd=price.nano_usd(spend) if price else None)


def blank(relay: Relay, kind: SpendKind, model: str, at: datetime) -> Spend:
    """Without figures; where no model is named, of the call's usual one."""
    named = model or relay.dialect.default_model(_call(kind))
    return Spend(kind=kind, relay=relay.name, model=named, key=relay.aliases[KEY], at=at)


def _call(kind: SpendKind) -> Call:
    match kind:
        case "batch":
            return "batch_create"
        case "fine_tune":
            return "fine_tune_create"
        case _:
            return kind


def _asked(relay: Relay, request: Request, at: datetime) -> Spend:
    asked = blank(relay, KINDS[type(request)], getattr(request, "model", ""), at)
    match request:
        case ChatRequest(messages=messages):
            texts = [message.content for message in messages]
        case CompletionRequest(prompt=prompt):
            texts = [prompt]
        case EditRequest(input=given, instruction=instruction):
            texts = [given, instruction]
        case EmbeddingRequest(inputs=inputs):
            texts = list(inputs)
        case ImageRequest(n=count):
            return structs.replace(asked, images=count)
        case SpeechRequest(text=text):
            return structs.replace(asked, characters=len(text))
        case _:
            texts = []
    return structs.replace(asked, prompt_tokens=sum(map(estimate_tokens, texts)))
