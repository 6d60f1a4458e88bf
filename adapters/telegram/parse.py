"""A Telegram message made a Message. Pure, and never raises."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.telegram import content, wire
from adapters.telegram.words import Me, Words, words
from core.model import Address, Message, Part, Quote, Text

PLATFORM = "telegram"
GROUPS = ("group", "supergroup")
RAW_CHARS = 16_000
"""More of an update than this is not kept: half a message is no JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads messages for one account. `help_command` is what /start, pressed by everybody who
    comes, stands for."""

    bot: str
    me: Me
    help_command: str = "/help"

    def read(
        self, message: wire.Message, update_id: int, own_id: str, raw: bytes = b""
    ) -> Message | None:
        """None for what is nothing to answer: channels, other bots, service messages."""
        sender = _sender(message)
        if sender is None or message.chat.type not in ("private", *GROUPS):
            return None
        said = self._words(message)
        parts = self._parts(message, said)
        if said.for_another or not parts:
            return None
        answered = _answered(message)
        return Message(
            id=own_id,
            key=message_key(update_id, message.message_id),
            address=self._address(message, sender.id),
            parts=parts,
            sent_at=datetime.fromtimestamp(message.edit_date or message.date, UTC),
            sender_name=sender.name,
            addressed=said.addressed or self._is_mine(answered),
            reply_to=str(answered.message_id) if answered else "",
            language=sender.language,
            settles=content.is_lone_picture(parts) and not message.media_group_id,
            album=message.media_group_id,
            raw=raw.decode("utf-8", "replace") if len(raw) <= RAW_CHARS else "",
        )

    def _address(self, message: wire.Message, sender: str) -> Address:
        topic = message.message_thread_id if message.is_topic_message else 0
        return Address(
            platform=PLATFORM,
            bot=self.bot,
            chat=str(message.chat.id),
            sender=sender,
            thread=str(topic) if topic else "",
            group=message.chat.type in GROUPS,
        )

    def _words(self, message: wire.Message) -> Words:
        if message.text:
            return words(message.text, message.entities, self.me)
        return words(message.caption, message.caption_entities, self.me)

    def _parts(self, message: wire.Message, said: Words) -> tuple[Part, ...]:
        """A bare mention is about the message it replies to, or else a call for help."""
        quotes = tuple(_quotes(message))
        if shown := content.parts(message, self._text(message, said)):
            return (*quotes, *said.mentions, *shown)
        if not said.addressed:
            return ()
        return quotes or (Text(text=self.help_command),)

    def _text(self, message: wire.Message, said: Words) -> str:
        """What is passed on says so: nobody's command is run by that."""
        if said.text and message.forward_origin:
            return f"[forwarded from {_origin(message.forward_origin)}]\n{said.text}"
        return self.help_command if _is_start(said.text) else said.text

    def _is_mine(self, message: wire.Message | None) -> bool:
        return bool(message and message.from_ and message.from_.id == self.me.id)


def message_key(update_id: int, message_id: int) -> str:
    return f"{update_id}/{message_id}"


def message_id(key: str) -> int:
    """The message that a key names, 0 where it is none of ours."""
    number = key.partition("/")[2]
    return int(number) if number.isdecimal() else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    id: str
    name: str
    language: str = ""


def _sender(message: wire.Message) -> _Sender | None:
    """A group's admins may speak as the group, and people as their channel."""
    if message.is_automatic_forward:
        return None
    if message.sender_chat:
        return _Sender(id=str(message.sender_chat.id), name=message.sender_chat.title)
    user = message.from_
    if user is None or user.is_bot:
        return None
    return _Sender(id=str(user.id), name=_name(user), language=_language(user.language_code))


def _name(user: wire.User) -> str:
    return f"{user.first_name} {user.last_name}".strip() or user.username


def _language(code: str) -> str:
    """An IETF tag, such as "zh-hans", as one of ours; "" for all others."""
    tag = code.partition("-")[0].lower()
    return tag if tag in ("en", "zh") else ""


def _is_start(text: str) -> bool:
    """The button that begins every talk; a deep link's parameter means nothing to us."""
    return text == "/start" or text.startswith("/start ")


def _answered(message: wire.Message) -> wire.Message | None:
    """What it replies to: in a topic, all that answers nothing "replies" to its creation."""
    answered = message.reply_to_message
    return None if answered is None or answered.forum_topic_created is not None else answered


def _quotes(message: wire.Message) -> Iterator[Quote]:
    """The message replied to; of its text only what was picked out, where something was."""
    picked = message.quote.text if message.quote else ""
    if answered := _answered(message):
        author = _sender(answered)
        user = str(answered.from_.id) if answered.from_ else ""
        text = picked or answered.text or answered.caption
        yield Quote(
            key=str(answered.message_id),
            sender=author.id if author else user,
            parts=content.parts(answered, text),
        )
    elif message.external_reply:
        yield Quote(
            key=str(message.external_reply.message_id or ""),
            parts=content.parts(message.external_reply, picked),
        )
    elif picked:
        yield Quote(key="", parts=(Text(text=picked),))


def _origin(origin: wire.Origin) -> str:
    chat = origin.sender_chat or origin.chat
    if origin.sender_user:
        return _name(origin.sender_user)
    return origin.sender_user_name or (chat.title if chat else "") or "somebody"
