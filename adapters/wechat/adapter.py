"""One official account as an adapter."""

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from starlette.routing import Route

from adapters.wechat.api import Api, ApiError, Lost, Unreached
from adapters.wechat.clerk import Clerk
from adapters.wechat.desk import Case, Desk
from adapters.wechat.door import Door
from adapters.wechat.exchange import TRIES, Timing
from adapters.wechat.files import UPLOAD_BYTES, Files
from adapters.wechat.format import HINT_BYTES, REPLY_BYTES, format_reply
from adapters.wechat.leftovers import PLATFORM, Leftovers
from adapters.wechat.menu import format_menu
from adapters.wechat.parse import sent_at
from adapters.wechat.push import Followed, Push, Said, Scanned
from adapters.wechat.receipt import part_of, receipt_of
from adapters.wechat.sayings import Sayings
from adapters.wechat.service import Service
from adapters.wechat.settings import Settings, check
from adapters.wechat.wording import Beside, Wording
from core.bot import Bot
from core.errors import StoreError
from core.model import Address, Capabilities, Media, Message
from core.ports.adapter import Emit
from core.ports.clock import Clock, NewId
from core.ports.sending import Later, Outgoing, Refused, SendResult, Sent
from core.ports.store import MediaStore, Memo, Shelf
from core.ports.texts import Texts

log = logging.getLogger(__name__)

SOURCE = (
    "developers.weixin.qq.com/doc/subscription/guide/product/message/"
    "Passive_user_reply_message.html and .../api/material/temporary/api_uploadtempmedia.html, "
    "November 2026; text_limit: what others found, see format.REPLY_BYTES"
)
OVERTAKE_S = 0.5
"""After a passive reply, before a message on our own: the one must not overtake the other."""

MENU = "menu"


class WeChatAdapter:
    """Implements Adapter, Webhook and Typing of core.ports.adapter.

    Pushes come to /wechat/<bot>. What the account cannot carry now is `Later`,
    and waits on the shelf for the person's 继续. Raises ConfigError for settings
    that cannot work.
    """

    platform = PLATFORM
    public = True

    def __init__(  # noqa: PLR0913 - all that it needs comes in here
        self,
        *,
        bot: Bot,
        settings: Settings,
        media: MediaStore,
        clock: Clock,
        new_id: NewId,
        texts: Texts,
        shelf: Shelf,
        memo: Memo,
        timing: Timing | None = None,
    ) -> None:
        check(settings, f"bots.{bot.name}")
        self.bot = bot.name
        self._menu = format_menu(settings.menu, f"bots.{bot.name}.menu") if settings.menu else None
        self._clock = clock
        self._new_id = new_id
        self._memo = memo
        self._api = Api(settings, memo, clock)
        self._may_call = bool(settings.app_secret)
        self._service = (
            Service(api=self._api, monotonic=clock.monotonic) if settings.customer_service else None
        )
        self._files = Files(
            api=self._api,
            may_call=self._may_call,
            media=media,
            api_base=settings.api_base.rstrip("/"),
        )
        self._sayings = Sayings(files=self._files, monotonic=clock.monotonic)
        self._wording = Wording(settings=settings, texts=texts, language=bot.language)
        timing = timing or Timing()
        self._desk = Desk(timing, tries=1 if self._service else TRIES)
        self._leftovers = Leftovers(
            bot=bot.name,
            shelf=shelf,
            desk=self._desk,
            sayings=self._sayings,
            wording=self._wording,
            began=None if self._service else clock.now(),
        )
        self._clerk = Clerk(
            desk=self._desk,
            leftovers=self._leftovers,
            wording=self._wording,
            clock=clock,
            timing=timing,
            serves=self._service is not None,
            message_of=self._message,
            seen=self._seen,
        )
        self._door = Door(settings, clock, self._clerk.receive, timing.patience_s)
        self._capabilities = Capabilities(
            source=SOURCE,
            text_limit=REPLY_BYTES - HINT_BYTES,
            text_unit="utf8_bytes",
            markup="plain",
            media=frozenset({"image", "voice"}) if self._may_call else frozenset(),
            media_limit_bytes=UPLOAD_BYTES,
            reply_within_s=timing.answer_s,
            repeatable=self._service is None,  # a MsgId's answer is shown once
            on_unknown=settings.on_unknown,
        )

    # -- Adapter -------------------------------------------------------------

    def capabilities(self, address: Address) -> Capabilities:
        del address  # there are talks with one person only
        return self._capabilities

    async def run(self, emit: Emit) -> None:
        """Take pushes until cancelled; and set the menu, where it is not set so already."""
        await asyncio.to_thread(_import_all)
        self._clerk.emit = emit
        self._clerk.started.set()
        try:
            await self._set_menu()
            await asyncio.Event().wait()
        finally:
            self._clerk.emit = None
            self._desk.close()
            await self._api.close()

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Into a request that waits for it; else by customer service; else later."""
        if outgoing.notice:
            return await self._told(outgoing)
        result = await self._sent(outgoing)
        if outgoing.index + 1 == outgoing.total:
            shelved = isinstance(result, Later)
            self._leftovers.ended(outgoing.to.chat, outgoing.answers, shelved=shelved)
        return result

    async def fetch(self, media: Media) -> bytes:
        return await self._files.fetch(media)

    # -- Webhook, Typing -------------------------------------------------------

    def routes(self) -> Sequence[object]:
        self._clerk.open()  # the port is opened with them
        return [Route(f"/wechat/{self.bot}", self._door, methods=["GET", "POST"])]

    async def typing(self, to: Address) -> None:
        if self._service:
            await self._service.typing(to.chat)

    # -- what comes in ---------------------------------------------------------

    def _message(self, push: Push, said: Said) -> Message:
        return Message(
            id=self._new_id(),
            key=push.key,
            address=Address(
                platform=self.platform, bot=self.bot, chat=push.source, sender=push.source
            ),
            parts=said.parts,
            sent_at=sent_at(push),
            raw=push.raw,
        )

    def _seen(self, push: Push) -> None:
        """What a person does allows so many messages on our own."""
        if self._service is None:
            return
        match push.content:
            case Said(by_menu=by_menu):
                by_event = by_menu
            case Followed() | Scanned():
                by_event = True
            case _:
                return
        now = self._clock.monotonic()
        self._service.allowances.grant(push.source, now, by_event=by_event)

    # -- what goes out ---------------------------------------------------------

    async def _sent(self, outgoing: Outgoing) -> SendResult:
        part = outgoing.part
        if isinstance(part, Media) and part.kind not in self._capabilities.media:
            return Refused(f"the account sends no {part.kind}")
        result = await self._passively(outgoing)
        if isinstance(result, Later) and self._service:
            result = await self._by_service(self._service, outgoing)
        return result

    async def _told(self, outgoing: Outgoing) -> SendResult:
        """A notice takes no request from the answer: it is what is said where none came in time."""
        saying = self._wording.late(await self._sayings.of(outgoing.part))
        own = self._desk.find(outgoing.answers)
        if own is not None and self._desk.can_take(own):
            own.exchange.fallback = format_reply(own.push, saying)
            return Sent()
        if self._service:
            return await self._service.send(outgoing.to.chat, saying)
        return Refused("no request waits that could carry a notice")

    async def _passively(self, outgoing: Outgoing) -> SendResult:
        """By the push that is answered, or by one that asks for more and found nothing yet."""
        own = None if outgoing.index else self._desk.find(outgoing.answers)
        if own is not None:
            key, receipt = own.carries
            if key == outgoing.key and not outgoing.repeated:
                return Sent(receipt)
            own.put_off = True  # unless it takes it, and then it does not matter
            if result := await self._handed(own, outgoing):
                return result
        chat = outgoing.to.chat
        for case in self._leftovers.hungry(chat):
            if await self._leftovers.any_wait(chat):
                self._leftovers.bring(case)  # the older parts first
            elif result := await self._handed(case, outgoing):
                return result
        return Later()

    async def _handed(self, case: Case, outgoing: Outgoing) -> SendResult | None:
        if not self._desk.can_take(case):
            return None
        last = outgoing.index + 1 == outgoing.total
        beside = Beside.NOTHING
        if last:
            beside = await self._leftovers.beside(outgoing.to.chat, outgoing.answers)
        saying = await self._sayings.of(outgoing.part)
        dressed = self._wording.dressed(
            saying, outgoing.index, outgoing.total, beside, repeated=outgoing.repeated
        )
        if await self._desk.hand(case, dressed, part_of(outgoing)):
            receipt = receipt_of(case, beside, repeated=outgoing.repeated)
            case.carries = outgoing.key, receipt
            return await self._carried(outgoing, receipt)
        return None

    async def _carried(self, outgoing: Outgoing, receipt: str) -> SendResult:
        if self._service and outgoing.index + 1 < outgoing.total:
            await asyncio.sleep(OVERTAKE_S)
        return Sent(receipt)

    async def _by_service(self, service: Service, outgoing: Outgoing) -> SendResult:
        openid = outgoing.to.chat
        saying = await self._sayings.of(outgoing.part)
        stops_here = service.is_last(openid)
        dressed = self._wording.dressed(
            saying,
            outgoing.index if stops_here else outgoing.total - 1,
            outgoing.total,
            repeated=outgoing.repeated,
        )
        return await service.send(openid, dressed)

    # -- the menu --------------------------------------------------------------

    async def _set_menu(self) -> None:
        """Once for each change of the configuration: its calls are counted."""
        if self._menu is None:
            return
        digest = sha256(msgspec.json.encode(self._menu)).hexdigest()
        try:
            if await self._memo.recall(MENU) != digest:
                await self._api.call("menu/create", self._menu)
                await self._memo.keep(MENU, digest)
        except (ApiError, Unreached, Lost, StoreError) as error:
            log.warning("the menu was not set: %s", error)


def _import_all() -> None:
    """What the first push and the first call need: 0.1 s and 0.3 s, off the loop."""
    import werobot.crypto  # type: ignore[import-untyped]  # noqa: PLC0415
    import werobot.parser  # type: ignore[import-untyped]  # noqa: PLC0415
    import werobot.replies  # type: ignore[import-untyped]  # noqa: F401, PLC0415
