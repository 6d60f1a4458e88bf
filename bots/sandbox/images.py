"""POST /v1/images/generations, and the pictures' own addresses."""

import asyncio
import base64
import re
from collections import OrderedDict
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response
from starlette.types import ASGIApp

from bots.sandbox.call import Call
from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.landscape import draw
from bots.sandbox.models import Catalog

UNITS_PER_IMAGE = 20_000
SMALLEST_PX, LARGEST_PX = 16, 2048
LINKS_KEPT = 200
DEFAULT_SIZE = "1024x1024"

_SIZE = re.compile(r"(\d{1,4})x(\d{1,4})")


class ImageRequest(Struct, frozen=True, kw_only=True):
    """As in OpenAI's API reference; any size of 16 to 2,048 pixels a side is drawn."""

    prompt: Annotated[str, Meta(min_length=1, max_length=32_000)]
    model: str = "sandbox-image"
    n: Annotated[int, Meta(ge=1, le=10)] | None = 1
    size: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    user: str | None = None


class Motif(Struct, frozen=True):
    """All that a picture is drawn from."""

    prompt: str
    width: int
    height: int
    variant: int

    async def png(self) -> bytes:
        return await asyncio.to_thread(draw, self.prompt, self.width, self.height, self.variant)


class Images:
    """Draws pictures; links hold the motif, not the picture, the latest LINKS_KEPT of them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._decoder = msgspec.json.Decoder(ImageRequest)
        self._links: OrderedDict[str, Motif] = OrderedDict()
        self._number = 0

    async def generate(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = decode(call.body, self._decoder)
        self._catalog.check(request.model, "images")
        width, height = parse_size(request.size or "auto")
        count = request.n or 1
        call.units = UNITS_PER_IMAGE * count
        motifs = [Motif(request.prompt, width, height, variant) for variant in range(count)]
        # gpt-image models answer in base64 unless told otherwise, DALL·E ones in links.
        usual = "b64_json" if request.model.startswith("gpt-image") else "url"
        if (request.response_format or usual) == "url":
            data = [{"url": self._link(call, motif)} for motif in motifs]
        else:
            data = [{"b64_json": base64.b64encode(await motif.png()).decode()} for motif in motifs]
        return json_response({"created": int(call.entry.at.timestamp()), "data": data})

    async def fetch(self, call: Call) -> ASGIApp:
        """GET /sandbox/images/{name}.png. Raises Refusal."""
        name = call.request.path_params["name"]
        motif = self._links.get(name)
        if motif is None:
            raise Refusal(404, f"There is no picture '{name}' here; links last for a while only.")
        return Response(await motif.png(), media_type="image/png")

    def _link(self, call: Call, motif: Motif) -> str:
        self._number += 1
        name = f"picture-{self._number}"
        self._links[name] = motif
        if len(self._links) > LINKS_KEPT:
            self._links.popitem(last=False)
        return f"{call.request.base_url}sandbox/images/{name}.png"


def parse_size(size: str) -> tuple[int, int]:
    """Width and height in pixels of "1024x768" or "auto". Raises Refusal."""
    found = _SIZE.fullmatch(DEFAULT_SIZE if size == "auto" else size)
    sides = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(SMALLEST_PX <= side <= LARGEST_PX for side in sides):
        raise Refusal(
            400,
            f"Expected a size such as '1024x1024', {SMALLEST_PX} to {LARGEST_PX} pixels a side, "
            f"got '{size[:40]}'.",
            code="invalid_value",
            param="size",
        )
    return sides
