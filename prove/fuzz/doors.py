"""A bot with every door that asks for a proof, and a right request to each."""

import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from adapters.telegram.webhook import SECRET_HEADER
from adapters.web.session import COOKIE as SESSION
from adapters.wechat.crypto import Cipher
from adapters.wechat.signature import sign
from bots.app import opened
from bots.config import load
from bots.sandbox.app import create_app
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.platform import TOKEN, Telegram
from bots.web.access import COOKIE as ACCESS
from core.secret import Secret
from prove.fuzz.forging import Asked, answer

CODE = "open sesame 42"
SECRET = "webhook-secret-of-32-characters-"
WECHAT = Secret("wechattoken1234567890abcd")
QQ = "a token of QQ, long enough"
APP_ID = "wx0011223344556677"
KEY = Secret("canarykeyABCDEFGHIJKLMNOPQRSTUVWXYZ01234567")
OTHER_KEY = Secret("otherkeyabcdefghijklmnopqrstuvwxyz012345678")
NONCE = "1320562132"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)

CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
access_code = "file:code"
[storage]
data = "data"
[relays.main]
profile = "openai"
base_url = "http://127.0.0.1:{relay}"
key = "file:key"
[routes]
chat = ["main:gpt-4o-mini"]
[people]
allow = ["telegram:*", "wechat:*", "qq:*", "web:*"]
[log]
level = "error"
[bots.web]
platform = "web"
[bots.tg]
platform = "telegram"
token = "file:telegram"
mode = "webhook"
public_url = "http://127.0.0.1:{public}"
webhook_secret = "file:webhook"
api_base = "http://127.0.0.1:{telegram}"
[bots.plain]
platform = "wechat"
token = "file:wechat"
[bots.safe]
platform = "wechat"
token = "file:wechat"
app_id = "{app_id}"
aes_key = "file:aes"
[bots.qq]
platform = "onebot11"
token = "file:qq"
"""
SECRETS = {
    "code": CODE,
    "key": "sk-of-the-relay",
    "telegram": TOKEN,
    "webhook": SECRET,
    "wechat": WECHAT.reveal(),
    "aes": KEY.reveal(),
    "qq": QQ,
}


class Doors:
    """`right` requests by their names, each of which is admitted."""

    def __init__(self, private: int, public: int) -> None:
        self.private = private
        self.public = public
        self.cookies: dict[str, bytes] = {}
        self.ticket = ""

    @property
    def origin(self) -> bytes:
        return b"127.0.0.1:%d" % self.private

    def telegram(self, number: int) -> Asked:
        update = {
            "update_id": number,
            "message": {
                "message_id": number,
                "date": int(time.time()),
                "chat": {"id": 5, "type": "private"},
                "from": {"id": 5, "first_name": "Ann"},
                "text": "hello",
            },
        }
        return Asked(
            port=self.public,
            path="/telegram/tg",
            method="POST",
            headers={SECRET_HEADER: [SECRET.encode()]},
            body=msgspec.json.encode(update),
        )

    def wechat(self, bot: str, body: str, at: str = "", method: str = "POST") -> Asked:
        at = at or str(int(time.time()))
        query = {"signature": sign(WECHAT, at, NONCE), "timestamp": at, "nonce": NONCE}
        if method == "GET":
            query["echostr"] = "4223"
        return Asked(
            port=self.public,
            path=f"/wechat/{bot}",
            method=method,
            query={name: [value.encode()] for name, value in query.items()},
            body=body.encode() if method == "POST" else b"",
        )

    def sealed(self, xml: str, key: Secret = KEY, app_id: str = APP_ID) -> Asked:
        at = str(int(time.time()))
        body = Cipher(token=WECHAT, app_id=app_id, keys=(key,)).close(xml, key, at)
        encrypted = re.findall(r"<Encrypt><!\[CDATA\[(.*?)]]>", body)[0]
        asked = self.wechat("safe", body, at)
        more = {"encrypt_type": [b"aes"]}
        more["msg_signature"] = [sign(WECHAT, at, NONCE, encrypted).encode()]
        return msgspec.structs.replace(asked, query={**asked.query, **more})

    def qq(self, path: str = "/onebot/qq") -> Asked:
        return Asked(
            port=self.public,
            path=path,
            headers={"X-Self-ID": [b"10001"], "Authorization": [b"Bearer " + QQ.encode()]},
            upgrade=True,
        )

    def page(self, path: str, **cookies: bytes) -> Asked:
        told = {**self.cookies, **{name: value for name, value in cookies.items() if value}}
        cookie = b"; ".join(b"%s=%s" % (name.encode(), value) for name, value in told.items())
        return Asked(port=self.private, path=path, headers={"Cookie": [cookie]})

    def upload(self, origin: bytes) -> Asked:
        asked = self.page("/upload")
        headers = {**asked.headers, "Origin": [b"http://" + origin]}
        return msgspec.structs.replace(asked, method="POST", headers=headers, body=PNG)

    def login(self, code: bytes) -> Asked:
        return Asked(
            port=self.private,
            path="/access",
            method="POST",
            headers={"Origin": [b"http://" + self.origin]},
            body=b"code=" + code.replace(b" ", b"+"),
        )

    async def enter(self) -> None:
        """As a person does: the code, the page, a picture."""
        self.cookies |= _cookies((await answer(self.login(CODE.encode())))[1])
        self.cookies |= _cookies((await answer(self.page("/")))[1])
        _, told = await answer(self.upload(self.origin))
        self.ticket = msgspec.json.decode(told.partition(b"\r\n\r\n")[2])["ticket"]
        if not {ACCESS, SESSION} <= self.cookies.keys():
            raise RuntimeError(f"expected two cookies, got {sorted(self.cookies)}")


def _cookies(answered: bytes) -> dict[str, bytes]:
    found = re.findall(rb"(?im)^set-cookie: ([^=]+)=([^;\r\n]*)", answered)
    return {name.decode(): value for name, value in found}


@asynccontextmanager
async def open_doors(folder: Path) -> AsyncIterator[Doors]:
    """The bot itself, in this process, on real sockets."""
    for name, value in SECRETS.items():
        (folder / name).write_text(value)
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(running(create_app(pace_s=0)))
        telegram = await stack.enter_async_context(running(telegram_app(Telegram())))
        private, public = _free(), _free()
        ports = {"private": private, "public": public, "relay": relay.port}
        text = CONFIG.format(**ports, telegram=telegram.port, app_id=APP_ID)
        (folder / "config.toml").write_text(text)
        await stack.enter_async_context(opened(load(folder / "config.toml", {})))
        doors = Doors(private, public)
        await doors.enter()
        yield doors


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
