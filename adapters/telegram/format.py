"""What a part is as a call of the Bot API, and what to change where it is refused. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from msgspec import structs
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from adapters.telegram.markdown import TEXT_LIMIT, Entity, to_telegram
from adapters.telegram.parse import message_id
from adapters.telegram.settings import Settings
from core.model import Address, Capabilities, Media
from core.ports.sending import Outgoing

Kind: TypeAlias = Literal["text", "photo", "voice", "audio", "video", "document"]

UPLOAD_BYTES = 50 * 2**20
PHOTO_BYTES = 10 * 2**20
LOCAL_UPLOAD_BYTES = 2_000_000_000
"""core.telegram.org/bots/api#sending-files and #using-a-local-bot-api-server, 2026-11."""

CAPABILITIES = Capabilities(
    source="core.telegram.org/bots/api#sendmessage, #sending-files, read 2026-11",
    text_limit=TEXT_LIMIT,
    text_unit="utf16_units",
    markup="markdown",
    media=frozenset({"image", "voice", "audio", "video", "file"}),
    media_limit_bytes=UPLOAD_BYTES,
)

NO_PREVIEW = {"is_disabled": True}
"""Telegram's servers fetch a page to preview it: with an address that a model was talked into,
what it was told would leave without anybody's click."""

GENERAL = "1"
"""The topic that every forum has: its messages name none (seen in practice)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One send. `text` is a caption beside a file."""

    kind: Kind
    chat: str
    group: bool
    thread: int | None = None
    reply_to: int | None = None
    text: str = ""
    entities: tuple[Entity, ...] = ()
    content: bytes = b""
    name: str = ""
    duration_s: float = 0.0


def text_call(outgoing: Outgoing, chat: str, markdown: str, flag: str) -> Call:
    """A text by its entities. `flag` stands in front, "" for none."""
    shown = to_telegram(f"{flag}\n\n{markdown}" if flag else markdown)
    return replace(_call(outgoing, chat, "text"), text=shown.text, entities=shown.entities)


def text_values(call: Call) -> Mapping[str, object]:
    """What sendMessage takes."""
    values: dict[str, object] = {
        "chat_id": chat_id(call.chat),
        "text": call.text,
        "link_preview_options": NO_PREVIEW,
    }
    if call.entities:
        values["entities"] = call.entities
    if call.thread:
        values["message_thread_id"] = call.thread
    if call.reply_to:
        values["reply_parameters"] = {
            "message_id": call.reply_to,
            "allow_sending_without_reply": True,
        }
    return values


def typing_values(to: Address, chat: str) -> Mapping[str, object]:
    """What sendChatAction takes."""
    values: dict[str, object] = {"chat_id": chat_id(chat), "action": "typing"}
    if thread := thread_of(to):
        values["message_thread_id"] = thread
    return values


def chat_id(chat: str) -> int | str:
    return int(chat) if chat.removeprefix("-").isdecimal() else chat


def file_call(outgoing: Outgoing, chat: str, media: Media, content: bytes, flag: str) -> Call:
    kind = _kind(media, content)
    return replace(
        _call(outgoing, chat, kind),
        text=flag,
        content=content,
        name=media.name or _DEFAULT_NAMES[media.kind],
        duration_s=media.duration_s,
    )


def remedy(call: Call, error: TelegramError) -> Call | None:
    """The call to make instead; None where none would do better.

    The descriptions are those of tdlib/telegram-bot-api, 2026-11; they are no
    part of its contract, so that a changed one costs the remedy alone.
    """
    told = error.message.lower()
    match error:
        case ChatMigrated(new_chat_id=moved) if str(moved) != call.chat:
            return replace(call, chat=str(moved))
        case BadRequest() if call.entities and "entit" in told:
            return replace(call, entities=())
        case BadRequest() if call.thread and "thread not found" in told:
            return replace(call, thread=None)
        case BadRequest() | Forbidden() if "voice_messages_forbidden" in told:
            return as_document(call)
        case BadRequest() if call.kind not in ("text", "document") and _is_about_file(told):
            return as_document(call)
        case _:
            return None


def as_document(call: Call) -> Call:
    return replace(call, kind="document", duration_s=0.0)


def limits(settings: Settings) -> Capabilities:
    limits = structs.replace(CAPABILITIES, on_unknown=settings.on_unknown)
    if not settings.local_files:
        return limits
    return structs.replace(
        limits,
        source="core.telegram.org/bots/api#using-a-local-bot-api-server, read 2026-11",
        media_limit_bytes=LOCAL_UPLOAD_BYTES,
    )


def thread_of(address: Address) -> int | None:
    thread = address.thread
    return int(thread) if thread.isdecimal() and thread != GENERAL else None


_DEFAULT_NAMES = {
    "image": "picture.png",
    "voice": "voice.ogg",
    "audio": "audio.mp3",
    "video": "video.mp4",
    "file": "file.bin",
}


def _call(outgoing: Outgoing, chat: str, kind: Kind) -> Call:
    """In a group the first part shows whom it answers."""
    to = outgoing.to
    answers = message_id(outgoing.answers) if to.group and outgoing.index == 0 else 0
    return Call(
        kind=kind,
        chat=chat,
        group=to.group,
        thread=thread_of(to),
        reply_to=answers or None,
    )


def _kind(media: Media, content: bytes) -> Kind:
    match media.kind:
        case "image" if len(content) <= PHOTO_BYTES:
            return "photo"
        case "voice":
            return "voice"
        case "audio":
            return "audio"
        case "video":
            return "video"
        case _:
            return "document"


def _is_about_file(told: str) -> bool:
    words = ("photo", "image", "file", "audio", "video", "voice", "media", "dimension")
    return any(word in told for word in words)
