"""Who may reach the private listener.

On loopback no code is asked, but the Host header must name loopback: a page
elsewhere whose name was pointed at 127.0.0.1 (DNS rebinding) is turned away.
Off loopback an access code is asked: by a login page which leaves a signed
cookie, or as `Authorization: Bearer CODE` for /metrics.
"""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlsplit

from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.web.guard import same_origin
from adapters.web.session import is_as_signed
from bots.web.attempts import Attempts
from core.errors import ConfigError
from core.loopback import is_loopback
from core.ports.clock import Clock
from core.secret import Secret

COOKIE = "parley_access"
COOKIE_AGE_S = 30 * 24 * 3600
PROBES = frozenset({"/livez", "/readyz"})
BODY_BYTES = 4096
CODE_CHARS = 8

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

_WORDS = {
    "en": {
        "language": "en",
        "title": "Access code",
        "lead": "This Parley asks for a code before it talks.",
        "label": "Access code",
        "enter": "Enter",
        "wrong": "That is not the code.",
        "wait": "Too many wrong codes. Try again in {minutes} min.",
    },
    "zh": {
        "language": "zh-CN",
        "title": "访问码",
        "lead": "与 Parley 交谈前，请先输入访问码。",
        "label": "访问码",
        "enter": "进入",
        "wrong": "访问码不对。",
        "wait": "输错次数过多，请 {minutes} 分钟后再试。",
    },
}


def names_this_machine(host: str) -> bool:
    """Whether a Host header, port or not, names this machine alone."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


class LoopbackOnly:
    """Wraps the private listener while it is bound to loopback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or names_this_machine(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(
            "expected a Host of this machine (localhost, 127.0.0.1), got another name", 421
        )
        await _answer(scope, receive, send, refusal)


class AccessCode:
    """Wraps the private listener where others can reach it. There is no default code.

    `secret` signs the cookie together with the code, so a changed code ends all
    visits. Raises ConfigError where the code is missing or too short.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        code: Secret,
        secret: Secret,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if len(code.reveal()) < CODE_CHARS:
            raise ConfigError(
                f"server.access_code: expected at least {CODE_CHARS} characters, since the private"
                f" listener is not on loopback; got {len(code.reveal())}. Set one, or bind to"
                " 127.0.0.1."
            )
        if not secret:
            raise ConfigError("private listener: expected a key to sign cookies with, got none")
        self._app = app
        self._code = code
        self._signer = _Signer(secret, code, clock)
        self._attempts = Attempts(clock)
        self._sleep = sleep
        self._page = Template((Path(__file__).parent / "login.html").read_text("utf-8"))
        self._style = (Path(__file__).parent / "login.css").read_bytes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in PROBES or await self._admits(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive) if scope["type"] == "http" else None
        await _answer(scope, receive, send, await self._refuse(request))

    async def _admits(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if self._signer.admits(_cookie(headers)):
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        bears = scope["path"] == "/metrics" and kind.lower() == "bearer"
        return bears and await self._knows(given.strip(), _client(scope))

    async def _knows(self, code: str, client: str) -> bool:
        """Whether this is the code. A wrong one counts; after too many none is looked at."""
        if self._attempts.wait_s(client):
            return False
        if first_s := self._attempts.begin(client):
            await self._sleep(first_s)
        if not self._code.matches(code):
            return False
        self._attempts.forgive(client)
        return True

    async def _refuse(self, request: Request | None) -> Response:
        match request:
            case None:
                return PlainTextResponse("expected the access code's cookie: log in first", 403)
            case Request(url=url, method="GET" | "HEAD") if url.path == "/access.css":
                return Response(self._style, 200, _HEADERS, "text/css; charset=utf-8")
            case Request(url=url, method="POST") if url.path == "/access":
                return await self._login(request)
            case Request(url=url, method="GET") if url.path in {"/", "/access"}:
                return self._form(request, "", 401)
        return PlainTextResponse("expected the access code", 401, _HEADERS)

    async def _login(self, request: Request) -> Response:
        if not same_origin(request.headers):
            return PlainTextResponse("expected a request from this page", 403, _HEADERS)
        client = _client(request.scope)
        code = await _given_code(request)
        wait_s = self._attempts.wait_s(client)
        if wait_s:
            response = self._form(request, "wait", 429, minutes=math.ceil(wait_s / 60))
            response.headers["Retry-After"] = str(math.ceil(wait_s))
            return response
        if await self._knows(code, client):
            return self._welcome(request)
        return self._form(request, "wrong", 401)

    def _welcome(self, request: Request) -> Response:
        response = RedirectResponse("/", 303, _HEADERS)
        response.set_cookie(
            COOKIE,
            self._signer.cookie(),
            max_age=COOKIE_AGE_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    def _form(self, request: Request, notice: str, status: int, **params: int) -> Response:
        chinese = request.headers.get("accept-language", "").lower().startswith("zh")
        words = _WORDS["zh" if chinese else "en"]
        said = words[notice].format(**params) if notice else ""
        page = self._page.substitute(
            {name: escape(text) for name, text in words.items()} | {"notice": escape(said)}
        )
        return Response(page, status, _HEADERS, "text/html; charset=utf-8")


class _Signer(TimestampSigner):
    """Signs "in", with a time from the injected clock."""

    def __init__(self, secret: Secret, code: Secret, clock: Clock) -> None:
        super().__init__(
            f"{secret.reveal()}\n{code.reveal()}",
            salt="parley.web/access",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock.now().timestamp())

    def timestamp_to_datetime(self, ts: int) -> datetime:
        return datetime.fromtimestamp(ts, UTC)

    def cookie(self) -> str:
        return self.sign("in").decode()

    def admits(self, cookie: str) -> bool:
        try:
            self.unsign(cookie, max_age=COOKIE_AGE_S)
        except (BadSignature, UnicodeError):
            return False
        return is_as_signed(cookie)


async def _given_code(request: Request) -> str:
    """The form's `code`; "" where there is none or the body is too large."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES:
                return ""
    except ClientDisconnect:
        return ""
    return parse_qs(body.decode("utf-8", "replace")).get("code", [""])[0].strip()


async def _answer(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})  # before it is accepted: HTTP 403
        return
    await response(scope, receive, send)


def _client(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _cookie(headers: Headers) -> str:
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
