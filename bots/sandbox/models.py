"""The models that the sandbox serves: its own names, and well-known ones for the same."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from bots.sandbox.failure import Refusal

Skill: TypeAlias = Literal["chat", "images", "speech", "hearing"]

REASONER = "sandbox-reasoner"

MODELS: Mapping[str, Skill] = MappingProxyType(
    {
        "sandbox-chat": "chat",
        REASONER: "chat",
        "sandbox-image": "images",
        "sandbox-speech": "speech",
        "sandbox-whisper": "hearing",
        "gpt-3.5-turbo": "chat",
        "gpt-4": "chat",
        "gpt-4o": "chat",
        "gpt-4o-mini": "chat",
        "dall-e-2": "images",
        "dall-e-3": "images",
        "gpt-image-1": "images",
        "tts-1": "speech",
        "tts-1-hd": "speech",
        "gpt-4o-mini-tts": "speech",
        "whisper-1": "hearing",
        "gpt-4o-transcribe": "hearing",
    }
)


def check_model(model: str, skill: Skill) -> None:
    """Raises Refusal (404) for a model that does not exist or does something else."""
    if MODELS.get(model) == skill:
        return
    served = ", ".join(name for name, what in MODELS.items() if what == skill)
    raise Refusal(
        404,
        f"The model '{model}' is not served here for this call. Use one of: {served}.",
        code="model_not_found",
        param="model",
    )


def listing(created: int) -> dict[str, object]:
    """The answer to `GET /v1/models`. `created` is in seconds since 1970."""
    rows = [
        {"id": name, "object": "model", "created": created, "owned_by": "parley-sandbox"}
        for name in MODELS
    ]
    return {"object": "list", "data": rows}
