"""The house with an adapter of another platform: its public side, its failures, its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from msgspec import structs
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bots import house, platforms
from bots.app import opened
from bots.config import BotEntry, Config, parse
from bots.config.platforms import NoSettings
from bots.house import House
from bots.instance import sole_use
from bots.listener import bind
from core.bot import Bot
from core.model import Address, Capabilities, Media
from core.ports.adapter import Emit
from core.ports.sending import Outgoing, SendResult, Sent
from prove.world.ports import free_port
from tests.scenario.stage import CONFIG, client

PRIVATE = ("/", "/history", "/livez", "/readyz", "/metrics")


class Post:
    """A platform that pushes to a webhook."""

    platform = "post"
    public = True

    def __init__(self) -> None:
        self.bot = "post"
        self.broken = False
        self.stubborn = False
        self.told_to_end = asyncio.Event()
        self.release = asyncio.Event()

    def capabilities(self, address: Address) -> Capabilities:
        return Capabilities(source="a test", markup="markdown")

    async def run(self, emit: Emit) -> None:
        if self.broken:
            raise OSError("/a/path is gone")
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            while self.stubborn and not self.release.is_set():
                self.told_to_end.set()
                with suppress(asyncio.CancelledError):
                    await self.release.wait()

    async def send(self, outgoing: Outgoing) -> SendResult:
        return Sent()

    async def fetch(self, media: Media) -> bytes:
        return b""

    def routes(self) -> Sequence[Route]:
        return (Route("/post", self._push, methods=["POST"]),)

    async def _push(self, request: Request) -> Response:
        return PlainTextResponse(f"took {(await request.body()).decode()}")


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    adapter = Post()
    makers = {**platforms.MAKERS, "post": lambda *_: adapter}
    monkeypatch.setattr(platforms, "MAKERS", makers)
    return adapter


@pytest.fixture
def config(tmp_path: Path) -> Config:
    public = f'public = "127.0.0.1:{free_port()}"'
    text = CONFIG.format(port=0, relay_port=9, server=public, relay="", bot="")
    parsed = parse(text, tmp_path, "the test", {"KEY": "sk-x", "STAT_TOKEN": "x"})
    entry = BotEntry(bot=Bot(name="post", platform="post"), settings=NoSettings())
    return structs.replace(parsed, bots=(*parsed.bots, entry))


@asynccontextmanager
async def at(port: int) -> AsyncIterator[dict[str, int]]:
    """The status of a GET of everything private, and of a push."""
    async with client(f"http://127.0.0.1:{port}") as http:
        found = {path: (await http.get(path)).status_code for path in PRIVATE}
        yield found | {"push": (await http.post("/post", content=b"it")).status_code}


async def test_webhooks_are_on_the_public_port_and_everything_else_is_not(
    post: Post, config: Config
) -> None:
    async with opened(config) as home:
        async with at(config.server.public.port) as public:
            assert public == dict.fromkeys(PRIVATE, 404) | {"push": 200}
        async with at(home.port) as private:
            assert private["push"] == 404
            assert {private[path] for path in ("/", "/livez", "/readyz", "/metrics")} == {200}


async def test_without_a_webhook_there_is_no_public_port(config: Config) -> None:
    web_alone = structs.replace(config, bots=config.bots[:1])
    async with opened(web_alone):
        bind("127.0.0.1", config.server.public.port).close()


async def test_an_adapter_that_is_down_is_named_and_the_page_goes_on(
    post: Post, config: Config
) -> None:
    post.broken = True
    async with opened(config) as home, client(f"http://127.0.0.1:{home.port}") as http:
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "post": "OSError; again in 1 s"}
        assert (await http.get("/")).status_code == 200


async def test_an_adapter_that_will_not_end_holds_up_neither_stop_nor_store(
    post: Post, config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(house, "STOP_S", 0.1)
    post.stubborn = True
    async with asyncio.timeout(10):
        async with opened(config) as home:
            assert isinstance(home, House)
            await asyncio.sleep(0)
    assert post.told_to_end.is_set()
    assert "not everything ended" in caplog.text
    with sole_use(config.storage.data):
        post.release.set()
