"""Sending one part: its turn, the call, a remedy where there is one, and what became of it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from telegram import InputFile, Message, ReplyParameters
from telegram.error import ChatMigrated, TelegramError

from adapters.telegram.api import Api
from adapters.telegram.failure import Flood, NotSent, result_of
from adapters.telegram.format import Call, chat_id, file_call, remedy, text_call, text_values
from adapters.telegram.limiter import Limiter
from adapters.telegram.places import Languages, Moves
from core.errors import MediaError
from core.model import Media, Text
from core.patience import Sleep
from core.ports.sending import Outgoing, Refused, SendResult, Sent
from core.ports.store import MediaStore
from core.ports.texts import Texts
from core.sound import sniff, to_ogg_opus

REMEDIES = 3
SHORT_SILENCE_S = 5.0
UNREACHED_S = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 30.0, 30.0)
"""Waits while Telegram cannot be reached; what never left may be repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    api: Api
    limiter: Limiter
    media: MediaStore
    moves: Moves
    languages: Languages
    texts: Texts
    sleep: Sleep = asyncio.sleep

    def turn(self, outgoing: Outgoing) -> Refused | None:
        """A long silence is waited out where a stop finds the part not tried."""
        chat = self.moves.now(outgoing.to.chat)
        silence_s = self.limiter.silence_s(chat, group=outgoing.to.group)
        if silence_s <= SHORT_SILENCE_S:
            return None
        return Refused("Telegram asked for silence in this chat", silence_s)

    async def send(self, outgoing: Outgoing) -> SendResult:
        try:
            call = await self._call(outgoing)
        except MediaError as error:
            return Refused(str(error))
        for _ in range(REMEDIES):
            try:
                return Sent(str(await self._reach(call)))
            except TelegramError as error:
                await self._learn(call, error)
                better = remedy(call, error)
                if better is None:
                    return result_of(error)
                call = better
        return Refused("Telegram refused it in every form that there is")

    async def _call(self, outgoing: Outgoing) -> Call:
        """Raises MediaError."""
        chat = self.moves.now(outgoing.to.chat)
        flag = ""
        if outgoing.repeated:
            flag = self.texts.say("telegram_repeated", self.languages.of(outgoing.to.chat))
        match outgoing.part:
            case Text(text=markdown):
                return text_call(outgoing, chat, markdown, flag)
            case Media() as media:
                content = await self.media.get(media.blob)
                if media.kind == "voice":
                    media, content = await _recording(media, content)
                return file_call(outgoing, chat, media, content, flag)

    async def _reach(self, call: Call) -> int:
        """Make a call, again for a while where Telegram cannot be reached; the message's id."""
        for wait_s in UNREACHED_S:
            try:
                return await self._make(call)
            except NotSent:
                await self.sleep(wait_s)
        return await self._make(call)

    async def _make(self, call: Call) -> int:
        await self.limiter.turn(call.chat, group=call.group)
        if call.kind == "text":
            return await self.api.send_message(text_values(call))
        return await self._upload(call)

    async def _upload(self, call: Call) -> int:
        about: dict[str, Any] = {
            "chat_id": chat_id(call.chat),
            "message_thread_id": call.thread,
            "caption": call.text or None,
            call.kind: InputFile(call.content, call.name),
        }
        if call.reply_to:
            about["reply_parameters"] = ReplyParameters(
                call.reply_to, allow_sending_without_reply=True
            )
        if call.duration_s and call.kind in ("voice", "audio", "video"):
            about["duration"] = round(call.duration_s)
        sending: Awaitable[Message] = getattr(self.api.bot, f"send_{call.kind}")(**about)
        return (await sending).message_id

    async def _learn(self, call: Call, error: TelegramError) -> None:
        match error:
            case Flood(retry_after_s=seconds):
                self.limiter.cool(call.chat, seconds, group=call.group)
            case ChatMigrated(new_chat_id=moved):
                self.moves.note(call.chat, str(moved))
                await self.moves.save()


async def _recording(media: Media, content: bytes) -> tuple[Media, bytes]:
    """What Telegram shows as a voice note; a file where it is no sound that we know."""
    if sniff(content) == "ogg" and b"OpusHead" in content[:64]:
        return media, content
    try:
        return media, await asyncio.to_thread(to_ogg_opus, content)
    except MediaError:
        return _as_file(media), content


def _as_file(media: Media) -> Media:
    return Media(
        kind="file", blob=media.blob, mime=media.mime, name=media.name, size_bytes=media.size_bytes
    )
