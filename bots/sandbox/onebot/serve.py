"""Serves a simulated account's pages, and keeps it connected to the bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from bots.listener import Listener, bind
from bots.sandbox.onebot.app import onebot_app
from bots.sandbox.onebot.onebot import OneBot

HOST = "127.0.0.1"
PORT = 8772


@asynccontextmanager
async def serving(
    onebot: OneBot, host: str = HOST, port: int = 0, app: Starlette | None = None
) -> AsyncIterator[Listener]:
    """The pages and files while the context lasts; port 0 is any free one.

    Messages sent meanwhile point to the files there. `app` is `onebot_app` unless
    given. Raises ConfigError for a taken port.
    """
    listener = Listener(app or onebot_app(onebot), bind(host, port))
    onebot.files.base_url = f"http://{host}:{listener.port}"
    listener.open()
    try:
        yield listener
    finally:
        await listener.close()
