"""The town's page: be anybody, say something, see what comes back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from adapters.web.asset import load_assets
from adapters.web.guard import FILE_POLICY, HEADERS, PAGE_HEADERS, same_origin
from bots.sandbox.town.town import Line, Platform, Unspoken, Utterance
from core.errors import MediaError
from core.picture import picture_mime
from core.relay.magic import audio_mime
from core.sound import sniff, to_wav

UPLOAD_BYTES = 20 * 2**20
PAGE = Path(__file__).parent / "page"
NOT_IN_BROWSERS = ("silk", "amr")


def town_routes(platform: Platform) -> Sequence[BaseRoute]:
    """The page at "/", and what it asks for under "/town"."""
    page = TownPage(platform)
    return (
        Route("/", page.index),
        Route("/town", page.state),
        Route("/town/events", page.events),
        Route("/town/say", page.say, methods=["POST"]),
        Route("/town/files/{name}", page.file),
        Route("/town/{asset}", page.asset),
    )


class TownPage:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._town = platform.town
        self._assets = load_assets(PAGE)

    async def index(self, request: Request) -> Response:
        del request
        page = self._assets["index.html"]
        return Response(page.content, 200, PAGE_HEADERS, page.mime)

    async def asset(self, request: Request) -> Response:
        found = self._assets.get(request.path_params["asset"])
        if found is None:
            return PlainTextResponse("there is no such file", 404, HEADERS)
        return Response(found.content, 200, HEADERS | {"Cache-Control": "no-cache"}, found.mime)

    async def state(self, request: Request) -> Response:
        del request
        town = self._town
        return JSONResponse(
            {
                "name": town.name,
                "people": [msgspec.to_builtins(person) for person in town.people.values()],
                "places": [msgspec.to_builtins(place) for place in town.places.values()],
                "lines": [shown(line) for line in town.lines()],
            }
        )

    async def events(self, request: Request) -> Response:
        """Each line from now on, as server-sent events."""
        del request
        headers = HEADERS | {"Cache-Control": "no-store"}
        return StreamingResponse(self._events(), 200, headers, "text/event-stream")

    async def say(self, request: Request) -> Response:
        """What the query says, with the body as the file's content."""
        if not same_origin(request.headers):
            return PlainTextResponse("expected a request from the town's own page", 403, HEADERS)
        content = b""
        async for piece in request.stream():
            content += piece
            if len(content) > UPLOAD_BYTES:
                return PlainTextResponse("expected at most 20 MB", 413, HEADERS)
        try:
            said = msgspec.convert(
                {**request.query_params, "content": content}, Utterance, strict=False
            )
            line = await self._platform.speak(said)
        except (msgspec.ValidationError, Unspoken, MediaError, KeyError) as error:
            return PlainTextResponse(str(error), 400, HEADERS)
        return JSONResponse(shown(line))

    async def file(self, request: Request) -> Response:
        """A file; sound that no browser plays comes as WAV."""
        content = self._town.file(request.path_params["name"])
        if content is None:
            return PlainTextResponse("there is no such file any more", 404, HEADERS)
        if sniff(content) in NOT_IN_BROWSERS:
            content = await asyncio.to_thread(to_wav, content)
        mime = picture_mime(content) or audio_mime(content) or "application/octet-stream"
        headers = HEADERS | {"Content-Security-Policy": FILE_POLICY}
        return Response(content, 200, headers, mime)

    async def _events(self) -> AsyncIterator[bytes]:
        yield b": hello\n\n"
        async for line in self._town.listen():
            yield b"data: " + msgspec.json.encode(shown(line)) + b"\n\n"


def shown(line: Line) -> dict[str, Any]:
    """A line as the page gets it; what stands behind it on the wire may be megabytes."""
    fields: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(line, raw=None))
    raw = line.raw if isinstance(line.raw, dict) else {}
    entities = raw.get("entities") or raw.get("caption_entities") or []
    return fields | {"entities": entities}
