"""The chat page as a platform: HTTP and a WebSocket in, frames out."""

import asyncio
import math
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from adapters.web.asset import Asset, load_assets
from adapters.web.files import Files
from adapters.web.format import encode, format_answer, format_history, format_said
from adapters.web.frames import (
    TEXT_CHARS,
    Ack,
    BusyNotice,
    Failed,
    Hello,
    Invalid,
    Send,
    TypingNotice,
)
from adapters.web.guard import HEADERS, PAGE_HEADERS
from adapters.web.newcomers import Newcomers
from adapters.web.parse import BadFrame, parse_message
from adapters.web.session import COOKIE, COOKIE_AGE_S, Sessions, Tickets
from adapters.web.socket import Socket
from adapters.web.tab import Tab, Tabs
from core.bot import Bot
from core.errors import MediaError, StoreError
from core.model import Address, Capabilities, Media, Message
from core.ports.adapter import Emit, Receipt
from core.ports.clock import Clock, NewId
from core.ports.sending import Outgoing, Refused, SendResult, Sent
from core.ports.store import MediaStore, Transcript
from core.secret import Secret

Menu: TypeAlias = Callable[[str], Sequence[tuple[str, str]]]
"""The commands in a language ("en", "zh"): (name without a slash, what it does)."""

UPLOAD_BYTES = 25 * 2**20  # what OpenAI's transcription takes
RETRY_AFTER_S = 2.0
HISTORY_COUNT = 50
HISTORY_MOST = 500

CAPABILITIES = Capabilities(
    source="adapters/web/frames.py: the page is Parley's own",
    markup="markdown",
    media=frozenset({"image", "voice", "audio", "video", "file"}),
    repeatable=True,
)

BROKEN = "expected a message that can be stored; put it another way"


class WebAdapter:
    """Implements Adapter, Webhook, Typing and Draft of core.ports.adapter.

    `secret` signs cookies and file tickets: keep it between starts, or everyone
    begins anew. `page` is the folder with index.html and what it loads.
    """

    platform = "web"
    public = False

    def __init__(  # noqa: PLR0913 (what it needs comes in here and nowhere else)
        self,
        *,
        bot: Bot,
        media: MediaStore,
        transcript: Transcript,
        secret: Secret,
        clock: Clock,
        new_id: NewId,
        page: Path,
        menu: Menu,
        upload_bytes: int = UPLOAD_BYTES,
        new_session: Callable[[], str] = secrets.token_hex,
    ) -> None:
        self.bot = bot.name
        self._question_chars = TEXT_CHARS if bot.history_chars == "unlimited" else bot.history_chars
        self._transcript = transcript
        self._clock = clock
        self._new_id = new_id
        self._new_session = new_session
        self._menu = menu
        self._upload_bytes = upload_bytes
        self._assets = load_assets(page)
        self._tabs = Tabs()
        self._sessions = Sessions(secret)
        self._newcomers = Newcomers(clock)
        self._tickets = Tickets(secret)
        self._files = Files(
            media=media,
            sessions=self._sessions,
            tickets=self._tickets,
            upload_bytes=upload_bytes,
        )
        self._emit: Emit | None = None

    # -- Adapter -------------------------------------------------------------

    def capabilities(self, address: Address) -> Capabilities:
        del address
        return CAPABILITIES

    async def run(self, emit: Emit) -> None:
        """Take messages until cancelled; before and after, tabs are told to try again."""
        self._emit = emit
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._emit = None

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Show a part in every open tab. With none open the history shows it later."""
        if isinstance(outgoing.part, Media) and not outgoing.part.blob:
            return Refused("the page shows files from the media store only, got one without a hash")
        frame = ""
        for tab in self._tabs.of(outgoing.to.chat):
            frame = frame or encode(format_answer(outgoing, self._tickets))
            tab.end_draft(outgoing.answers)
            tab.push(frame)
        return Sent(outgoing.key)

    async def fetch(self, media: Media) -> bytes:
        raise MediaError(
            f"the page's files are in the media store; got one that is not: {media.kind}"
        )

    # -- Typing, Draft -------------------------------------------------------

    async def typing(self, to: Address) -> None:
        for tab in self._tabs.of(to.chat):
            tab.push(encode(TypingNotice()))

    def draft(self, to: Address, answers: str, text: str) -> None:
        for tab in self._tabs.of(to.chat):
            tab.draft(answers, text)

    # -- Webhook -------------------------------------------------------------

    def routes(self) -> Sequence[Route | WebSocketRoute]:
        socket = Socket(
            sessions=self._sessions, tabs=self._tabs, hello=self._hello, take=self._take
        )
        return (
            Route("/", self._index),
            Route("/static/{name}", self._static),
            Route("/history", self._history),
            Route("/upload", self._files.upload, methods=["POST"]),
            Route("/media/{ticket}", self._files.download),
            WebSocketRoute("/ws", socket.serve),
        )

    async def _index(self, request: Request) -> Response:
        page = self._assets["index.html"]
        response = Response(page.content, 200, PAGE_HEADERS, page.mime)
        session = self._sessions.read(request.cookies.get(COOKIE))
        client = request.client.host if request.client else ""
        if session is None and (wait_s := self._newcomers.wait_s(client)):
            return _full(wait_s)
        response.set_cookie(
            COOKIE,
            self._sessions.sign(session or self._new_session()),
            max_age=COOKIE_AGE_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    async def _static(self, request: Request) -> Response:
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("there is no such file", 404, HEADERS)
        return _asset(request, asset)

    async def _history(self, request: Request) -> Response:
        session = self._sessions.read(request.cookies.get(COOKIE))
        if session is None:
            return PlainTextResponse("expected this page's cookie: reload the page", 401, HEADERS)
        asked = request.query_params.get("count", "")
        count = min(int(asked), HISTORY_MOST) if asked.isdecimal() else HISTORY_COUNT
        try:
            exchanges = await self._transcript.exchanges(self.platform, self.bot, session, count)
        except StoreError:
            return PlainTextResponse("the history cannot be read now: try again", 503, HEADERS)
        page = format_history(exchanges, count, self._tickets)
        headers = HEADERS | {"Cache-Control": "no-store"}
        return Response(encode(page), 200, headers, "application/json")

    # -- one message ---------------------------------------------------------

    def _hello(self) -> str:
        menus = {language: tuple(self._menu(language)) for language in ("en", "zh")}
        return encode(
            Hello(
                menus=menus,
                upload_bytes=self._upload_bytes,
                question_chars=self._question_chars,
            )
        )

    async def _take(self, session: str, tab: Tab, frame: Send) -> None:
        """Hand a message to the core; acknowledge it once that returned."""
        try:
            message = parse_message(
                frame,
                address=self._address(session),
                tickets=self._tickets,
                own_id=self._new_id(),
                sent_at=self._clock.now(),
            )
        except (BadFrame, MediaError) as error:
            tab.push(encode(Invalid(id=frame.id, reason=str(error))))
            return
        if self._emit is None:
            tab.push(encode(Failed(id=frame.id, retry_after_s=RETRY_AFTER_S)))
            return
        try:
            receipt = await self._emit(message)
        except StoreError as error:
            retry_after_s = error.retry_after_s or RETRY_AFTER_S
            tab.push(encode(Failed(id=frame.id, retry_after_s=retry_after_s)))
            return
        self._acknowledge(receipt, message, tab, frame.id)

    def _acknowledge(self, receipt: Receipt, message: Message, tab: Tab, frame_id: str) -> None:
        if receipt is Receipt.BUSY:
            tab.push(encode(BusyNotice(id=frame_id)))
            return
        if receipt is Receipt.BROKEN:
            tab.push(encode(Invalid(id=frame_id, reason=BROKEN)))
            return
        tab.push(encode(Ack(id=frame_id)))
        if receipt is Receipt.STORED:
            self._show_elsewhere(message, tab)

    def _show_elsewhere(self, message: Message, tab: Tab) -> None:
        others = [other for other in self._tabs.of(message.address.chat) if other is not tab]
        if others:
            frame = encode(format_said(message, self._tickets))
            for other in others:
                other.push(frame)

    def _address(self, session: str) -> Address:
        return Address(platform=self.platform, bot=self.bot, chat=session, sender=session)


def _full(wait_s: float) -> Response:
    return PlainTextResponse(
        "Too many new visitors from your address: "
        f"try again in {math.ceil(wait_s / 60)} min, or with cookies allowed.",
        429,
        HEADERS | {"Retry-After": str(math.ceil(wait_s))},
    )


def _asset(request: Request, asset: Asset) -> Response:
    headers = HEADERS | {"ETag": asset.etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(None, 304, headers)
    return Response(asset.content, 200, headers, asset.mime)
