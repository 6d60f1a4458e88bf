"""A relay whose answers and redirects lead astray, and its key."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable

from bots.clock import SystemClock
from core.errors import RelayError
from core.relay.client import Relay
from core.relay.entry import RelayEntry
from core.relay.opening import open_relay
from core.relay.transport import Transport
from core.request import ChatMessage, ChatRequest, ImageRequest, ModelsRequest
from core.secret import Secret
from prove.internet.addresses import STAND_IN, led_to
from prove.internet.servers import Reached, serving
from prove.internet.site import site

KEY = "sk-canary-of-the-relay-0123456789"
STATUSES = ("301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent")


class Guide:
    """The relay's answers: a picture at `link`, or on `status` another place for the call."""

    def __init__(self) -> None:
        self.link = ""
        self.status = ""

    async def answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        if not path.startswith("/v1/"):
            await site(path, writer)
            return
        body = b"" if self.status else json.dumps({"data": [{"url": self.link}]}).encode()
        head = f"{self.status}\r\nLocation: {self.link}" if self.status else "200 OK"
        told = f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(told.encode("latin-1", "replace") + body)
        await writer.drain()


async def drawing(trap: Reached, forbidden: Iterable[str], told: Counter[str]) -> list[str]:
    """Have pictures drawn whose links lead astray, and calls that are redirected.

    The trap's `heard` must not hold the KEY; what went wrong otherwise is returned.
    """
    guide, transport = Guide(), Transport()
    async with serving(guide.answer) as home:
        relay = _relay(home.port, transport)
        for link in forbidden:
            if f":{home.port}" in link:
                continue
            for guide.link in (link, led_to(link, f"127.0.0.1:{home.port}")):
                told["refused" if not await _drawn(relay) else "fetched"] += 1
        wrong = await _at_home(relay, guide, home)
        wrong += await _redirected(relay, guide, trap.port)
        if not all(KEY in head for head in home.heard if " /v1/" in head):
            wrong.append("the relay was asked without its key")
        if any(KEY in head for head in home.heard if " /v1/" not in head):
            wrong.append("a link was asked for with the key")
    await transport.aclose()
    return wrong


async def _at_home(relay: Relay, guide: Guide, home: Reached) -> list[str]:
    wrong = []
    for path, drawn in {"/a.png": True, "/page.png": False, "/huge.png": False}.items():
        guide.link = f"http://127.0.0.1:{home.port}{path}"
        if await _drawn(relay) is not drawn:
            wrong.append(f"{path} of the relay's own was {'refused' if drawn else 'taken'}")
    return wrong


async def _redirected(relay: Relay, guide: Guide, port: int) -> list[str]:
    """Calls with a key: no redirect is followed, not even to where links may lead."""
    wrong = []
    chat = ChatRequest(messages=(ChatMessage(role="user", content="hi"),), model="m")
    for guide.status in STATUSES:
        for host in ("127.0.0.1", STAND_IN, "localhost"):
            guide.link = f"http://{host}:{port}/v1/chat/completions"
            for request in (chat, ModelsRequest(), ImageRequest(prompt="cat", model="m")):
                try:
                    await relay.call(request)
                    wrong.append(f"a {guide.status} was followed")
                except RelayError:
                    continue
    guide.status = ""
    return wrong


async def _drawn(relay: Relay) -> bool:
    try:
        await relay.call(ImageRequest(prompt="cat", model="m"))
    except RelayError:
        return False
    return True


def _relay(port: int, transport: Transport) -> Relay:
    entry = RelayEntry(
        name="main", profile="openai", base_url=f"http://127.0.0.1:{port}", key=Secret(KEY)
    )
    return open_relay(entry, transport, clock=SystemClock(), hash_key=b"of this experiment")
