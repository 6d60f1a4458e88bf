"""POST /v1/edits, which OpenAI retired and some relays still serve."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.types import ASGIApp

from bots.sandbox.call import Call
from bots.sandbox.editing import edit
from bots.sandbox.failure import decode, json_response
from bots.sandbox.models import Catalog
from bots.sandbox.tokens import count_tokens
from bots.sandbox.usage import Usage


class EditRequest(Struct, frozen=True, kw_only=True):
    """As in OpenAI's API reference of 2023."""

    model: str
    instruction: Annotated[str, Meta(min_length=1)]
    input: str | None = ""
    n: Annotated[int, Meta(ge=1, le=20)] | None = 1
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None


class Edits:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._decoder = msgspec.json.Decoder(EditRequest)

    async def __call__(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = decode(call.body, self._decoder)
        self._catalog.check(request.model, "edits")
        text, n = request.input or "", request.n or 1
        edited = edit(text, request.instruction)
        asked = count_tokens(text) + count_tokens(request.instruction)
        usage = Usage.of(asked, n * count_tokens(edited))
        call.units = usage.units
        return json_response(
            {
                "object": "edit",
                "created": int(call.entry.at.timestamp()),
                "choices": [{"text": edited, "index": index} for index in range(n)],
                "usage": usage,
            }
        )
