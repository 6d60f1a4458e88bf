"""A bot made of wechatpy alone: it judges what the simulated WeChat pushes and takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wechatpy import WeChatClient, create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from bots.listener import Listener, bind
from bots.sandbox.serve import running
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat

TOKEN = "letters2and3digits"
APP_ID = "wx00112233445566ff"
APP_SECRET = "0123456789abcdef0123456789abcdef"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_KEY = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"

Answer: TypeAlias = Callable[[Any], Awaitable[object]]
"""From wechatpy's message to text, a reply of wechatpy, bytes as they are, or a Response."""


async def echo(message: Any) -> str:
    return f"re: {message.content}"


async def nothing(_: Any) -> bytes:
    return b""


def crypto(key: str = AES_KEY) -> WeChatCrypto:
    return WeChatCrypto(TOKEN, key, APP_ID)


class Bot:
    """`crypto` is None in plain mode. Signatures that are wrong raise, which is a 500."""

    def __init__(self, answer: Answer, crypto: WeChatCrypto | None = None) -> None:
        self.answer = answer
        self.crypto = crypto
        self.messages: list[Any] = []
        self.bodies: list[bytes] = []
        self.queries: list[str] = []
        self._working: set[asyncio.Future[object]] = set()

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/wx", self._check), Route("/wx", self._take, methods=["POST"])]
        )

    async def _check(self, request: Request) -> Response:
        query = request.query_params
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        return Response(query["echostr"])

    async def _take(self, request: Request) -> Response:
        query, body = request.query_params, await request.body()
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        self.queries.append(str(request.url.query))
        self.bodies.append(body)
        if self.crypto:
            assert query["encrypt_type"] == "aes"
            body = self.crypto.decrypt_message(
                body, query["msg_signature"], query["timestamp"], query["nonce"]
            )
        message = parse_message(body)
        self.messages.append(message)
        work = asyncio.ensure_future(self.answer(message))
        self._working.add(work)
        await asyncio.wait([work])
        if work.cancelled():
            return Response(status_code=500)
        return self._response(work.result(), message, query)

    def stop(self) -> None:
        """Let go what would never be answered."""
        for work in self._working:
            work.cancel()

    def _response(self, answer: object, message: Any, query: Any) -> Response:
        match answer:
            case Response():
                return answer
            case bytes():
                return Response(answer)
        xml = create_reply(answer, message).render()
        if self.crypto:
            xml = self.crypto.encrypt_message(xml, query["nonce"], query["timestamp"])
        return Response(xml, media_type="text/xml")


@asynccontextmanager
async def meeting(bot: Bot, **settings: Any) -> AsyncIterator[WeChat]:
    """The simulated WeChat with the bot at a port; its API is not served."""
    listener = Listener(bot.app(), bind("127.0.0.1", 0))
    listener.open()
    try:
        async with account(f"http://127.0.0.1:{listener.port}/wx", **settings) as wechat:
            yield wechat
    finally:
        bot.stop()
        await listener.close()


def account(url: str, **settings: Any) -> WeChat:
    return WeChat(url=url, token=TOKEN, app_id=APP_ID, app_secret=APP_SECRET, **settings)


@asynccontextmanager
async def served(wechat: WeChat) -> AsyncIterator[WeChat]:
    """Its API at a port."""
    async with wechat, running(wechat_app(wechat)) as listener:
        wechat.origin = f"http://127.0.0.1:{listener.port}"
        yield wechat


class Client(WeChatClient):
    """wechatpy's client, talking to another host."""

    def __init__(self, wechat: WeChat) -> None:
        self.API_BASE_URL = f"{wechat.origin}/cgi-bin/"
        super().__init__(APP_ID, APP_SECRET)
        self._http.trust_env = False

    def fetch_access_token(self) -> Any:
        return self._fetch_access_token(
            f"{self.API_BASE_URL}token",
            {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret},
        )


async def call(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """wechatpy's client blocks."""
    return await asyncio.to_thread(function, *args, **named)
