"""What admins decided and the configuration has nothing for any more."""

from collections.abc import Iterator, Mapping

from bots.check.finding import Finding
from bots.config import Config
from bots.loop import run_async
from bots.printable import printable
from core.errors import StoreError
from core.quota.cashier import NO_BINDING
from storage.operation import GroupsSet
from storage.reading import reading


def decided(config: Config) -> Iterator[Finding]:
    """Read beside a process that works with the database. What cannot be read is told of
    already, or was written by an older Parley."""
    try:
        bindings = run_async(read(config)).get("bindings", {})
    except StoreError:
        return
    tokens = {f"{entry.name}:{name}" for entry in config.relays for name in entry.tokens}
    for who, token in sorted(bindings.items()):
        if token not in (NO_BINDING, *tokens):
            yield Finding(
                "note", "bindings", gone(who, token, common=config.limits.fallback_to_common)
            )


async def read(config: Config) -> Mapping[str, Mapping[str, str]]:
    """Raises StoreError."""
    async with reading(config.storage.url.reveal()) as database:
        return await database.ask(GroupsSet())


def gone(who: str, token: str, *, common: bool) -> str:
    relay, _, name = token.partition(":")
    outcome = "go by the common keys" if common else "fail"
    return (
        f"{printable(who)} is bound to {printable(token)}, which is not configured, so their calls "
        f"{outcome}: name {printable(name)} under [relays.{printable(relay)}.tokens], or bind them "
        f"anew: parley quota bind {printable(who)} none"
    )
