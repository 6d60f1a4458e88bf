"""What a command is: a name in two languages and one function.

A command lives in a file of its own under `bots/commands/`, as `COMMAND`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from core.bot import Bot
from core.model import Effect, Language, Media, Message, Spend, Text, Turn, TurnState
from core.people import PeopleRules, Role
from core.ports.balances import Balances
from core.ports.clock import Clock
from core.ports.ledger import Account, Kind
from core.ports.relays import PLAIN, Errand, Relays
from core.ports.store import MediaStore, Store
from core.ports.texts import Texts
from core.quota.budget import Budget
from core.quota.cashier import Cashier

UTC = ZoneInfo("UTC")


class Running(Protocol):
    """The answers being worked on now."""

    def stop(self, conversation: str) -> bool:
        """End the running answer of a conversation; False if none was running."""
        ...


class Reasons(Protocol):
    """Why messages were passed over or how they were answered: a small bounded memory."""

    def note(self, chat: str, reason: str, **params: object) -> None: ...

    def latest(self, chat: str, count: int) -> Sequence[tuple[str, Mapping[str, object]]]:
        """(text code, params), newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One message with all that is known when it is handled.

    `bot` is as the group's admins made it. `settings` are the group's, the person's and the
    conversation's, each laid over those before: language, model, persona, voice. `user` is the
    opaque id that a relay may see of the person. `spends` grows with each relay call made
    for it, and is kept whatever becomes of the answer; `account` pays for them, `budget` holds
    them where they are limited, `errand` has the key that the person is bound to. `zone` is the
    person's.
    """

    message: Message
    bot: Bot
    conversation: str
    person: str
    role: Role
    language: Language
    settings: Mapping[str, str]
    account: Account | None = None
    budget: Budget | None = None
    errand: Errand = PLAIN
    zone: ZoneInfo = UTC
    user: str = ""
    spends: list[Spend] = field(default_factory=list)

    @property
    def persona(self) -> str:
        return self.settings.get("persona", self.bot.persona)

    @property
    def choice(self) -> str:
        """The "relay:model" picked in this conversation, or "" for the route."""
        return self.settings.get("model", "")

    def turn(
        self,
        role: Literal["user", "assistant"],
        text: str,
        at: datetime,
        *,
        media: Sequence[Media] = (),
        state: TurnState = TurnState.COMPLETE,
    ) -> Turn:
        """One side of what this message leaves in the history."""
        return Turn(
            role=role,
            text=text,
            message_id=self.message.id,
            at=at,
            media=tuple(media),
            state=state,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What handling a message comes to: stored in one transaction, then sent."""

    parts: tuple[Text | Media, ...] = ()
    turns: tuple[Turn, ...] = ()
    effects: tuple[Effect, ...] = ()


Preview: TypeAlias = Callable[[str], None]
"""Shows the answer so far, by means that vanish by themselves."""


class Chatter(Protocol):
    """The engine as commands see it."""

    async def chat(
        self,
        ask: Ask,
        text: str,
        pictures: Sequence[Media] = (),
        preview: Preview | None = None,
        *,
        replacing: str = "",
    ) -> Outcome:
        """Ask the model, with the conversation's history.

        `replacing` names the message whose pair gives way to this one: it is not
        sent, and the outcome says so to the store. Raises RelayError, MessageTooLong.
        """
        ...

    async def transcribe(self, ask: Ask, media: Media, *, to_english: bool = False) -> Outcome:
        """One text part with the words, and its turns."""
        ...

    async def content(self, ask: Ask, media: Media) -> bytes:
        """A file's bytes, from the media store or the platform. Raises MediaError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What commands may use."""

    store: Store
    media: MediaStore
    relays: Relays
    texts: Texts
    clock: Clock
    rules: PeopleRules
    chatter: Chatter
    running: Running
    reasons: Reasons
    commands: Mapping[str, "Command"]
    """Every command by each of its names, in lower case."""
    cashier: Cashier
    """Knows what holds for whom: limits, days, keys."""
    balances: Balances
    preview: Preview | None = None


Run: TypeAlias = Callable[[Ask, str, Services], Awaitable[Outcome]]
"""(ask, the text after the command's name, services) -> outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`name` keys its help text, `command_<name>`; `aliases` are further names, in any script.

    `urgent` commands are handled at once, beside a running answer. `spends` is the kind of
    relay call that it begins with; without one it costs nothing and counts towards no limit.
    `admins`: of owners and admins alone, and shown to no others.
    """

    name: str
    run: Run
    aliases: tuple[str, ...] = field(default=())
    urgent: bool = False
    spends: Kind | None = None
    admins: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)
