"""The simulated platforms as one sets them up: each with its page, and a bot's settings for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from msgspec import Struct

from bots.sandbox.serve import HOST, running
from bots.sandbox.town.app import town_routes

Free = Callable[[int], int]
"""From a platform's usual port to the one that it takes."""

TELEGRAM = """\
[bots.telegram]
platform = "telegram"
token = "env:TELEGRAM_TOKEN"
api_base = "{page}"
"""
QQ = """\
[bots.qq]
platform = "onebot11"
token = "env:QQ_TOKEN"
file_hosts = ["{host}"]
"""
WECHAT = """\
[bots.wechat]
platform = "wechat"
token = "env:WECHAT_TOKEN"
app_id = "wxsandbox0000000"
app_secret = "env:WECHAT_SECRET"
api_base = "{page}"
"""


RECONNECT_S = 0.5
"""Sooner than the implementations themselves: somebody waits before the page."""


class Stand(Struct, frozen=True, kw_only=True):
    """A platform at work. `section` and `environ` are what a bot's configuration takes for it."""

    name: str
    page: str
    section: str
    environ: Mapping[str, str]


@asynccontextmanager
async def _telegram(bot: str, free: Free) -> AsyncIterator[Stand]:
    from bots.sandbox.telegram.app import PORT, telegram_app
    from bots.sandbox.telegram.platform import Telegram

    del bot  # it asks, or says where it is
    telegram = Telegram()
    app = telegram_app(telegram, pages=town_routes(telegram))
    async with running(app, port=free(PORT)) as listener:
        page = f"http://{HOST}:{listener.port}"
        yield Stand(
            name="Telegram",
            page=page,
            section=TELEGRAM.format(page=page),
            environ={"TELEGRAM_TOKEN": telegram.token},
        )


@asynccontextmanager
async def _onebot(bot: str, free: Free) -> AsyncIterator[Stand]:
    from bots.sandbox.onebot.app import onebot_app
    from bots.sandbox.onebot.dialer import Pace
    from bots.sandbox.onebot.onebot import OneBot
    from bots.sandbox.onebot.serve import PORT, serving

    onebot = OneBot(
        url=f"ws://{bot}/onebot/qq",
        token="sandbox",  # noqa: S106 - opens nothing
        pace=Pace(reconnect_s=RECONNECT_S),
    )
    app = onebot_app(onebot)
    app.routes.extend(town_routes(onebot))
    async with serving(onebot, HOST, free(PORT), app) as listener:
        host = f"{HOST}:{listener.port}"
        connecting = asyncio.create_task(onebot.run())
        try:
            yield Stand(
                name="QQ",
                page=f"http://{host}",
                section=QQ.format(host=host),
                environ={"QQ_TOKEN": "sandbox"},
            )
        finally:
            connecting.cancel()
            await asyncio.wait([connecting])


@asynccontextmanager
async def _wechat(bot: str, free: Free) -> AsyncIterator[Stand]:
    from bots.sandbox.wechat.app import PORT, wechat_app
    from bots.sandbox.wechat.wechat import WeChat

    port = free(PORT)
    page = f"http://{HOST}:{port}"
    account = WeChat(
        url=f"http://{bot}/wechat/wechat",
        token="sandbox",  # noqa: S106 - opens nothing
        app_id="wxsandbox0000000",
        app_secret="sandbox-secret",  # noqa: S106
        origin=page,
    )
    async with account:
        app = wechat_app(account)
        app.routes.extend(town_routes(account))
        async with running(app, port=port):
            yield Stand(
                name="WeChat",
                page=page,
                section=WECHAT.format(page=page),
                environ={"WECHAT_TOKEN": "sandbox", "WECHAT_SECRET": "sandbox-secret"},
            )


STANDS: Mapping[str, Callable[[str, Free], AbstractAsyncContextManager[Stand]]] = {
    "telegram": _telegram,
    "onebot": _onebot,
    "wechat": _wechat,
}
"""By the names of the command line's options; each is given where the bot listens, and which
port to take instead of its usual one."""
