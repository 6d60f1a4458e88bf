"""Settings that can stand as they are, but do something else than they say."""

from collections.abc import Iterator

from bots.config.model import Config
from core.bot import Bot


def notes(config: Config) -> Iterator[tuple[str, str]]:
    """The setting's name, and what is to be known of it."""
    for entry in config.bots:
        yield from outage_notes(entry.bot)


def outage_notes(bot: Bot) -> Iterator[tuple[str, str]]:
    if bot.outage_wait_s > bot.expire_s:
        words = (
            f"expected at most expire_s, {bot.expire_s:g}, got {bot.outage_wait_s:g}: what waits "
            f"for a relay is given up when {bot.expire_s:g} s old. Lower it, or raise expire_s"
        )
        yield f"bots.{bot.name}.outage_wait_s", words
