"""A community's hour on each platform, over real sockets, with voice that is really understood."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from bots.app import opened
from bots.config import parse
from bots.sandbox.app import create_app
from bots.sandbox.faults import Delay as Late
from bots.sandbox.faults import Reset, Status
from bots.sandbox.journal import Journal
from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.faults import Delay, Timeout, Twice
from bots.sandbox.onebot.flavour import NAPCAT
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.floods import UNLIMITED
from bots.sandbox.telegram.platform import Rules, Telegram
from bots.sandbox.town.town import BOT, Town, Utterance
from bots.sandbox.wechat import faults as wechat_faults
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import PLATFORM, WeChat
from prove.world.ports import free_port
from tests.scenario.community import Community, crowd

WAITING = re.compile("send “继续”|Nothing is waiting for you")

CONFIG = """
[server]
private = "127.0.0.1:0"
public = "127.0.0.1:{public}"
[storage]
data = "."
[relays.main]
profile = "sandbox"
base_url = "http://127.0.0.1:{relay}"
[people]
guests = true
guest_daily_messages = "unlimited"
{bot}
[log]
level = "warning"
"""
ENVIRON = {"TOKEN": "sandbox", "SECRET": "sandbox-secret"}


def town_of(name: str, numbers: list[str], groups: list[str]) -> Town:
    people, places = crowd(numbers, groups)
    return Town(name=name, people=people, places=places, now=lambda: datetime.now(UTC), size=50_000)


@asynccontextmanager
async def playing(
    folder: Path, public: int, bot: str, environ: dict[str, str] = ENVIRON
) -> AsyncIterator[Journal]:
    """A bot with this section, at work beside a sandbox relay; what the relay was asked."""
    app = create_app(pace_s=0, journal=Journal(20_000))
    async with running(app) as relay:
        text = CONFIG.format(public=public, relay=relay.port, bot=bot)
        async with opened(parse(text, folder, "the test", environ)):
            yield app.state.journal


async def test_an_hour_of_an_official_account(tmp_path: Path) -> None:
    """Twenty followers; WeChat asks again, out of order, side by side, and loses answers."""
    public, port, chance = free_port(), free_port(), random.Random(3)
    town = town_of("WeChat", [f"oPerson{number:022}" for number in range(20)], [])
    account = WeChat(
        url=f"http://127.0.0.1:{public}/wechat/wechat",
        token="sandbox",
        app_id="wxsandbox0000000",
        app_secret="sandbox-secret",
        town=town,
        origin=f"http://127.0.0.1:{port}",
        journal_size=10_000,
    )
    bot = f"""
[bots.wechat]
platform = "wechat"
token = "env:TOKEN"
app_id = "wxsandbox0000000"
app_secret = "env:SECRET"
api_base = "http://127.0.0.1:{port}"
"""

    async def disturb() -> None:
        if account.faults.all():  # on a slow machine they would all hit one push
            return
        account.faults.add(
            chance.choice(
                (
                    wechat_faults.LoseAnswer(),
                    wechat_faults.AtOnce(copies=3),
                    wechat_faults.DropConnection(after_s=0.5),  # the bot has it by then
                )
            )
        )

    serving = running(wechat_app(account), port=port)
    async with account, serving, playing(tmp_path, public, bot) as journal:
        community = Community(
            platform=account,
            journal=journal,
            chance=chance,
            pictures="alone",
            ids="wechat",
            disturb=disturb,
            waits=lambda line: line.sender == PLATFORM or WAITING.search(line.text) is not None,
        )
        await community.live()
        await account.settled()
        community.judge(errors=0.5)
    assert max(account.answers_s) < 5.0
    said = [line for line in town.lines() if line.sender in town.people]
    assert len(account.answers_s) > len(said), "nothing was asked again"


async def test_an_hour_on_qq(tmp_path: Path) -> None:
    """Twenty people and three groups; the account reconnects, and events and answers repeat."""
    public, port, chance = free_port(), free_port(), random.Random(4)
    groups = ["700001", "700002", "700003"]
    town = town_of("QQ", [str(10001 + number) for number in range(20)], groups)
    account = OneBot(
        url=f"ws://127.0.0.1:{public}/onebot/qq",
        token="sandbox",
        town=town,
        flavour=NAPCAT,
        pace=Pace(reconnect_s=0.05),
    )
    bot = f"""
[bots.qq]
platform = "onebot11"
token = "env:TOKEN"
file_hosts = ["127.0.0.1:{port}"]
sends_per_s = "unlimited"
"""

    renewed: list[bool] = []
    habits = cycle(range(5))  # each in its turn: on a fast machine an hour has few of them

    async def disturb() -> None:
        match next(habits):
            case 0:
                renewed.append(await account.telling.renew())  # the new link stands before
                await account.telling.close_old()  # the old one goes
            case 1:
                await account.repeat(chance.randrange(1, 30))
            case 2:
                account.faults.add(Twice(call="send_*"))
            case 3:
                account.faults.add(Delay(call="send_*", delay_s=0.3))
            case 4:
                account.faults.add(Timeout(call="send_*"))

    bot_at_work = playing(tmp_path, public, bot)
    async with serving(account, port=port), bot_at_work as journal, account.connected():
        community = Community(
            platform=account,
            journal=journal,
            chance=chance,
            pictures="apart",
            ids="onebot11",
            disturb=disturb,
        )
        await community.live()
        assert await account.repeat(1000) > 200
        await community.say_goodbye()
        community.judge(errors=0.4)
    assert any(renewed)


async def test_an_hour_on_telegram(tmp_path: Path) -> None:
    """Twenty people and three groups; polls break, answers are late, floods are refused."""
    public, port, chance = free_port(), free_port(), random.Random(5)
    groups = ["-1002000000001", "-1002000000002", "-1002000000003"]
    town = town_of("Telegram", [str(5000001 + number) for number in range(20)], groups)
    telegram = Telegram(town=town, rules=Rules(floods=UNLIMITED))  # an hour is a minute here
    bot = f"""
[bots.telegram]
platform = "telegram"
token = "env:TELEGRAM"
api_base = "http://127.0.0.1:{port}"
group_sends_per_minute = "unlimited"
chat_sends_per_second = "unlimited"
sends_per_second = "unlimited"
"""
    environ = ENVIRON | {"TELEGRAM": telegram.token}
    habits = cycle(range(3))

    async def disturb() -> None:
        if any(armed.left for armed in telegram.faults.all()):
            return
        match next(habits):
            case 0:
                telegram.faults.add(Reset(call="getUpdates"))
            case 1:
                telegram.faults.add(Late(call="sendMessage", delay_s=0.3))
            case 2:
                telegram.faults.add(Status(call="sendMessage", status=429, retry_after_s=1))

    serving_it = running(telegram_app(telegram), port=port)
    async with serving_it, playing(tmp_path, public, bot, environ) as journal:
        community = Community(
            platform=telegram,
            journal=journal,
            chance=chance,
            pictures="captioned",
            ids="telegram",
            disturb=disturb,
        )
        await community.live()
        community.judge(errors=0.4)


async def test_an_admin_makes_the_bot_hear_everything_in_one_group(tmp_path: Path) -> None:
    public, port = free_port(), free_port()
    town = town_of("QQ", ["10001", "10002"], ["700001"])
    account = OneBot(url=f"ws://127.0.0.1:{public}/onebot/qq", token="sandbox", town=town)
    bot = f"""
owners = ["onebot11:10001"]
[bots.qq]
platform = "onebot11"
token = "env:TOKEN"
file_hosts = ["127.0.0.1:{port}"]
"""

    async def say(person: str, text: str, *, mention: bool = False) -> None:
        place = "700001"
        await account.speak(Utterance(place=place, person=person, text=text, mention=mention))

    async def shown(words: str) -> None:
        await town.until(lambda _: any(words in line.text for line in town.lines(sender=BOT)))

    bot_at_work = playing(tmp_path, public, bot)
    async with serving(account, port=port), bot_at_work as journal, account.connected():
        await say("10002", "nobody asked you")
        await say("10002", "/group set trigger all", mention=True)
        await shown("Only admins")
        await say("10001", "/group set trigger all", mention=True)
        await shown("Done. From now on")
        await say("10002", "and now?")
        await shown("You said: “and now?”")
        assert len(journal.entries("chat")) == 1
