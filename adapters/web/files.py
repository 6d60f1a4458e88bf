"""Files up and down: POST /upload and GET /media/{ticket}."""

import asyncio
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from adapters.web.byte_range import OutOfRange, parse_range
from adapters.web.format import encode, format_file
from adapters.web.guard import FILE_POLICY, HEADERS, same_origin
from adapters.web.kind import SHOWN_INLINE, kind_of, recording_of
from adapters.web.session import COOKIE, Sessions, Tickets
from core.errors import MediaError, MediaNotKept, StoreError
from core.model import Media
from core.ports.store import MediaStore

UPLOADS_AT_ONCE = 4
UPLOAD_TIMEOUT_S = 120.0
NAME_CHARS = 120


class Files:
    """A file belongs to the session that uploaded it or was sent it: see Tickets."""

    def __init__(
        self, *, media: MediaStore, sessions: Sessions, tickets: Tickets, upload_bytes: int
    ) -> None:
        self._media = media
        self._sessions = sessions
        self._tickets = tickets
        self._upload_bytes = upload_bytes
        self._slots = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def upload(self, request: Request) -> Response:
        """The body is the file as it is; `?name=` its name, `?recording` for a microphone's."""
        session = self._sessions.read(request.cookies.get(COOKIE))
        if not same_origin(request.headers):
            return _refusal(403, "expected a request from this page, got another origin")
        if session is None:
            return _refusal(401, "expected this page's cookie, got none: reload the page")
        try:
            async with self._slots, asyncio.timeout(UPLOAD_TIMEOUT_S):
                content = await self._body(request)
                return await self._keep(request, session, content)
        except (MediaNotKept, StoreError):
            return _refusal(503, "the file could not be stored now: try again")
        except MediaError as error:
            return _refusal(413 if error.params else 400, str(error))
        except (TimeoutError, ClientDisconnect):
            return _refusal(408, f"expected the whole file within {UPLOAD_TIMEOUT_S:.0f} s")

    async def download(self, request: Request) -> Response:
        session = self._sessions.read(request.cookies.get(COOKIE))
        if session is None:
            return _refusal(401, "expected this page's cookie, got none: reload the page")
        try:
            media = self._tickets.read(session, request.path_params["ticket"])
            content = await self._media.get(media.blob)
        except MediaError:
            return _refusal(404, "there is no such file here, or no more")
        return _file(request, media, content)

    async def _body(self, request: Request) -> bytes:
        limit = self._upload_bytes
        stated = request.headers.get("content-length", "")
        if stated.isdigit() and int(stated) > limit:
            raise _too_large(int(stated), limit)
        chunks: list[bytes] = []
        got = 0
        async for chunk in request.stream():
            got += len(chunk)
            if got > limit:
                raise _too_large(got, limit)
            chunks.append(chunk)
        if not got:
            raise MediaError("expected a file, got no bytes")
        return b"".join(chunks)

    async def _keep(self, request: Request, session: str, content: bytes) -> Response:
        recorded = "recording" in request.query_params
        kind, mime = recording_of(content) if recorded else kind_of(content)
        media = Media(
            kind=kind,
            blob=await self._media.put(content),
            mime=mime,
            name=clean_name(request.query_params.get("name", "")),
            size_bytes=len(content),
        )
        view = format_file(media, session, self._tickets)
        return Response(encode(view), 201, HEADERS, "application/json")


def clean_name(name: str) -> str:
    """A name that is only a name: no folders, no control characters, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-NAME_CHARS:].strip(". ")


def _file(request: Request, media: Media, content: bytes) -> Response:
    headers = _file_headers(media, content)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(None, 304, headers)
    asked = request.headers.get("range", "")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        asked = ""
    try:
        part = parse_range(asked, len(content))
    except OutOfRange:
        return Response(None, 416, HEADERS | {"Content-Range": f"bytes */{len(content)}"})
    if part is None:
        return Response(content, 200, headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return Response(content[part.start : part.stop], 206, headers)


def _file_headers(media: Media, content: bytes) -> dict[str, str]:
    kind, mime = recording_of(content) if media.kind == "voice" else kind_of(content)
    inline = kind in SHOWN_INLINE or kind == "voice"
    name = f"; filename*=UTF-8''{quote(media.name, safe='')}" if media.name else ""
    return HEADERS | {
        "Content-Type": mime,
        "Content-Disposition": ("inline" if inline else "attachment") + name,
        "Content-Security-Policy": FILE_POLICY,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600",
        "ETag": f'"{media.blob}"',
    }


def _too_large(got: int, limit: int) -> MediaError:
    return MediaError(f"expected a file of at most {limit} bytes, got {got}", got=got, limit=limit)


def _refusal(status: int, reason: str) -> Response:
    return PlainTextResponse(reason, status, HEADERS)
