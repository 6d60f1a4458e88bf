"""A relay that fails in every way, platforms, and a configuration full of canaries."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.floods import UNLIMITED
from bots.sandbox.telegram.platform import Rules, Telegram
from bots.sandbox.town.town import Town
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat
from prove.hostile.canaries import Canaries
from prove.hostile.relay import (
    Relay,
    broken_off,
    echoing,
    garbage,
    nonsense,
    redirecting,
    relay,
    reset,
    saying,
)
from prove.hostile.search import Search
from prove.world.platforms import square
from prove.world.ports import free_port

PEOPLE = ("50001", "50002")
WAYS = {
    "fine": saying(lambda _: {"content": "All is well."}),
    "e401": echoing(401),
    "e403": echoing(403),
    "e404": echoing(404),
    "e429": echoing(429, form="plain"),
    "e500": echoing(500, form="html"),
    "e200": echoing(200),
    "garbage": garbage,
    "nonsense": nonsense,
    "reset": reset,
    "cut": broken_off,
    "moved": redirecting("http://127.0.0.1:9/elsewhere"),
    "e400": echoing(400, form="plain"),
    "": echoing(407),
}
CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
access_code = {access_code}
[storage]
data = "data"
[proxy]
url = {proxy}
[log]
level = "debug"
format = "{form}"
[people]
guests = true
guest_daily_messages = "unlimited"
owners = ["telegram:50001"]
{relays}
[routes]
chat = [{chat}]
image = [{broken}]
speech = [{broken}]
stall_s = 1.0
[bots.tg]
platform = "telegram"
token = {telegram}
api_base = "http://127.0.0.1:{telegram_port}"
webhook_secret = {webhook_secret}
sends_per_second = "unlimited"
chat_sends_per_second = "unlimited"
[bots.hook]
platform = "telegram"
mode = "webhook"
token = {refused}
public_url = "http://127.0.0.1:{public}"
api_base = "http://127.0.0.1:{telegram_port}"
webhook_secret = {second_secret}
[bots.away]
platform = "telegram"
token = {third}
proxy = {telegram_proxy}
[bots.qq]
platform = "onebot11"
token = {qq}
[bots.wechat]
platform = "wechat"
token = {wechat}
app_id = "wxsandbox0000000"
app_secret = {app_secret}
aes_key = {aes_key}
previous_aes_key = {previous_aes_key}
api_base = "http://127.0.0.1:{wechat_port}"
[bots.afar]
platform = "wechat"
token = {wechat_afar}
app_id = "wxsandbox0000001"
app_secret = {app_secret_afar}
proxy = {wechat_proxy}
customer_service = true
[bots.web]
platform = "web"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the bot is connected to."""

    canaries: Canaries
    search: Search
    relay: Relay
    relays: Sequence[str]
    telegram: Telegram
    onebot: OneBot
    wechat: WeChat
    folder: Path
    private: int
    public: int

    @property
    def towns(self) -> tuple[Town, ...]:
        return (self.telegram.town, self.onebot.town, self.wechat.town)


@asynccontextmanager
async def staged(folder: Path, chance: Random, form: str) -> AsyncIterator[Stage]:
    canaries = Canaries(folder / "secrets", chance)
    private, public, nobody = free_port(), free_port(), free_port()
    token = f"7000000001:AA{canaries.word(33)}"
    values = {
        "telegram": canaries.source("bots.telegram.token", token),
        "qq": canaries.source("bots.onebot11.token"),
        "wechat": canaries.source("bots.wechat.token", canaries.word(30)),
        "app_secret": canaries.source("bots.wechat.app_secret", canaries.word(32)),
        "aes_key": canaries.source("bots.wechat.aes_key", canaries.aes_key()),
    }
    qq, wechat_token, app_secret, aes_key = list(canaries.told.values())[1:]
    async with AsyncExitStack() as stack:
        hostile = await stack.enter_async_context(relay(WAYS))
        telegram = Telegram(
            town=square("Telegram", PEOPLE, ()), token=token, rules=Rules(floods=UNLIMITED)
        )
        telegram_at = await stack.enter_async_context(running(telegram_app(telegram)))
        onebot = OneBot(
            url=f"ws://127.0.0.1:{public}/onebot/qq",
            token=qq,
            town=square("QQ", PEOPLE, ()),
            pace=Pace(reconnect_s=0.1),
        )
        await stack.enter_async_context(serving(onebot, port=0))
        wechat_port = free_port()
        wechat = WeChat(
            url=f"http://127.0.0.1:{public}/wechat/wechat",
            token=wechat_token,
            app_id="wxsandbox0000000",
            app_secret=app_secret,
            aes_key=aes_key,
            mode="safe",
            town=square("WeChat", PEOPLE, ()),
            origin=f"http://127.0.0.1:{wechat_port}",
        )
        await stack.enter_async_context(wechat)
        await stack.enter_async_context(running(wechat_app(wechat), port=wechat_port))
        relays, names = _relays(canaries, hostile, nobody)
        broken = ", ".join(f'"{name}:m"' for name in names if name != "fine")
        text = CONFIG.format(
            private=private,
            public=public,
            form=form,
            relays=relays,
            broken=broken,
            chat=f'"fine:m", {broken}',
            telegram_port=telegram_at.port,
            wechat_port=wechat_port,
            access_code=canaries.source("server.access_code"),
            proxy=canaries.login("proxy.url", "http", hostile.port),
            webhook_secret=canaries.source("bots.telegram.webhook_secret", canaries.word()),
            refused=canaries.source("bots.telegram.token", f"7000000002:AA{canaries.word(33)}"),
            second_secret=canaries.source("bots.telegram.webhook_secret", canaries.word()),
            third=canaries.source("bots.telegram.token", f"7000000003:AA{canaries.word(33)}"),
            telegram_proxy=canaries.login("bots.telegram.proxy", "http", hostile.port),
            previous_aes_key=canaries.source("bots.wechat.previous_aes_key", canaries.aes_key()),
            wechat_afar=canaries.source("bots.wechat.token", canaries.word(30)),
            app_secret_afar=canaries.source("bots.wechat.app_secret", canaries.word(32)),
            wechat_proxy=canaries.login("bots.wechat.proxy", "socks5", hostile.port),
            **values,
        )
        (folder / "config.toml").write_text(text)
        yield Stage(
            canaries=canaries,
            search=Search(dict(canaries.told)),
            relay=hostile,
            relays=names,
            telegram=telegram,
            onebot=onebot,
            wechat=wechat,
            folder=folder,
            private=private,
            public=public,
        )


def _relays(canaries: Canaries, hostile: Relay, nobody: int) -> tuple[str, list[str]]:
    """(sections, names): one for each way to fail, and one that is well."""
    addresses = {way: (hostile.address(way), '"direct"') for way in WAYS if way}
    addresses |= {
        "tls": (f"https://127.0.0.1:{hostile.port}", '"direct"'),
        "refused": (f"http://127.0.0.1:{nobody}", '"direct"'),
        "common": ("http://relay.invalid", '""'),
        "common_tls": ("https://relay.invalid", '""'),
    }
    for name, scheme, port in (
        ("proxied", "http", hostile.port),
        ("socks", "socks5", hostile.port),
        ("no_proxy", "socks5h", nobody),
    ):
        addresses[name] = (
            "https://relay.invalid",
            canaries.login("relays.*.proxy", scheme, port),
        )
    addresses["e400"] = addresses.pop("e400")  # where a request is refused, no other is asked
    text = ""
    for name, (address, proxy) in addresses.items():
        keys = ", ".join(canaries.source("relays.*.keys") for _ in range(2))
        text += f"""
[relays.{name}]
profile = "sandbox"
base_url = "{address}"
allow_plain_http = true
proxy = {proxy}
key = {canaries.source("relays.*.key")}
keys = [{keys}]
tokens = {{ own = {canaries.source("relays.*.tokens")} }}
stat_token = {canaries.source("relays.*.stat_token")}
connect_timeout_s = 2.0
first_byte_timeout_s = 2.0
idle_timeout_s = 2.0
"""
    return text, list(addresses)
