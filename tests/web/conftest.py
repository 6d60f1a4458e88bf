"""A running page, a visitor with a cookie, and a real Chromium."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright
from websockets.asyncio.client import ClientConnection, connect

from tests.web.stage import House, Stage

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
)


def needs(program: str, package: str) -> str:
    """The program's path; skips where it is missing, except in CI."""
    path = shutil.which(program)
    if path:
        return path
    said = f"{program} is missing: install the Debian package {package}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


class Visitor:
    """A person without a browser: one cookie jar, HTTP and sockets."""

    def __init__(self, house: House, http: httpx.AsyncClient) -> None:
        self.house = house
        self.http = http

    @property
    def headers(self) -> dict[str, str]:
        jar = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        return {"Origin": self.house.url, "Cookie": jar}

    def tab(self, **headers: str) -> connect:
        return connect(
            f"ws://{self.house.host}/ws", additional_headers=self.headers | headers, proxy=None
        )

    async def upload(self, content: bytes, **query: str) -> httpx.Response:
        return await self.http.post(
            "/upload", params=query, content=content, headers={"Origin": self.house.url}
        )


async def visit(house: House) -> Visitor:
    http = httpx.AsyncClient(base_url=house.url, trust_env=False)
    (await http.get("/")).raise_for_status()
    return Visitor(house, http)


async def say(tab: ClientConnection, **fields: object) -> None:
    await tab.send(msgspec.json.encode({"type": "send", **fields}).decode())


async def hear(tab: ClientConnection, kind: str) -> dict:
    """The next frame of a kind."""
    async with asyncio.timeout(10):
        while True:
            frame = msgspec.json.decode(await tab.recv())
            if frame["type"] == kind:
                return frame


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def house(stage: Stage) -> AsyncIterator[House]:
    house = House(stage)
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[Visitor]:
    visitor = await visit(house)
    yield visitor
    await visitor.http.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    needs(CHROMIUM, "chromium")
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def home(stage: Stage) -> AsyncIterator[House]:
    """As `house`, on the browser's event loop."""
    home = House(stage)
    await home.start()
    yield home
    await home.stop()
