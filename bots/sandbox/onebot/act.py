"""What the control page can make happen, each by its `do`."""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.piece import Other
from bots.sandbox.town.town import Unspoken


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """Raises Unspoken where the town does not have whom or what is named."""

    async def perform(self, onebot: OneBot) -> None:
        raise NotImplementedError


class Connection(Act, frozen=True, kw_only=True, tag="connection"):
    """`renew` dials a second socket and leaves the old one until `close_old`."""

    how: Literal["renew", "close_old", "close", "abort", "freeze", "thaw"]

    async def perform(self, onebot: OneBot) -> None:
        dialer = onebot.telling
        match self.how:
            case "renew":
                await dialer.renew()
            case "close_old":
                await dialer.close_old()
            case "close":
                await dialer.close()
            case "abort":
                dialer.abort()
            case "freeze":
                dialer.freeze()
            case "thaw":
                dialer.thaw()


class Set(Act, frozen=True, kw_only=True, tag="set"):
    """`beats` false makes the account deaf; `online` false tells that QQ put it out."""

    beats: bool | None = None
    online: bool | None = None
    text_chars: int | Literal["unlimited"] | None = None
    sends_per_minute: int | Literal["unlimited"] | None = None

    async def perform(self, onebot: OneBot) -> None:
        for name in ("beats", "online", "text_chars", "sends_per_minute"):
            value = getattr(self, name)
            if value is not None:
                setattr(onebot.standing, name, value)


class Mute(Act, frozen=True, kw_only=True, tag="mute"):
    group: str
    seconds: Annotated[int, Meta(ge=0)] = 600

    async def perform(self, onebot: OneBot) -> None:
        await onebot.mute(self.group, self.seconds)


class Repeat(Act, frozen=True, kw_only=True, tag="repeat"):
    """The latest events come again."""

    count: Annotated[int, Meta(ge=1)] = 1

    async def perform(self, onebot: OneBot) -> None:
        await onebot.repeat(self.count)


class Flood(Act, frozen=True, kw_only=True, tag="flood"):
    place: str
    person: str
    count: Annotated[int, Meta(ge=1, le=10_000)] = 100

    async def perform(self, onebot: OneBot) -> None:
        texts = [f"message {number}" for number in range(1, self.count + 1)]
        await onebot.flood(self.place, self.person, texts)


class Say(Act, frozen=True, kw_only=True, tag="say"):
    """A message of these segments, as they stand."""

    place: str
    person: str
    segments: list[dict[str, Any]]

    async def perform(self, onebot: OneBot) -> None:
        place = onebot.town.places.get(self.place)
        person = onebot.town.people.get(self.person)
        if place is None or person is None:
            raise Unspoken(f"expected a place and a person, got {self.place!r}, {self.person!r}")
        pieces = [Other(str(s.get("type")), dict(s.get("data") or {})) for s in self.segments]
        await onebot.post(place, person, tuple(pieces))


class Tell(Act, frozen=True, kw_only=True, tag="tell"):
    """A frame as it stands: broken JSON, unknown events."""

    frame: str

    async def perform(self, onebot: OneBot) -> None:
        await onebot.tell_raw(self.frame)


class Poke(Act, frozen=True, kw_only=True, tag="poke"):
    place: str
    person: str

    async def perform(self, onebot: OneBot) -> None:
        await onebot.poke(self.place, self.person)


class Recall(Act, frozen=True, kw_only=True, tag="recall"):
    line: int

    async def perform(self, onebot: OneBot) -> None:
        await onebot.recall(self.line)


class Join(Act, frozen=True, kw_only=True, tag="join"):
    group: str
    person: str

    async def perform(self, onebot: OneBot) -> None:
        await onebot.join(self.group, self.person)


class AskFriend(Act, frozen=True, kw_only=True, tag="ask_friend"):
    person: str
    comment: str = ""

    async def perform(self, onebot: OneBot) -> None:
        await onebot.membership.ask_friend(self.person, self.comment)


class Invite(Act, frozen=True, kw_only=True, tag="invite"):
    """A person asks the account into a group."""

    group: str
    person: str
    comment: str = ""

    async def perform(self, onebot: OneBot) -> None:
        await onebot.membership.ask_group(self.group, self.person, self.comment, invite=True)


class Expire(Act, frozen=True, kw_only=True, tag="expire"):
    """The addresses of files given out so far no longer work."""

    async def perform(self, onebot: OneBot) -> None:
        onebot.files.expire()


AnyAct: TypeAlias = (
    Connection
    | Set
    | Mute
    | Repeat
    | Flood
    | Say
    | Tell
    | Poke
    | Recall
    | Join
    | AskFriend
    | Invite
    | Expire
)
