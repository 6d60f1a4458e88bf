"""Telegram as a whole: who is there, what was said, and what people do in it."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import Struct

from bots.sandbox.faults import Faults
from bots.sandbox.journal import Journal
from bots.sandbox.telegram.chats import GENERAL, Chat, Chats, Kept, Raw, Standing
from bots.sandbox.telegram.drafts import Drafts
from bots.sandbox.telegram.entities import find
from bots.sandbox.telegram.files import FILE_LIVES_S, LINK_LIVES_S, Files
from bots.sandbox.telegram.floods import Floods, Policy
from bots.sandbox.telegram.member import member_of
from bots.sandbox.telegram.speech import compose
from bots.sandbox.telegram.updates import CALLBACK_LIVES_S, Updates
from bots.sandbox.telegram.utf16 import cut
from bots.sandbox.town.town import Line, Place, Town, Unspoken, Utterance, cast

TOKEN = "7000000001:AAH-sandbox-token-for-parley-0123456"  # noqa: S105 - opens nothing
USERNAME = "parley_sandbox_bot"

PEOPLE = ("5000001", "5000002", "5000003", "5000004")
GROUPS = ("-1002000000001", "-1002000000002")
FORUM = "-1002000000003"
TOPICS = {2: "Poems", 3: "诗"}

KEPT_LINES = 20_000


def utc_now() -> datetime:
    return datetime.now(UTC)


def default_town(now: Callable[[], datetime]) -> Town:
    """Four people, two groups and a forum. A forum's topic is the place "<chat>/<thread>"."""
    people, places = cast(PEOPLE, GROUPS)
    members = tuple(person.id for person in people)
    names = {FORUM: "Library"} | {f"{FORUM}/{thread}": name for thread, name in TOPICS.items()}
    forum = (
        Place(id=place, name=name, members=members, group=True) for place, name in names.items()
    )
    return Town(name="Telegram", people=people, places=(*places, *forum), now=now)


class Rules(Struct, frozen=True, kw_only=True):
    """What the platform does to a bot.

    `privacy`: the bot sees of group talk only what is for it. `local`: a folder
    in which getFile leaves files, as a local Bot API server does. A push that
    is not acknowledged is sent again at once, then after twice `webhook_retry_s`,
    and so on, doubling.
    """

    username: str = USERNAME
    privacy: bool = True
    floods: Policy = Policy()
    local: Path | None = None
    link_lives_s: float = LINK_LIVES_S
    file_lives_s: float = FILE_LIVES_S
    webhook_retry_s: float = 1.0


class Telegram:
    """The state of the simulated platform. To be used on the event loop that serves it."""

    def __init__(
        self,
        *,
        town: Town | None = None,
        token: str = TOKEN,
        now: Callable[[], datetime] = utc_now,
        rules: Rules | None = None,
        journal: Journal | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.town = default_town(now) if town is None else town
        self.token = token
        self.now = now
        self.rules = rules = rules or Rules()
        self.logged_out = False
        self.me: Raw = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Parley",
            "username": rules.username,
        }
        self.chats = Chats(self.town)
        self.files = Files(
            self.town,
            now,
            local=rules.local,
            link_lives_s=rules.link_lives_s,
            file_lives_s=rules.file_lives_s,
        )
        self.updates = Updates(now)
        self.floods = Floods(rules.floods, now)
        self.drafts = Drafts(now)
        self.journal = Journal() if journal is None else journal
        self.faults = Faults() if faults is None else faults
        self.commands: dict[tuple[str, str], list[Raw]] = {}
        """The menus, by scope ("default", "chat:5000001") and language ("" for all)."""
        self.callbacks: dict[str, datetime] = {}
        """When each button was pressed, by the id of its query."""
        self.actions: dict[str, tuple[str, datetime]] = {}
        """What the bot was last seen doing in a place ("typing"), and until when."""
        self._lines: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._numbers = count(1)

    # -- what people do ----------------------------------------------------------

    async def speak(self, said: Utterance) -> Line:
        """As `town.Platform.speak`. A place "<chat>/<thread>" is a topic of a forum."""
        return await self._say(said, {})

    async def album(self, items: Sequence[Utterance]) -> list[Line]:
        """Several pictures or files sent together: an update each, of one media_group_id."""
        group = {"media_group_id": str(13_000_000_000 + next(self._numbers))}
        return [await self._say(said, group) for said in items]

    async def forward(self, place: str, person: str, number: int) -> Line:
        """A person passes on what a line says. Raises Unspoken."""
        _, kept = self._kept(number)
        origin = {"type": "user", "sender_user": kept.message["from"], "date": kept.message["date"]}
        passed = {
            name: value
            for name, value in kept.message.items()
            if name not in ("message_id", "from", "chat", "date", "reply_to_message", "edit_date")
            and name not in ("message_thread_id", "is_topic_message", "reply_markup")
        }
        line = self._line(number)
        return self.post(
            place, person, passed | {"forward_origin": origin},
            kind=line.kind, text=line.text, file=line.file, name=line.name, mime=line.mime,
        )  # fmt: skip

    async def share(self, place: str, person: str, fields: Raw, text: str = "") -> Line:
        """A person sends what `speak` cannot say: any of Message's fields as they stand.

        A location is {"location": {"latitude": 1.0, "longitude": 2.0}}.
        """
        return self.post(place, person, fields, text=text or ", ".join(fields))

    async def send_file(
        self, place: str, person: str, content: bytes, kind: str, name: str = ""
    ) -> Line:
        """A sticker, a round video, an animation. Raises Unspoken."""
        said = Utterance(place=place, person=person, content=content, name=name, kind="file")
        return await self._say(said, {}, kind)

    async def edit(self, number: int, text: str) -> Line:
        """A person edits what they said; with the same text, what nobody can see has changed."""
        chat, kept = self._kept(number)
        field, entities = (
            ("text", "entities") if "text" in kept.message else ("caption", "caption_entities")
        )
        edited = {name: value for name, value in kept.message.items() if name != entities}
        edited |= {field: text, "edit_date": self.timestamp()}
        edited |= {entities: found} if (found := find(text)) else {}
        person, line = str(kept.message["from"]["id"]), self._line(number)
        noted = self.town.add(
            line.place, person, kind=line.kind, text=text, file=line.file,
            reply_to=number, status="edited", raw=edited,
        )  # fmt: skip
        self._remember(chat, edited, noted, by_bot=False)
        if self.sees(chat, edited):
            self.updates.put("edited_message", edited, queue=f"chat {chat.id}")
        return noted

    async def press(self, place: str, person: str, number: int, data: str) -> str:
        """A person presses a button below a line of the bot; the id of the query."""
        chat, kept = self._kept(number)
        query = f"{chat.id & 0xFFFF}{next(self._numbers):012}"
        self.callbacks[query] = self.now()
        content = {
            "id": query,
            "from": self.user(person),
            "message": kept.message,
            "chat_instance": str(chat.id),
            "data": data,
        }
        self.town.add(place, person, kind="notice", text=f"[{data}]", reply_to=number)
        self.updates.put(
            "callback_query", content, queue=f"button {person}", lives_s=CALLBACK_LIVES_S
        )
        return query

    async def react(self, place: str, person: str, number: int, emoji: str) -> None:
        """The bot is told only as an administrator that asked for it."""
        chat, kept = self._kept(number)
        self.town.add(place, person, kind="notice", text=emoji, reply_to=number)
        if chat.group and chat.standing != "administrator":
            return
        content = {
            "chat": chat.shown,
            "message_id": kept.message["message_id"],
            "user": self.user(person),
            "date": self.timestamp(),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}],
        }
        self.updates.put("message_reaction", content, queue=f"reaction {chat.id}")

    def tell(self, kind: str, content: Any, queue: str = "other") -> int | None:
        """Any update, of a kind that nobody knows too; its id."""
        return self.updates.put(kind, content, queue=queue)

    # -- how the bot stands --------------------------------------------------------

    def block(self, person: str, *, blocked: bool = True) -> None:
        """A person stops the bot, or starts it again."""
        self.stand(person, "kicked" if blocked else "member", by=person)

    def stand(self, place: str, standing: Standing, by: str = "") -> None:
        """The bot is made administrator or member, or removed; it is told so."""
        chat, _ = self.chats.at(place)
        before, chat.standing = chat.standing, standing
        actor = by or str(chat.members[0])
        change = {
            "chat": chat.shown,
            "from": self.user(actor),
            "date": self.timestamp(),
            "old_chat_member": member_of(self.me, before),
            "new_chat_member": member_of(self.me, standing),
        }
        self.town.add(place, actor, kind="notice", text=f"bot: {standing}")
        self.updates.put("my_chat_member", change, queue=f"chat {chat.id}")

    def migrate(self, place: str, to: int) -> None:
        """A group becomes another chat, as basic groups do when they become supergroups."""
        chat, _ = self.chats.at(place)
        moved = Chat(
            id=to,
            shown=chat.shown | {"id": to, "type": "supergroup"},
            title=chat.title,
            members=chat.members,
            group=True,
            standing=chat.standing,
        )
        old = self.town.places[place]
        self.town.places[str(to)] = Place(
            id=str(to), name=old.name, members=old.members, group=True
        )
        self.chats.add(moved)
        person = str(chat.members[0])
        self.post(place, person, {"migrate_to_chat_id": to}, kind="notice", text=f"now {to}")
        chat.migrated_to = to
        self.post(str(to), person, {"migrate_from_chat_id": chat.id}, kind="notice", text=place)

    def refuse_voice(self, person: str, *, refuses: bool = True) -> None:
        """A person's privacy setting, open to those with Premium."""
        self.chats.at(person)[0].refuses_voice = refuses

    # -- what both sides need ------------------------------------------------------

    def timestamp(self) -> int:
        return int(self.now().timestamp())

    def user(self, person: str) -> Raw:
        """Raises Unspoken."""
        found = self.chats.users.get(int(person)) if person.isdecimal() else None
        if found is None:
            raise Unspoken(f"expected one of {', '.join(self.town.people)}, got {person!r}")
        return found

    def message_base(self, chat: Chat, sender: Raw, thread: int) -> Raw:
        """What every message has."""
        base: Raw = {
            "message_id": chat.next_id(),
            "from": sender,
            "chat": chat.shown,
            "date": self.timestamp(),
        }
        if thread and thread != GENERAL:
            base |= {"message_thread_id": thread, "is_topic_message": True}
        return base

    def note(self, chat: Chat, message: Raw, sender: str, **fields: Any) -> Line:
        """Note a new message in the town, and keep it."""
        quoted = message.get("reply_to_message", {}).get("message_id", 0)
        answered = chat.kept.get(quoted)
        line = self.town.add(
            chat.place(message.get("message_thread_id", 0)),
            sender,
            reply_to=answered.line if answered else 0,
            raw=message,
            **fields,
        )
        self._remember(chat, message, line, by_bot=message["from"] is self.me)
        return line

    def post(self, place: str, person: str, fields: Raw, **noted: Any) -> Line:
        """Make a person's message of its fields and send it to the bot. Raises Unspoken."""
        chat, thread = self._open(place)
        message = self.message_base(chat, self.user(person), thread) | fields
        seen = self.sees(chat, message)
        line = self.note(chat, message, person, status="" if seen else "unseen", **noted)
        if seen:
            self.updates.put("message", message, queue=f"chat {chat.id}")
        return line

    def sees(self, chat: Chat, message: Raw) -> bool:
        """Whether the bot is shown a message of a person.

        core.telegram.org/bots/features#privacy-mode, read 2026-11; that mentions
        are shown too is seen in practice (K).
        """
        if chat.standing in ("left", "kicked"):
            return False
        if not chat.group or not self.rules.privacy or chat.standing == "administrator":
            return True
        answered = message.get("reply_to_message")
        if answered and answered["from"]["id"] == self.me["id"]:
            return True
        return self._is_named(message) or _is_service(message)

    def doing(self, place: str) -> str:
        """The chat action that people see in a place now, such as "typing"; "" for none."""
        action, until = self.actions.get(place, ("", self.now()))
        return action if self.now() < until else ""

    def replied(self, chat: Chat, message_id: int) -> Raw | None:
        """A message as one that answers it shows it: without what it answers itself."""
        kept = chat.kept.get(message_id)
        if kept is None:
            return None
        return {name: value for name, value in kept.message.items() if name != "reply_to_message"}

    # ------------------------------------------------------------------------------

    async def _say(self, said: Utterance, extra: Raw, kind: str = "") -> Line:
        chat, _ = self._open(said.place)
        answered: Raw = {}
        if said.reply_to:
            _, kept = self._kept(said.reply_to)
            answered = {"reply_to_message": self.replied(chat, kept.message["message_id"])}
        composed = await compose(said, self.files, self.me["username"], self.user, kind)
        return self.post(
            said.place,
            said.person,
            answered | composed.fields | extra,
            kind=composed.kind,
            text=composed.text,
            file=composed.file,
            name=said.name,
            mime=composed.mime,
        )

    def _open(self, place: str) -> tuple[Chat, int]:
        """Raises Unspoken for a place that there is not, or where nobody can speak to the bot."""
        try:
            chat, thread = self.chats.at(place)
        except (KeyError, ValueError) as error:
            known = ", ".join(self.town.places)
            raise Unspoken(f"expected one of the places {known}, got {place!r}") from error
        if chat.migrated_to:
            raise Unspoken(f"the group {place} has become {chat.migrated_to}: speak there")
        if chat.standing == "kicked" and not chat.group:
            raise Unspoken(f"{chat.title} has blocked the bot and must start it again first")
        return chat, thread

    def _kept(self, number: int) -> tuple[Chat, Kept]:
        chat_id, message_id = self._lines.get(number, (0, 0))
        chat = self.chats.get(chat_id)
        kept = chat.kept.get(message_id) if chat else None
        if chat is None or kept is None:
            raise Unspoken(f"expected the number of a message that is still kept, got {number}")
        return chat, kept

    def _line(self, number: int) -> Line:
        """Raises Unspoken."""
        line = next((line for line in self.town.lines() if line.number == number), None)
        if line is None:
            raise Unspoken(f"the town no longer remembers line {number}")
        return line

    def _remember(self, chat: Chat, message: Raw, line: Line, *, by_bot: bool) -> None:
        chat.keep(message, line.number, by_bot=by_bot)
        self._lines[line.number] = chat.id, message["message_id"]
        if len(self._lines) > KEPT_LINES:
            self._lines.popitem(last=False)

    def _is_named(self, message: Raw) -> bool:
        """A command of nobody else, or a mention of the bot."""
        text = message.get("text") or message.get("caption") or ""
        name = f"@{self.me['username']}".lower()
        for entity in message.get("entities") or message.get("caption_entities") or ():
            start = entity["offset"]
            told = cut(text, start, start + entity["length"]).lower()
            match entity["type"]:
                case "mention" if told == name:
                    return True
                case "bot_command" if "@" not in told or told.endswith(name):
                    return True
        return False


def _is_service(message: Raw) -> bool:
    return bool({"migrate_to_chat_id", "migrate_from_chat_id", "new_chat_members"} & message.keys())
