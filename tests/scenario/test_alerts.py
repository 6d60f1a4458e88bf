"""Admins are told by the whole product, over real sockets, and once across its restarts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bots.app import opened
from bots.config import parse
from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.app import create_app
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import BOT, Town, Utterance
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat
from prove.world.ports import free_port
from tests.scenario.test_hours import town_of
from tests.scenario.test_operations import figures

CONFIG = """
[server]
private = "127.0.0.1:0"
public = "127.0.0.1:{public}"
[storage]
data = "."
[relays.main]
profile = "sandbox"
base_url = "http://127.0.0.1:{relay}"
key = "env:KEY"
stat_token = "env:STAT"
[people]
owners = ["{owner}"]
{bot}
[log]
level = "error"
"""
ENVIRON = {"KEY": "sk-alerts", "STAT": STAT_TOKEN, "TOKEN": "sandbox", "SECRET": "sandbox-secret"}
GRANT = 480
"""Quota units of the key: a long question costs most of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The product at work in a town; `look` is what its schedule does each minute."""

    town: Town
    look: Callable[[], Awaitable[None]]
    url: str

    async def sees(self, words: str) -> None:
        await self.town.until(lambda _: bool(self.lines(words)))

    def lines(self, words: str) -> list[str]:
        return [line.text for line in self.town.lines(sender=BOT) if words in line.text]


@asynccontextmanager
async def relay() -> AsyncIterator[int]:
    async with running(create_app(pace_s=0, grant=GRANT)) as served:
        yield served.port


@asynccontextmanager
async def at_work(
    folder: Path, town: Town, text: str, environ: dict[str, str]
) -> AsyncIterator[Told]:
    async with opened(parse(text, folder, "the test", environ)) as house:
        yield Told(town=town, look=house.watch.look, url=f"http://127.0.0.1:{house.port}")


async def test_an_owner_on_telegram_is_told_once_across_a_restart(tmp_path: Path) -> None:
    port, town = free_port(), town_of("Telegram", ["5000001"], [])
    telegram = Telegram(town=town)
    bot = f"""
[bots.telegram]
platform = "telegram"
token = "env:TELEGRAM"
api_base = "http://127.0.0.1:{port}"
"""
    environ = ENVIRON | {"TELEGRAM": telegram.token}
    async with running(telegram_app(telegram), port=port), relay() as at:
        text = CONFIG.format(public=free_port(), relay=at, owner="telegram:5000001", bot=bot)
        async with at_work(tmp_path, town, text, environ) as told:
            await telegram.speak(_question("5000001"))
            await told.sees("You said")
            await told.look()
            await told.sees("of this key's quota is left")
            async with httpx.AsyncClient(base_url=told.url, trust_env=False) as http:
                await figures(http, 'parley_relay_left_usd{relay="main",token="key"} 0.00')
        async with at_work(tmp_path, town, text, environ) as told:
            await told.look()
            await telegram.speak(Utterance(place="5000001", person="5000001", text="/help"))
            await told.sees("/why")
            assert len(told.lines("of this key's quota is left")) == 1


async def test_an_owner_on_qq_is_told_alone_and_not_in_the_group(tmp_path: Path) -> None:
    public, port = free_port(), free_port()
    town = town_of("QQ", ["10001"], ["700001"])
    account = OneBot(url=f"ws://127.0.0.1:{public}/onebot/qq", token="sandbox", town=town)
    bot = f"""
[bots.qq]
platform = "onebot11"
token = "env:TOKEN"
file_hosts = ["127.0.0.1:{port}"]
"""
    async with AsyncExitStack() as stack:
        at = await stack.enter_async_context(relay())
        await stack.enter_async_context(serving(account, port=port))
        text = CONFIG.format(public=public, relay=at, owner="onebot11:10001", bot=bot)
        told = await stack.enter_async_context(at_work(tmp_path, town, text, ENVIRON))
        await stack.enter_async_context(account.connected())
        await account.speak(_question("10001"))
        await told.sees("You said")
        said = Utterance(place="700001", person="10001", text="/help", mention=True)
        await account.speak(said)
        await told.sees("/why")
        await told.look()
        await told.sees("of this key's quota is left")
        places = {line.place for line in town.lines(sender=BOT) if "quota is left" in line.text}
        assert places == {"10001"}


async def test_an_owner_on_wechat_is_told_with_what_he_writes_next(tmp_path: Path) -> None:
    public, port, owner = free_port(), free_port(), "oOwner0000000000000000000001"
    town = town_of("WeChat", [owner], [])
    account = WeChat(
        url=f"http://127.0.0.1:{public}/wechat/wechat",
        token="sandbox",
        app_id="wxsandbox0000000",
        app_secret="sandbox-secret",
        town=town,
        origin=f"http://127.0.0.1:{port}",
    )
    bot = f"""
[bots.wechat]
platform = "wechat"
token = "env:TOKEN"
app_id = "wxsandbox0000000"
app_secret = "env:SECRET"
api_base = "http://127.0.0.1:{port}"
"""
    async with AsyncExitStack() as stack:
        at = await stack.enter_async_context(relay())
        await stack.enter_async_context(account)
        await stack.enter_async_context(running(wechat_app(account), port=port))
        text = CONFIG.format(public=public, relay=at, owner=f"wechat:{owner}", bot=bot)
        async with at_work(tmp_path, town, text, ENVIRON) as told:
            await account.speak(_question(owner))
            await told.sees("You said")
            await told.look()
            await account.settled()
            assert told.lines("quota") == []
        async with at_work(tmp_path, town, text, ENVIRON) as told:
            await account.speak(Utterance(place=owner, person=owner, text="/whoami"))
            await told.sees("an earlier answer waits")
            for _ in range(2):  # what was said last before the restart comes first, once more
                more = Utterance(place=owner, person=owner, text="继续")
                await account.outcome(await account.speak(more))
            await told.sees("quota is left")


def _question(person: str) -> Utterance:
    return Utterance(place=person, person=person, text="word " * 200)
