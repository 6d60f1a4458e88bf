"""The simulated platforms that a bot is connected to, each on a port of this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.flavour import NAPCAT
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.floods import UNLIMITED
from bots.sandbox.telegram.platform import Rules, Telegram
from bots.sandbox.town.town import Line, Person, Place
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat
from prove.world.ports import free_port
from prove.world.square import Square

Name: TypeAlias = Literal["qq", "telegram", "wechat"]
NAMES: tuple[Name, ...] = ("qq", "telegram", "wechat")
Platform: TypeAlias = OneBot | Telegram | WeChat

LINES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A platform that runs, with what the bot's configuration says of it.

    `bot` is the bot's name. `environ` holds its secrets.
    """

    name: Name
    bot: str
    platform: Platform
    town: Square
    section: str
    environ: Mapping[str, str]

    async def taken(self, line: Line) -> bool:
        """Whether the bot has to answer a line: WeChat gives up what was never acknowledged."""
        if isinstance(self.platform, WeChat):
            return (await self.platform.outcome(line)).ended
        return True


Opening: TypeAlias = Callable[
    [str, Sequence[str], Sequence[str], int, str], AbstractAsyncContextManager[Stand]
]
"""(bot's name, people's ids, groups' ids, the bot's public port, more settings)"""


def square(name: str, people: Sequence[str], groups: Sequence[str]) -> Square:
    """Everybody alone with the bot, and groups of all."""
    known = tuple(Person(id=one, name=f"Person {one[-4:]}") for one in people)
    alone = tuple(Place(id=one, name=one, members=(one,)) for one in people)
    together = tuple(
        Place(id=one, name=f"Group {one}", members=tuple(people), group=True) for one in groups
    )
    return Square(
        name=name,
        people=known,
        places=(*alone, *together),
        now=lambda: datetime.now(UTC),
        size=LINES,
    )


@asynccontextmanager
async def qq(
    bot: str, people: Sequence[str], groups: Sequence[str], public: int, settings: str = ""
) -> AsyncIterator[Stand]:
    """An account of NapCat's, which dials in and keeps a history."""
    town = square("QQ", people, groups)
    account = OneBot(
        url=f"ws://127.0.0.1:{public}/onebot/{bot}",
        token="sandbox",
        town=town,
        flavour=NAPCAT,
        pace=Pace(reconnect_s=0.05),
        frames_size=0,
    )
    async with serving(account, port=0) as listener, _dialling(account):
        yield Stand(
            name="qq",
            bot=bot,
            platform=account,
            town=town,
            section=f"""
[bots.{bot}]
platform = "onebot11"
token = "env:PROVE_{bot.upper()}"
file_hosts = ["127.0.0.1:{listener.port}"]
sends_per_s = "unlimited"
{settings}
""",
            environ={f"PROVE_{bot.upper()}": "sandbox"},
        )


@asynccontextmanager
async def _dialling(account: OneBot) -> AsyncIterator[None]:
    dialling = asyncio.create_task(account.run())
    try:
        yield
    finally:
        dialling.cancel()
        await asyncio.wait([dialling])


@asynccontextmanager
async def telegram(
    bot: str, people: Sequence[str], groups: Sequence[str], public: int, settings: str = ""
) -> AsyncIterator[Stand]:
    """Polled by the bot; without flood limits, since an hour is a minute here."""
    del public
    groups = [f"-{one}" for one in groups]
    town = square("Telegram", people, groups)
    platform = Telegram(town=town, rules=Rules(floods=UNLIMITED))
    async with running(telegram_app(platform)) as listener:
        yield Stand(
            name="telegram",
            bot=bot,
            platform=platform,
            town=town,
            section=f"""
[bots.{bot}]
platform = "telegram"
token = "env:PROVE_{bot.upper()}"
api_base = "http://127.0.0.1:{listener.port}"
group_sends_per_minute = "unlimited"
chat_sends_per_second = "unlimited"
sends_per_second = "unlimited"
{settings}
""",
            environ={f"PROVE_{bot.upper()}": platform.token},
        )


@asynccontextmanager
async def wechat(
    bot: str, people: Sequence[str], groups: Sequence[str], public: int, settings: str = ""
) -> AsyncIterator[Stand]:
    """A verified account: late answers go by customer service. It has no groups."""
    del groups
    port = free_port()
    town = square("WeChat", people, ())
    account = WeChat(
        url=f"http://127.0.0.1:{public}/wechat/{bot}",
        token="sandbox",
        app_id="wxsandbox0000000",
        app_secret="sandbox-secret",
        verified=True,
        town=town,
        origin=f"http://127.0.0.1:{port}",
        journal_size=LINES,
    )
    async with account, running(wechat_app(account), port=port):
        yield Stand(
            name="wechat",
            bot=bot,
            platform=account,
            town=town,
            section=f"""
[bots.{bot}]
platform = "wechat"
token = "env:PROVE_{bot.upper()}"
app_id = "wxsandbox0000000"
app_secret = "env:PROVE_{bot.upper()}_SECRET"
api_base = "http://127.0.0.1:{port}"
customer_service = true
{settings}
""",
            environ={
                f"PROVE_{bot.upper()}": "sandbox",
                f"PROVE_{bot.upper()}_SECRET": "sandbox-secret",
            },
        )


OPENINGS: Mapping[Name, Opening] = {"qq": qq, "telegram": telegram, "wechat": wechat}
