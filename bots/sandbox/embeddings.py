"""POST /v1/embeddings."""

import asyncio
import base64
import sys
from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.types import ASGIApp

from bots.sandbox.call import Call
from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.models import Catalog
from bots.sandbox.tokens import count_tokens
from bots.sandbox.usage import Reply
from bots.sandbox.vectors import embed

INPUT_TOKENS = 8191
"""Of each input, as zhizengzeng documents it for text-embedding-ada-002."""

REQUEST_TOKENS = 300_000
"""Of all inputs together (OpenAI's API reference; checked 2026-11-21)."""

INPUTS_AT_MOST = 2048
TOKENS_PER_UNIT = 10

DIMENSIONS = 1536
OTHER_DIMENSIONS: Mapping[str, int] = MappingProxyType({"text-embedding-3-large": 3072})

OLD_MODEL = "text-embedding-ada-002"
"""Takes no `dimensions`."""


class EmbeddingRequest(Struct, frozen=True, kw_only=True):
    """As in OpenAI's API reference."""

    model: str
    input: str | Annotated[list[str | int | list[int]], Meta(min_length=1)]
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    encoding_format: Literal["float", "base64"] | None = "float"
    user: str | None = None

    @property
    def texts(self) -> list[str]:
        """Raises Refusal (400) for tokens, nothing, and too many."""
        asked = [self.input] if isinstance(self.input, str) else self.input
        texts = [text for text in asked if isinstance(text, str)]
        if len(texts) < len(asked):
            raise _wrong("input", "Expected text; the sandbox has no token ids, so send words")
        if not all(texts):
            raise _wrong("input", "Expected text in each input, got an empty one")
        if len(texts) > INPUTS_AT_MOST:
            raise _wrong("input", f"Expected at most {INPUTS_AT_MOST} inputs, got {len(texts)}")
        return texts

    @property
    def size(self) -> int:
        """How many dimensions the vectors get. Raises Refusal (400)."""
        most = OTHER_DIMENSIONS.get(self.model, DIMENSIONS)
        if self.dimensions is None:
            return most
        if self.model == OLD_MODEL:
            raise _wrong("dimensions", f"'{OLD_MODEL}' has {most} dimensions and no others")
        if self.dimensions > most:
            raise _wrong("dimensions", f"Expected 1 to {most} dimensions, got {self.dimensions}")
        return self.dimensions


class Embeddings:
    """Vectors of the texts' own letters: alike texts are near, whatever they mean."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._decoder = msgspec.json.Decoder(EmbeddingRequest)

    async def __call__(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        reply = await asyncio.to_thread(self.answer, call.body, call.entry.at)
        call.units = reply.units
        return json_response(reply.content)

    def answer(self, body: bytes, at: datetime) -> Reply:
        """Blocks for about a second per 300,000 tokens. Raises Refusal."""
        del at
        request = decode(body, self._decoder)
        self._catalog.check(request.model, "embeddings")
        texts, size = request.texts, request.size
        tokens = _counted(texts)
        rows = [
            {"object": "embedding", "index": index, "embedding": _told(embed(text, size), request)}
            for index, text in enumerate(texts)
        ]
        content: dict[str, object] = {
            "object": "list",
            "data": rows,
            "model": request.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        return Reply(content=content, units=-(-tokens // TOKENS_PER_UNIT))


def _counted(texts: Sequence[str]) -> int:
    """The tokens of all texts. Raises Refusal (400) for too many."""
    counts = list(map(count_tokens, texts))
    for index, count in enumerate(counts):
        if count > INPUT_TOKENS:
            message = f"Expected at most {INPUT_TOKENS} tokens in input {index}, got {count}"
            raise _wrong("input", message)
    if sum(counts) > REQUEST_TOKENS:
        message = f"Expected at most {REQUEST_TOKENS} tokens in a request, got {sum(counts)}"
        raise _wrong("input", message)
    return sum(counts)


def _told(vector: "array[float]", request: EmbeddingRequest) -> list[float] | str:
    """The numbers, or the base64 of their 32-bit floats, little-endian."""
    if request.encoding_format != "base64":
        return vector.tolist()
    if sys.byteorder == "big":
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()


def _wrong(param: str, message: str) -> Refusal:
    return Refusal(400, f"{message}.", code="invalid_value", param=param)
