"""What is configured and what was decided, as the terminal sees it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bots.config import Config, load
from bots.deciding.who import common_target, is_identity
from bots.orders import Payload, give
from bots.quota.orders import DECIDE, QuotaOrders, payload_of
from core.errors import ConfigError
from core.model import Deciding
from core.people import Role, role_of_identity
from core.ports.ledger import TERMINAL
from core.quota.calendar import Calendar
from core.quota.cashier import NO_BINDING
from core.quota.limits import Ceilings, Target
from storage.media import FileMedia
from storage.operation import GroupsSet, Seen
from storage.reading import Asked, reading
from storage.store import SqlStore

Now: TypeAlias = Callable[[], datetime]


def system_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`decided` are the settings of each scope of decisions, as they were when it was opened."""

    config: Config
    database: Asked
    decided: Mapping[str, Mapping[str, str]]
    now: datetime

    @property
    def calendar(self) -> Calendar:
        return Calendar(ZoneInfo(self.config.people.timezone))

    @property
    def ceilings(self) -> Ceilings:
        return Ceilings(self.config.limits, self.config.people)

    @property
    def tokens(self) -> list[str]:
        return [f"{entry.name}:{name}" for entry in self.config.relays for name in entry.tokens]

    def of(self, scope: str) -> Mapping[str, str]:
        return self.decided.get(scope, {})

    def role(self, identity: str) -> Role:
        """Who is at the terminal decides as an owner does."""
        if identity == TERMINAL:
            return Role.OWNER
        return role_of_identity(identity, self.config.people, self.of("roles"))

    def role_of_target(self, target: Target) -> Role:
        """A member's of what is no person, where it does not matter."""
        kind, _, identity = target.partition(":")
        return self.role(identity) if kind == "person" else Role.MEMBER

    async def note(self, scope: Target) -> str:
        """Where nobody of that id has written yet: it may be mistyped. "" otherwise."""
        kind, _, name = scope.partition(":")
        bots = [entry.bot.name for entry in self.config.bots]
        if kind not in ("person", "group") or ":" not in name:
            return ""
        if await self.database.ask(Seen(scope=scope, bots=bots)):
            return ""
        where = f"in {scope}" if kind == "group" else f"as {name}"
        return f"Nobody has written to a bot {where} yet: check the id if that is a surprise."

    def token(self, identity: str) -> str:
        """ "" for the common keys."""
        decided = self.of("bindings").get(identity)
        if decided == NO_BINDING:
            return ""
        return decided or self.config.bindings.get(identity, "")

    def shown_token(self, identity: str) -> str:
        """With a note where no key of that name is configured; "" for the common keys."""
        token = self.token(identity)
        return token if token in ("", *self.tokens) else f"{token} (not configured)"


def configured(path: Path) -> Config:
    """Raises ConfigError."""
    if not path.exists():
        raise ConfigError(
            f"{path}: expected a configuration, got no such file. Make one with: parley init, or "
            "name yours with --config. The demo has none: say /quota, /limit and /grant on its page"
        )
    return load(path)


@asynccontextmanager
async def desk(config: Config, now: Now = system_now) -> AsyncIterator[Desk]:
    """Raises StoreError."""
    async with reading(config.storage.url.reveal()) as database:
        decided = await database.ask(GroupsSet())
        yield Desk(config=config, database=database, decided=decided, now=now())


async def decide(config: Config, settings: Sequence[Deciding]) -> Payload:
    """By the process that runs, or here; the answer is that of `DECIDE`.

    Raises OrderRefused, OrderWaits, StoreError.
    """
    payload = payload_of(settings)
    return await give(config.storage.data, DECIDE, payload, lambda: _alone(config, payload))


async def _alone(config: Config, payload: Payload) -> Payload:
    store = await SqlStore.open(config.storage.url.reveal(), FileMedia(config.storage.media))
    try:
        return await QuotaOrders(store).decide(payload)
    finally:
        await store.close()


def person(word: str) -> str:
    """Raises ConfigError."""
    identity = word.removeprefix("person:")
    if not is_identity(identity):
        raise ConfigError(
            f'expected a person\'s id as in "telegram:123456", got "{word}". People see their own '
            "with /whoami; everybody of a platform is for the configuration to name"
        )
    return identity


def whose(word: str) -> str:
    """Whose use is meant: a person's, or that of the calls by hand. Raises ConfigError."""
    return TERMINAL if word == TERMINAL else person(word)


def check_bot(config: Config, on: Target) -> None:
    """Whether a bot is one of those that there are. Raises ConfigError."""
    kind, _, name = on.partition(":")
    names = [entry.bot.name for entry in config.bots]
    if kind == "bot" and name and name not in names:
        raise ConfigError(f"expected a bot of the configuration, {', '.join(names)}; got {name}")


def target(word: str) -> Target:
    """As limits are named. Raises ConfigError."""
    if common := common_target(word):
        return common
    identity = word.removeprefix("person:")
    if is_identity(identity):
        return f"person:{identity}"
    raise ConfigError(
        'expected a person\'s id as in "telegram:123456", group:PLATFORM:CHAT, bot:NAME, all, or '
        f'each of the members, guests, groups or bots; got "{word}"'
    )
