"""What Telegram tells of a bot, for whoever sets one up: asked once, before it runs."""

import asyncio

from msgspec import Struct
from telegram.error import InvalidToken, TelegramError

from adapters.telegram.adapter import way_out
from adapters.telegram.api import Api
from adapters.telegram.settings import Settings, check
from core.errors import ConfigError
from core.secret import Secret

WHOLE_S = 20.0


class Unreached(ConfigError):
    """Telegram gave no answer; nothing is known of the token."""


class Introduction(Struct, frozen=True, kw_only=True):
    """`username` has no @. `webhook` is where updates are sent, "" where they wait to be asked
    for, which the other way of receiving excludes."""

    username: str
    sees_groups: bool
    webhook: str


async def introduce(settings: Settings, bot: str, proxy: Secret) -> Introduction:
    """Ask Telegram who the bot is; `proxy` is the common one.

    Raises ConfigError: Unreached, or for a setting or token that cannot work.
    """
    check(settings, bot)
    api = Api(way_out(settings, bot, proxy), settings.api_base, settings.token)
    try:
        async with asyncio.timeout(WHOLE_S):
            me = await api.bot.get_me()
            hook = await api.bot.get_webhook_info()
    except InvalidToken as error:
        raise ConfigError(
            f"bots.{bot}.token: expected one that Telegram knows, it answered "
            f'"{error.message}". Ask @BotFather for it again, with /token.'
        ) from error
    except (TelegramError, TimeoutError) as error:
        reason = error.message if isinstance(error, TelegramError) else "no answer in time"
        raise Unreached(
            f"bots.{bot}: expected an answer of Telegram, got none ({reason}). "
            "In some places a proxy is needed."
        ) from error
    finally:
        await api.close()
    return Introduction(
        username=me.username or "",
        sees_groups=bool(me.can_read_all_group_messages),
        webhook=hook.url,
    )
