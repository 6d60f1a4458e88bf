"""Whether WeChat takes an account's AppID and AppSecret: asked once, before the bot runs."""

from adapters.wechat.api import Api, ApiError, Lost, Unreached
from adapters.wechat.settings import Settings, check
from core.errors import ConfigError
from core.ports.clock import Clock


async def introduce(settings: Settings, bot: str, clock: Clock) -> None:
    """Have WeChat give an access token. Raises ConfigError with WeChat's own words.

    It is the one that a running bot has, so asking takes nothing away from it.
    """
    check(settings, f"bots.{bot}")
    api = Api(settings, Forgetful(), clock)
    try:
        await api.prove()
    except (ApiError, Unreached, Lost) as error:
        raise ConfigError(f"bots.{bot}: expected an access token, got none: {error}") from error
    finally:
        await api.close()


class Forgetful:
    """A memo that keeps nothing: the token is not ours to hand on."""

    async def recall(self, name: str) -> str:
        del name
        return ""

    async def keep(self, name: str, value: str) -> None:
        del name, value
