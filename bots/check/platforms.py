"""Bots on the platforms: their packages, their settings, and how the platform answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import structs

from bots.announcement import where
from bots.check.finding import Finding
from bots.clock import SystemClock
from bots.config import BotEntry, Config
from bots.livez import ask, parley_at
from bots.platforms import missing
from core.errors import ConfigError

Standing: TypeAlias = Callable[[BotEntry, Config], str]
"""Checks the settings by the adapter's own rules, and tells how the bot receives.
Raises ConfigError."""
Live: TypeAlias = Callable[[BotEntry, Config], Awaitable[Finding]]


def standing(config: Config) -> Sequence[Finding]:
    """What can be said without a call."""
    return [stands(entry, config) for entry in config.bots if entry.bot.platform in STANDING]


def stands(entry: BotEntry, config: Config) -> Finding:
    about = f"bot {entry.bot.name}"
    if lacks := missing(entry.bot.platform):
        return Finding("WRONG", about, lacks)
    try:
        return Finding("ok", about, STANDING[entry.bot.platform](entry, config))
    except ConfigError as error:
        return Finding("WRONG", about, str(error))


async def live(config: Config) -> Sequence[Finding]:
    """What the platforms say of those bots whose settings are well."""
    calls = [
        LIVE[entry.bot.platform](entry, config)
        for entry in config.bots
        if entry.bot.platform in LIVE and stands(entry, config).state == "ok"
    ]
    return await asyncio.gather(*calls)


# -- Telegram ------------------------------------------------------------------


def telegram(entry: BotEntry, config: Config) -> str:
    from adapters.telegram.settings import check  # noqa: PLC0415 - where it is configured

    settings: Any = entry.settings
    check(settings, entry.bot.name)
    if settings.mode == "polling":
        return "Telegram, by polling"
    address = f"{settings.public_url.rstrip('/')}/telegram/{entry.bot.name}"
    return f"Telegram, by webhook: {address} must lead to {where(entry, config, 'http')}"


async def ask_telegram(entry: BotEntry, config: Config) -> Finding:
    from adapters.telegram.introduction import introduce  # noqa: PLC0415

    about = f"bot {entry.bot.name}"
    settings: Any = entry.settings
    try:
        told = await introduce(settings, entry.bot.name, config.proxy.url)
    except ConfigError as error:
        return Finding("WRONG", about, str(error))
    seen = "all" if told.sees_groups else "what is for it alone (@BotFather: /setprivacy)"
    words = f"@{told.username}; in groups it sees {seen}"
    if told.webhook and settings.mode == "polling":
        words += "; a webhook is set elsewhere, which the next start takes off"
        return Finding("note", about, words)
    return Finding("ok", about, words)


# -- QQ ------------------------------------------------------------------------


def onebot11(entry: BotEntry, config: Config) -> str:
    from adapters.onebot11.adapter import check  # noqa: PLC0415

    settings: Any = entry.settings
    check(entry.bot.name, settings)
    return f"QQ's side dials in to {where(entry, config, 'ws')}, with this bot's token"


async def ask_qq(entry: BotEntry, config: Config) -> Finding:
    """By way of the Parley that runs, if one does: it alone knows who is connected."""
    about = f"bot {entry.bot.name}"
    private = config.server.private
    if not await asyncio.to_thread(parley_at, private):
        return Finding("note", about, "no Parley is running, so no account can be connected")
    told = await asyncio.to_thread(ask, private, "/readyz")
    trouble = msgspec.json.decode(told, type=dict[str, str | bool]).get(entry.bot.name)
    if trouble:
        return Finding("note", about, str(trouble))
    return Finding("ok", about, "Parley is running and tells of no trouble with it")


# -- WeChat --------------------------------------------------------------------


def wechat(entry: BotEntry, config: Config) -> str:
    from adapters.wechat.settings import check  # noqa: PLC0415

    settings: Any = entry.settings
    check(settings, f"bots.{entry.bot.name}")
    address = where(entry, config, "http")
    return f"WeChat, {settings.way} mode: the URL in its console must lead to {address}"


async def ask_wechat(entry: BotEntry, config: Config) -> Finding:
    from adapters.wechat.introduction import introduce  # noqa: PLC0415

    about = f"bot {entry.bot.name}"
    settings: Any = entry.settings
    if not settings.app_secret:
        return Finding(
            "note", about, "without app_secret: texts alone, no menu, and no call to try"
        )
    try:
        settings = structs.replace(settings, proxy=settings.proxy or config.proxy.url)
        await introduce(settings, entry.bot.name, SystemClock())
    except ConfigError as error:
        return Finding("WRONG", about, str(error))
    return Finding("ok", about, "WeChat takes its app_id and app_secret")


STANDING: Mapping[str, Standing] = {
    "onebot11": onebot11,
    "telegram": telegram,
    "wechat": wechat,
}
LIVE: Mapping[str, Live] = {
    "onebot11": ask_qq,
    "telegram": ask_telegram,
    "wechat": ask_wechat,
}
