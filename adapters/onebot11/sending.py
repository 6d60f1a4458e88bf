"""A part on its way to QQ: as a message, a merged forward, pieces, a file."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aiocqhttp import MessageSegment

from adapters.onebot11.account import Account
from adapters.onebot11.accounts import Accounts
from adapters.onebot11.delivery import AGAIN_S, Deliverer
from adapters.onebot11.failure import CallError
from adapters.onebot11.format import (
    FORWARD,
    Call,
    clean,
    file_segment,
    forward_call,
    lead,
    message_call,
    upload_call,
    words,
)
from adapters.onebot11.mark import Mark, mark
from adapters.onebot11.pace import Pace
from adapters.onebot11.search import PATIENCE_S, Sought
from adapters.onebot11.settings import Settings
from adapters.onebot11.target import Target, read_target
from core import sound
from core.bot import Bot
from core.errors import MediaError
from core.model import Capabilities, Media, MediaKind, Message, Text
from core.picture import picture_mime
from core.ports.sending import Absent, Found, Outgoing, Refused, SendResult, Sent, Unknown
from core.ports.store import MediaStore
from core.ports.texts import Texts
from core.render import split

log = logging.getLogger(__name__)

NODE_CHARS = 1000
"""Huge nodes fail (AstrBot issue 8798)."""
PIECE_TRIES = 3
SHOWN_AS: Mapping[MediaKind, str] = {
    "image": "image", "voice": "record", "video": "video", "audio": "file", "file": "file",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A part, where it goes, and what stands before its first message."""

    account: Account
    target: Target
    outgoing: Outgoing
    lead: Sequence[MessageSegment]


class Sender:
    def __init__(
        self,
        *,
        bot: Bot,
        settings: Settings,
        accounts: Accounts,
        media: MediaStore,
        texts: Texts,
        deliverer: Deliverer,
        pace: Pace,
    ) -> None:
        self._bot = bot
        self._settings = settings
        self._accounts = accounts
        self._media = media
        self._texts = texts
        self._deliverer = deliverer
        self._search = deliverer.search
        self._pace = pace

    async def turn(self, outgoing: Outgoing) -> Refused | None:
        """Until the account is there, and may speak."""
        errand = self._errand(outgoing)
        if isinstance(errand, Refused):
            return errand
        account = errand.account
        if not await account.until_callable(PATIENCE_S):
            return Refused(f"account {account.self_id} is not connected", AGAIN_S)
        if wait_s := account.breaker.wait_s:
            return Refused(f"account {account.self_id}: {account.breaker.trouble}", wait_s)
        await self._wait(errand, follows=outgoing.index > 0)
        return None

    async def send(self, outgoing: Outgoing) -> SendResult:
        """At once, its turn being there."""
        errand = self._errand(outgoing)
        match outgoing.part:
            case _ if isinstance(errand, Refused):
                return errand
            case Text(text=text):
                return await self._text(errand, text)
            case Media() as media:
                return await self._file(errand, media)

    def _errand(self, outgoing: Outgoing) -> Errand | Refused:
        target = read_target(outgoing.to.chat)
        if target is None or not self._accounts.admits(target.self_id):
            return Refused("expected a chat of this bot's accounts on QQ, got another")
        first = lead(target, outgoing.to, outgoing.answers) if outgoing.index == 0 else []
        account = self._accounts.of(target.self_id)
        return Errand(account=account, target=target, outgoing=outgoing, lead=first)

    async def _wait(self, errand: Errand, *, follows: bool) -> None:
        account, chat = errand.account.self_id, errand.target.chat
        file = isinstance(errand.outgoing.part, Media)
        await self._pace.wait(account, chat, follows=follows, file=file)

    async def _deliver(self, errand: Errand, call: Call) -> SendResult:
        answers = errand.outgoing.answers
        return await self._deliverer.deliver(errand.account, errand.target, call, answers)

    async def _follow(self, errand: Errand, call: Call) -> SendResult:
        """After another of the same part."""
        await self._wait(errand, follows=True)
        return await self._deliver(errand, call)

    async def tell(self, message: Message, code: str) -> None:
        """A sentence of our own, best effort: nobody is told twice."""
        target = read_target(message.address.chat)
        if target is None:
            return
        sentence = self._texts.say(code, self._bot.language)
        call = message_call(target, words(sentence, lead(target, message.address, message.key)))
        try:
            await self._accounts.of(target.self_id).call(call.action, call.params, call.timeout_s)
        except CallError as error:
            log.info("a notice was not sent: %s", error)

    # -- what became of it --------------------------------------------------------------

    async def find(self, outgoing: Outgoing) -> Found:
        """Whether a part arrived that was on its way as a process ended."""
        errand = self._errand(outgoing)
        if isinstance(errand, Refused):
            return errand
        if not await errand.account.until_callable(PATIENCE_S):
            return Refused(f"account {errand.account.self_id} is not connected", AGAIN_S)
        sought = replace(self._sought(errand), tried_at=outgoing.tried_at)
        return await self._search.find(errand.account, errand.target, sought)

    def _sought(self, errand: Errand) -> Sought:
        match errand.outgoing.part:
            case Text(text=text):
                ways = [self._written(text, flagged=flagged) for flagged in (False, True)]
                whole, pieces = self._marks(errand, ways)
                return Sought(answers=errand.outgoing.answers, whole=whole, pieces=pieces)
            case Media() as media:
                shown = mark([*errand.lead, MessageSegment(type_=SHOWN_AS[media.kind], data={})])
                upload = Mark(kinds=("file",), name=file_name(media))
                hidden = media.kind in ("file", "audio")
                whole = (upload,) if hidden else (shown, upload)
                return Sought(answers=errand.outgoing.answers, whole=whole, hidden=hidden)

    def _marks(
        self, errand: Errand, ways: Sequence[str]
    ) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
        """Of a text as one message; of one that is longer, what it may have begun with."""
        chars = self._settings.piece_chars
        whole = [mark(words(text, errand.lead)) for text in ways if len(text) <= chars]
        firsts = [next(iter(cut(text, chars)), "") for text in ways if len(text) > chars]
        pieces = [mark(words(first, errand.lead)) for first in firsts]
        return tuple(whole), (*pieces, *([FORWARD] if pieces else ()))

    # -- text --------------------------------------------------------------------------

    def _written(self, text: str, *, flagged: bool) -> str:
        text = clean(text, defang=self._settings.defang_urls).strip("\n")
        return f"{self._texts.say('qq_again', self._bot.language)}\n{text}" if flagged else text

    async def _text(self, errand: Errand, text: str) -> SendResult:
        text = self._written(text, flagged=errand.outgoing.repeated)
        if not text.strip():
            return Refused("nothing that QQ shows is left of the text")
        if len(text) <= self._settings.piece_chars:
            return await self._deliver(
                errand, message_call(errand.target, words(text, errand.lead))
            )
        if self._settings.long_answers == "forward" and errand.account.forwards:
            result = await self._forward(errand, text)
            if not isinstance(result, Refused) or result.retry_after_s is not None:
                return result
            log.info("a forward was refused, sending pieces instead: %s", result.reason)
        return await self._pieces(errand, text)

    async def _forward(self, errand: Errand, text: str) -> SendResult:
        pieces = cut(text, NODE_CHARS)
        call = forward_call(errand.target, self._bot.name, pieces)
        result = await self._deliver(errand, call)
        if isinstance(result, Sent) and errand.lead:
            await self._point_at_it(errand)
        return result

    async def _point_at_it(self, errand: Errand) -> None:
        """A forward mentions nobody, so a short message does. It is no loss where it fails."""
        sentence = self._texts.say("qq_long_answer", self._bot.language)
        call = message_call(errand.target, words(sentence, errand.lead))
        await self._follow(errand, call)

    async def _pieces(self, errand: Errand, text: str) -> SendResult:
        pieces = cut(text, self._settings.piece_chars)
        result: SendResult = Refused("nothing to send")
        for number, piece in enumerate(pieces):
            segments = words(piece, errand.lead if number == 0 else ())
            call = message_call(errand.target, segments)
            result = await (self._insist if number else self._deliver)(errand, call)
            if not isinstance(result, Sent) and number == 0:
                return result
            if not isinstance(result, Sent):
                told = f"{number} of {len(pieces)} pieces arrived; {result}"
                return Unknown(told, looked=True)
        return result

    async def _insist(self, errand: Errand, call: Call) -> SendResult:
        """Once a piece is out, the others are worth another try."""
        result = await self._follow(errand, call)
        for _ in range(PIECE_TRIES - 1):
            if not _is_worth_a_try(result):
                return result
            await errand.account.until_callable(PATIENCE_S)
            result = await self._follow(errand, call)
        return result

    # -- files -------------------------------------------------------------------------

    async def _file(self, errand: Errand, media: Media) -> SendResult:
        try:
            content = await self._media.get(media.blob)
        except MediaError as error:
            return Refused(str(error))
        segments = await self._shown(media, content, errand.lead)
        if not segments:
            return await self._upload(errand, media, content)
        return await self._deliver(errand, message_call(errand.target, segments, len(content)))

    async def _shown(
        self, media: Media, content: bytes, first: Sequence[MessageSegment]
    ) -> Sequence[MessageSegment]:
        """How QQ shows it by itself; nothing where it is only a file to QQ."""
        match media.kind:
            case "image" if picture_mime(content):
                return [*first, file_segment("image", content)]
            case "voice":
                return await _spoken(content)
            case "video":
                return [file_segment("video", content, media.name)]
            case _:
                return []

    async def _upload(self, errand: Errand, media: Media, content: bytes) -> SendResult:
        name = file_name(media)
        result = await self._deliver(errand, upload_call(errand.target, content, name))
        if isinstance(result, Refused) and result.retry_after_s is None:
            sentence = self._texts.say("qq_file_refused", self._bot.language, name=name)
            await self._follow(errand, message_call(errand.target, words(sentence, errand.lead)))
        return result


def _is_worth_a_try(result: SendResult) -> bool:
    match result:
        case Refused(_, retry_after_s):
            return retry_after_s is not None
        case other:
            return isinstance(other, Absent)


async def _spoken(content: bytes) -> Sequence[MessageSegment]:
    try:
        silk = content
        if sound.sniff(content) != "silk":
            silk = await asyncio.to_thread(sound.to_silk, content)
    except MediaError as error:
        log.warning("a recording goes out as a file: %s", error)
        return []
    return [file_segment("record", silk)]


def cut(text: str, chars: int) -> list[str]:
    caps = Capabilities(source="a piece of ours", text_limit=chars)
    pieces = (piece.strip("\n") for piece in split(text, caps))
    return [piece for piece in pieces if piece.strip()]


def file_name(media: Media) -> str:
    """In one line and without a path: it was made elsewhere."""
    name = " ".join(media.name.replace("/", "_").replace("\\", "_").split())
    return name[-120:] or media.kind
