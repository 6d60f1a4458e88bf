"""A bot with two official accounts that may not send on their own, one of them in 安全模式."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bots.sandbox.wechat.account import Mode
from bots.sandbox.wechat.wechat import WeChat
from prove.passive.talk import Talk
from prove.world.bot import Bot
from prove.world.echo import Echo
from prove.world.ports import free_port

KEPT = 500_000
FIRST_PERSON = 50_001
AES_KEY = "MZqJ4S2nWc8uTgR5bYxKfL0pVdA7eHiOj1rB3kDs9Gw"
APP_ID = "wxsandbox0000000"
MODES: dict[str, Mode] = {"plain": "plain", "safe": "safe"}

CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
[storage]
data = "{data}"
[relays.main]
profile = "sandbox"
base_url = "http://127.0.0.1:{relay}"
[people]
guests = true
guest_daily_messages = "unlimited"
[log]
level = "warning"
format = "json"
{bots}
"""
SECTION = """
[bots.{name}]
platform = "wechat"
token = "env:PROVE_TOKEN"
"""
SAFE = f"""app_id = "{APP_ID}"
aes_key = "env:PROVE_AES_KEY"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`accounts` by the bots' names; both have people of the same openids. `public` is the port
    to which they push."""

    bot: Bot
    relay: Echo
    accounts: dict[str, WeChat]
    public: int


@asynccontextmanager
async def stage(folder: Path, people: int, relay: Echo) -> AsyncIterator[Stage]:
    """Everything but the bot is at work."""
    private, public = free_port(), free_port()
    ids = [str(FIRST_PERSON + number) for number in range(people)]
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(relay.open())
        accounts = {
            name: await stack.enter_async_context(account(name, mode, ids, public))
            for name, mode in MODES.items()
        }
        config = folder / "config.toml"
        config.write_text(
            CONFIG.format(
                private=private,
                public=public,
                data=folder / "data",
                relay=port,
                bots="".join(map(section, accounts)),
            )
        )
        bot = Bot(config, private, {"PROVE_TOKEN": "sandbox", "PROVE_AES_KEY": AES_KEY})
        stack.push_async_callback(bot.stop)
        yield Stage(bot=bot, relay=relay, accounts=accounts, public=public)


def account(name: str, mode: Mode, people: Sequence[str], public: int) -> WeChat:
    return WeChat(
        url=f"http://127.0.0.1:{public}/wechat/{name}",
        token="sandbox",
        app_id=APP_ID,
        app_secret="sandbox-secret",
        aes_key=AES_KEY if mode == "safe" else "",
        mode=mode,
        town=Talk(name, people, lambda: datetime.now(UTC), KEPT),
        journal_size=KEPT,
    )


def section(name: str) -> str:
    return SECTION.format(name=name) + (SAFE if MODES[name] == "safe" else "")
