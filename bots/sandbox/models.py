"""The models that the sandbox serves: its own names, well-known ones for the same, tuned ones."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from bots.sandbox.failure import Refusal
from bots.sandbox.lessons import Lessons

Skill: TypeAlias = Literal[
    "chat", "completions", "edits", "embeddings", "images", "speech", "hearing"
]

REASONER = "sandbox-reasoner"
TUNED_KEPT = 100

MODELS: Mapping[str, Skill] = MappingProxyType(
    {
        "sandbox-chat": "chat",
        REASONER: "chat",
        "sandbox-completion": "completions",
        "sandbox-edit": "edits",
        "sandbox-embedding": "embeddings",
        "sandbox-image": "images",
        "sandbox-speech": "speech",
        "sandbox-whisper": "hearing",
        "gpt-3.5-turbo": "chat",
        "gpt-4": "chat",
        "gpt-4o": "chat",
        "gpt-4o-mini": "chat",
        "gpt-3.5-turbo-instruct": "completions",
        "davinci-002": "completions",
        "text-davinci-edit-001": "edits",
        "code-davinci-edit-001": "edits",
        "text-embedding-ada-002": "embeddings",
        "text-embedding-3-small": "embeddings",
        "text-embedding-3-large": "embeddings",
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


class Catalog:
    """What one relay serves. Past TUNED_KEPT tuned models the oldest is forgotten."""

    def __init__(self, models: Mapping[str, Skill] = MODELS) -> None:
        self._models = models
        self._tuned: dict[str, Lessons] = {}

    def check(self, model: str, skill: Skill) -> None:
        """Raises Refusal (404) for a model that does not exist or does something else."""
        if self._models.get(model) == skill or (skill == "chat" and model in self._tuned):
            return
        served = ", ".join(name for name, what in self._models.items() if what == skill)
        raise Refusal(
            404,
            f"The model '{model}' is not served here for this call. Use one of: {served}.",
            code="model_not_found",
            param="model",
        )

    def add(self, model: str, lessons: Lessons) -> None:
        """Serve a fine-tuned chat model."""
        self._tuned[model] = lessons
        if len(self._tuned) > TUNED_KEPT:
            del self._tuned[next(iter(self._tuned))]

    def lessons(self, model: str) -> Lessons | None:
        """What a fine-tuned model was taught; None for all others."""
        return self._tuned.get(model)

    def listing(self, created: int) -> dict[str, object]:
        """The answer to `GET /v1/models`. `created` is in seconds since 1970."""
        rows = [
            {"id": name, "object": "model", "created": created, "owned_by": "parley-sandbox"}
            for name in (*self._models, *self._tuned)
        ]
        return {"object": "list", "data": rows}
