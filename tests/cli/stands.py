"""Simulated platforms on sockets of their own, beside whatever a test runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from threading import Event, Thread
from typing import Any

from bots.sandbox.app import create_app
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.platform import TOKEN, Rules, Telegram
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat

APP_ID, APP_SECRET = "wxsandbox0000000", "sandbox-app-secret"
TELEGRAM_TOKEN = TOKEN


def telegram(**rules: bool) -> AbstractAsyncContextManager[int]:
    @asynccontextmanager
    async def served() -> AsyncIterator[int]:
        async with running(telegram_app(Telegram(rules=Rules(**rules)))) as listener:
            yield listener.port

    return served()


def wechat(secret: str = APP_SECRET) -> AbstractAsyncContextManager[int]:
    @asynccontextmanager
    async def served() -> AsyncIterator[int]:
        account = WeChat(
            url="http://127.0.0.1:9/wechat/wechat",
            token="sandbox",
            app_id=APP_ID,
            app_secret=secret,
        )
        async with account, running(wechat_app(account)) as listener:
            yield listener.port

    return served()


@contextmanager
def served(platform: Callable[[], AbstractAsyncContextManager[int]]) -> Iterator[str]:
    """Its address, while a thread serves it."""
    ready, ports, loops = Event(), [], []
    done = asyncio.Event()

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with platform() as port:
            ports.append(port)
            ready.set()
            await done.wait()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loops[0].call_soon_threadsafe(done.set)
        thread.join()


def sandbox(**settings: Any) -> AbstractAsyncContextManager[int]:
    """The sandbox relay, whose words come at once."""

    @asynccontextmanager
    async def served() -> AsyncIterator[int]:
        async with running(create_app(pace_s=0, **settings)) as listener:
            yield listener.port

    return served()
