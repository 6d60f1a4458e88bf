"""The methods by which a bot says something."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any, TypeAlias

from msgspec import to_builtins

from bots.sandbox.header import look
from bots.sandbox.telegram.call import ATTACH, Call, Upload
from bots.sandbox.telegram.chats import Raw
from bots.sandbox.telegram.drafts import LIVES_S, Draft
from bots.sandbox.telegram.failure import bad, refused
from bots.sandbox.telegram.files import Stored
from bots.sandbox.telegram.formatted import Formatted, caption, message_text
from bots.sandbox.telegram.media import LINE_KINDS, is_voice, show, type_of
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.target import Target, check_thread, find_target
from bots.sandbox.town.town import BOT

Handler: TypeAlias = Callable[[Call], Awaitable[Any]]

UPLOAD_LIMIT_BYTES = 50 * 2**20
PHOTO_LIMIT_BYTES = 10 * 2**20
"""core.telegram.org/bots/api#sending-files, read 2026-11."""

ACTION_LASTS_S = 5
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
ALBUM_KINDS = frozenset(("photo", "video", "audio", "document"))


class Sending:
    """sendMessage and its kin."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._albums = count(1)

    def methods(self) -> Mapping[str, Handler]:
        return {
            "sendMessage": self.send_message,
            "sendPhoto": self._sender("photo"),
            "sendVoice": self._sender("voice"),
            "sendAudio": self._sender("audio"),
            "sendVideo": self._sender("video"),
            "sendDocument": self._sender("document"),
            "sendAnimation": self._sender("animation"),
            "sendVideoNote": self._sender("video_note"),
            "sendSticker": self._sender("sticker"),
            "sendMediaGroup": self.send_media_group,
            "sendLocation": self.send_location,
            "sendChatAction": self.send_chat_action,
            "sendMessageDraft": self.send_message_draft,
        }

    async def send_message(self, call: Call) -> Raw:
        said = message_text(call)
        target = find_target(self._telegram, call)
        fields: Raw = {"text": said.text}
        if said.entities:
            fields["entities"] = said.entities
        if options := call.json("link_preview_options"):
            fields["link_preview_options"] = options
        return self._post(target, fields, text=said.text)

    async def send_location(self, call: Call) -> Raw:
        try:
            place = {name: float(call.text(name)) for name in ("latitude", "longitude")}
        except ValueError as error:
            raise bad("latitude and longitude must be numbers") from error
        target = find_target(self._telegram, call)
        return self._post(
            target, {"location": place}, text="{latitude}, {longitude}".format(**place)
        )

    async def send_chat_action(self, call: Call) -> bool:
        action = call.text("action")
        chat = self._telegram.chats.find(call.text("chat_id"))
        chat.admit()
        if action not in ACTIONS:
            raise bad("wrong parameter action in request")
        thread = check_thread(chat, call.integer("message_thread_id"))
        until = self._telegram.now() + timedelta(seconds=ACTION_LASTS_S)
        self._telegram.actions[chat.place(thread)] = action, until
        return True

    async def send_message_draft(self, call: Call) -> bool:
        """The wording of the two refusals is not documented (K)."""
        said = message_text(call, may_be_empty=True)
        chat = self._telegram.chats.find(call.text("chat_id"))
        chat.admit()
        if chat.group:
            raise bad("PEER_ID_INVALID")
        if not call.integer("draft_id"):
            raise bad("DRAFT_ID_INVALID")
        place = chat.place(check_thread(chat, call.integer("message_thread_id")))
        self._telegram.drafts.show(
            Draft(
                place=place,
                id=call.integer("draft_id"),
                text=said.text,
                entities=said.entities,
                until=self._telegram.now() + timedelta(seconds=LIVES_S),
            )
        )
        self._telegram.town.show(place, said.text, {"entities": to_builtins(said.entities)})
        return True

    async def send_media_group(self, call: Call) -> list[Raw]:
        items = call.json("media")
        if not isinstance(items, list) or not 2 <= len(items) <= 10:
            raise bad("group of 2 to 10 media expected")
        kinds = {item.get("type") for item in items}
        if not kinds <= ALBUM_KINDS or len(kinds - {"photo", "video"}) + len(kinds) > 2:
            raise bad("album of the given types of media can't be sent")
        captions = [_caption_of(item) for item in items]
        stored = [
            self._file(item["type"], self._source(call, str(item.get("media", "")), item["type"]))
            for item in items
        ]
        target = find_target(self._telegram, call, len(items))
        album = {"media_group_id": str(14_000_000_000 + next(self._albums))}
        return [
            await self._post_file(target, file, said, item, album)
            for file, said, item in zip(stored, captions, items, strict=True)
        ]

    def _sender(self, kind: str) -> Handler:
        async def send(call: Call) -> Raw:
            said = caption(
                call.text("caption"), call.text("parse_mode"), call.json("caption_entities")
            )
            source = self._source(call, call.text(kind), kind)
            stored = self._file(kind, source)
            target = find_target(self._telegram, call)
            if kind in ("voice", "video_note") and target.chat.refuses_voice:
                raise bad("VOICE_MESSAGES_FORBIDDEN")
            return await self._post_file(target, stored, said, call.values, {})

        return send

    def _source(self, call: Call, told: str, kind: str) -> Upload | Stored:
        """What came with the call, or was sent before. Raises Refused."""
        if upload := call.upload(kind, told):
            return upload
        if not told or told.startswith(ATTACH):
            raise bad(f"there is no {kind.replace('_', ' ')} in the request")
        if told.startswith(("http://", "https://")):
            # the sandbox calls nobody
            raise bad("failed to get HTTP URL content")
        return self._telegram.files.find(told)

    def _file(self, kind: str, source: Upload | Stored) -> Stored:
        """The file in Telegram's keeping, as the kind that Telegram takes it for."""
        if isinstance(source, Stored):
            if source.kind != kind:
                raise bad(f"can't use file of type {source.kind.title()} as {kind.title()}")
            return source
        self._check(kind, source)
        if kind == "voice" and not is_voice(source.content):
            kind = "document"  # "other formats may be sent as Audio or Document"
        mime = type_of(source.content, source.name, source.mime)
        return self._telegram.files.put(source.content, kind, name=source.name, mime=mime)

    def _check(self, kind: str, upload: Upload) -> None:
        size_bytes = len(upload.content)
        if not size_bytes:
            raise bad("file must be non-empty")
        if size_bytes > UPLOAD_LIMIT_BYTES:
            raise refused(413)
        if kind == "photo":
            _check_photo(upload.content)

    async def _post_file(
        self, target: Target, stored: Stored, said: Formatted, told: Mapping[str, Any], extra: Raw
    ) -> Raw:
        fields: Raw = {stored.kind: await show(self._telegram.files, stored, told)} | extra
        if said.text:
            fields["caption"] = said.text
            fields |= {"caption_entities": said.entities} if said.entities else {}
        return self._post(
            target,
            fields,
            text=said.text,
            kind=LINE_KINDS[stored.kind],
            file=stored.content,
            name=stored.name,
            mime=stored.mime,
        )

    def _post(self, target: Target, fields: Raw, **noted: Any) -> Raw:
        telegram = self._telegram
        message = telegram.message_base(target.chat, telegram.me, target.thread)
        message |= target.fields | fields
        telegram.drafts.end(target.place)
        telegram.actions.pop(target.place, None)
        telegram.note(target.chat, message, BOT, **noted)
        return message


def _caption_of(item: Raw) -> Formatted:
    return caption(
        item.get("caption", ""), item.get("parse_mode") or "", item.get("caption_entities")
    )


def _check_photo(content: bytes) -> None:
    """core.telegram.org/bots/api#sendphoto, read 2026-11."""
    if len(content) > PHOTO_LIMIT_BYTES:
        raise bad("file is too big")
    seen = look(content)
    if seen is None:
        raise bad("IMAGE_PROCESS_FAILED")
    longer, shorter = max(seen.width, seen.height), max(1, min(seen.width, seen.height))
    if seen.width + seen.height > 10_000 or longer / shorter > 20:
        raise bad("PHOTO_INVALID_DIMENSIONS")
