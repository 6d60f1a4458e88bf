"""A message's text as it is meant for the bot: its name cut out, its commands made plain. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.telegram.wire import Entity
from core.model import Mention

UNIT_BYTES = 2
ENTITIES = 200
"""Telegram keeps 100 of a message (limits.tginfo.me, November 2026): each costs the whole text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot's own account. `username` is lower case, without the @."""

    id: int
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`mentions` are people whom the text names as "@" and their name. `for_another`: it begins
    with a command that names another bot."""

    text: str
    mentions: tuple[Mention, ...] = ()
    addressed: bool = False
    for_another: bool = False


def words(text: str, entities: Sequence[Entity], me: Me) -> Words:
    """Read text by its entities, whose offsets count UTF-16 units; never raises."""
    if not entities:
        return Words(text=text)
    reader = _Reader(text, me)
    for entity in sorted(entities[:ENTITIES], key=lambda entity: entity.offset, reverse=True):
        reader.read(entity)
    return reader.words()


class _Reader:
    """Goes through the entities from the last to the first, so that offsets stay true."""

    def __init__(self, text: str, me: Me) -> None:
        self._units = text.encode("utf-16-le", "surrogatepass")
        self._me = me
        self._addressed = False
        self._for_another = False
        self._mentions: list[Mention] = []

    def read(self, entity: Entity) -> None:
        start = entity.offset * UNIT_BYTES
        end = start + entity.length * UNIT_BYTES
        match entity.type:
            case "mention" if self._told(start, end) == f"@{self._me.username}":
                self._cut_name(start, end)
            case "text_mention" if entity.user and entity.user.id == self._me.id:
                self._cut_name(start, end)
            case "text_mention" if entity.user:
                self._mention(start, end, entity.user.id)
            case "bot_command":
                self._command(start, end)
            case "text_link" if entity.url:
                self._put(end, end, f" ({entity.url})")

    def words(self) -> Words:
        return Words(
            text=_decoded(self._units).strip(),
            mentions=tuple(reversed(self._mentions)),
            addressed=self._addressed,
            for_another=self._for_another,
        )

    def _command(self, start: int, end: int) -> None:
        command, at, name = self._told(start, end).partition("@")
        if not at:
            return
        if name == self._me.username:
            self._addressed = True
            self._put(start + len(command) * UNIT_BYTES, end, "")
        elif not _decoded(self._units[:start]).strip():
            self._for_another = True

    def _cut_name(self, start: int, end: int) -> None:
        """With what parts it from the rest: "@me, hello" is "hello", "do it @me" is "do it"."""
        self._addressed = True
        before, after = _decoded(self._units[:start]), _decoded(self._units[end:])
        if not before.strip():
            after = after.lstrip(" \t,:，：")
        elif before[-1].isspace():
            after = after.removeprefix(" ")
        self._units = _encoded(before + after)

    def _mention(self, start: int, end: int, user: int) -> None:
        """Whoever has no username stands in the text by his name alone; "@user" tells no id."""
        name = _decoded(self._units[start:end]).removeprefix("@")
        if name.strip():
            self._mentions.append(Mention(user=str(user), name=name))
            self._put(start, end, f"@{name}")

    def _told(self, start: int, end: int) -> str:
        return _decoded(self._units[start:end]).lower()

    def _put(self, start: int, end: int, text: str) -> None:
        self._units = self._units[:start] + _encoded(text) + self._units[end:]


def _encoded(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _decoded(units: bytes) -> str:
    return units.decode("utf-16-le", "replace")
