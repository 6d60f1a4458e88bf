"""The chats that the bot knows, how it stands in each, and the messages there."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from bots.sandbox.telegram.failure import Refused, bad, refused
from bots.sandbox.town.town import Person, Place, Town

Raw: TypeAlias = dict[str, Any]
Standing: TypeAlias = Literal["member", "administrator", "left", "kicked"]

GENERAL = 1
"""The topic that every forum has. Messages in it carry no message_thread_id (K)."""

KEPT_MESSAGES = 1000
"""In each chat; older ones can no longer be replied to or edited."""


class Kept(Struct, frozen=True, kw_only=True):
    """A message as the bot was shown it, and its line in the town (0: none)."""

    message: Raw
    line: int
    by_bot: bool


class Chat(Struct, kw_only=True):
    """`standing` is the bot's; in a private chat "kicked" means blocked. `topics` by thread id."""

    id: int
    shown: Raw
    title: str
    members: tuple[int, ...]
    group: bool = False
    standing: Standing = "member"
    topics: dict[int, str] = {}
    migrated_to: int = 0
    refuses_voice: bool = False
    last_id: int = 0
    kept: OrderedDict[int, Kept] = msgspec.field(default_factory=OrderedDict)

    @property
    def forum(self) -> bool:
        return bool(self.topics)

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def keep(self, message: Raw, line: int, *, by_bot: bool) -> None:
        self.kept[message["message_id"]] = Kept(message=message, line=line, by_bot=by_bot)
        if len(self.kept) > KEPT_MESSAGES:
            self.kept.popitem(last=False)

    def admit(self) -> None:
        """Whether the bot may write here. Raises Refused."""
        if self.migrated_to:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": self.migrated_to},
            )
        match self.standing:
            case "kicked" if self.group:
                raise refused(403, "bot was kicked from the supergroup chat")
            case "kicked":
                raise refused(403, "bot was blocked by the user")
            case "left":
                raise refused(403, "bot is not a member of the supergroup chat")

    def place(self, thread: int) -> str:
        """The town's name of a topic, or of the chat."""
        return f"{self.id}/{thread}" if thread and thread != GENERAL else str(self.id)


class Chats:
    """All chats by id, made of a town's people and places."""

    def __init__(self, town: Town) -> None:
        self.users = {int(person.id): _user(person) for person in town.people.values()}
        self._chats = {chat.id: chat for chat in _chats(town)}

    def __iter__(self) -> Iterator[Chat]:
        return iter(self._chats.values())

    def add(self, chat: Chat) -> None:
        self._chats[chat.id] = chat

    def get(self, chat_id: int) -> Chat | None:
        return self._chats.get(chat_id)

    def at(self, place: str) -> tuple[Chat, int]:
        """The chat and the thread of one of the town's places. Raises KeyError."""
        chat_id, _, thread = place.partition("/")
        return self._chats[int(chat_id)], int(thread or 0)

    def find(self, told: str) -> Chat:
        """By what a bot wrote as chat_id. Raises Refused."""
        if not told:
            raise bad("chat_id is empty")
        chat = self._named(told) if told.startswith("@") else self._numbered(told)
        if chat is None:
            raise bad("chat not found")
        return chat

    def _numbered(self, told: str) -> Chat | None:
        try:
            return self._chats.get(int(told))
        except ValueError:
            return None

    def _named(self, told: str) -> Chat | None:
        name = told[1:].lower()
        named = (chat for chat in self if chat.shown.get("username", "").lower() == name)
        return next((chat for chat in named if chat.group), None)


def _user(person: Person) -> Raw:
    return {
        "id": int(person.id),
        "is_bot": False,
        "first_name": person.name,
        "username": f"person{person.id}",
        "language_code": "zh-hans" if person.language == "zh" else person.language,
    }


def _chats(town: Town) -> Iterator[Chat]:
    topics = _topics(town.places)
    for place in town.places.values():
        if "/" not in place.id:
            yield _group(place, topics.get(place.id, {})) if place.group else _private(town, place)


def _topics(places: Mapping[str, Place]) -> dict[str, dict[int, str]]:
    """The forums' topics: places named "<chat>/<thread>"."""
    found: dict[str, dict[int, str]] = {}
    for place in places.values():
        chat, _, thread = place.id.partition("/")
        if thread:
            found.setdefault(chat, {GENERAL: "General"})[int(thread)] = place.name
    return found


def _group(place: Place, topics: dict[int, str]) -> Chat:
    shown: Raw = {"id": int(place.id), "type": "supergroup", "title": place.name}
    if topics:
        shown["is_forum"] = True
    return Chat(
        id=int(place.id),
        shown=shown,
        title=place.name,
        members=_numbers(place.members),
        group=True,
        topics=topics,
    )


def _private(town: Town, place: Place) -> Chat:
    user = _user(town.people[place.id])
    shown = {
        "id": user["id"],
        "type": "private",
        "first_name": user["first_name"],
        "username": user["username"],
    }
    return Chat(id=user["id"], shown=shown, title=place.name, members=(user["id"],))


def _numbers(members: Sequence[str]) -> tuple[int, ...]:
    return tuple(int(member) for member in members)
