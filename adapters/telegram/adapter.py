"""Telegram as a platform: updates in by polling or webhook, calls of the Bot API out."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from starlette.routing import Route
from telegram.error import InvalidToken, TelegramError

from adapters.telegram.api import Api
from adapters.telegram.download import Download
from adapters.telegram.drafts import Drafts
from adapters.telegram.edits import Edits
from adapters.telegram.failure import Flood
from adapters.telegram.format import limits, typing_values
from adapters.telegram.intake import Intake
from adapters.telegram.limiter import Limiter, Rates
from adapters.telegram.menus import Menu, set_menus
from adapters.telegram.parse import PLATFORM, Reader
from adapters.telegram.places import Languages, Moves, remember
from adapters.telegram.polling import WAITS_S, Polling
from adapters.telegram.sender import Sender
from adapters.telegram.settings import Settings, check, takes_proxy, webhook_secret
from adapters.telegram.webhook import Door, Webhook
from adapters.telegram.words import Me
from core.bot import Bot
from core.errors import ConfigError
from core.model import Address, Capabilities, Media, Message, Text
from core.patience import Sleep
from core.ports.adapter import Emit
from core.ports.clock import Clock, NewId
from core.ports.sending import Outgoing, Refused, SendResult
from core.ports.store import MediaStore, Memo
from core.ports.texts import Texts
from core.relay.address import check_proxy
from core.relay.transport import Transport
from core.secret import Secret

log = logging.getLogger(__name__)

TOLD_EVERY_S = 60.0
TOLD_KEPT = 1000
DIRECT = "direct"


class TelegramAdapter:
    """Implements Adapter, Webhook, Typing, Draft and Watched of core.ports.adapter.

    `proxy` is the common one; the settings' own goes before it, "direct" is none.
    Raises ConfigError for settings that cannot work.
    """

    platform = PLATFORM
    public = True

    def __init__(  # noqa: PLR0913 (what it needs comes in here and nowhere else)
        self,
        *,
        bot: Bot,
        settings: Settings,
        media: MediaStore,
        clock: Clock,
        new_id: NewId,
        texts: Texts,
        memo: Memo,
        menu: Menu,
        proxy: Secret,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        check(settings, bot.name)
        self.bot = bot.name
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._texts = texts
        self._memo = memo
        self._menu = menu
        self._sleep = sleep
        self._trouble = ""
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._telling: set[tuple[str, str]] = set()
        self._asides: set[asyncio.Task[object]] = set()
        self._help = f"{_mark(bot)}help"
        self._capabilities = limits(settings)
        way = way_out(settings, bot.name, proxy)
        self._api = Api(way, settings.api_base, settings.token)
        self._moves = Moves(memo)
        self._languages = Languages(bot.language)
        self._limiter = Limiter(_rates(settings), clock, sleep)
        self._drafts = Drafts(self._api, self._limiter, clock, sleep)
        self._secret = webhook_secret(settings, bot.name)
        self._door = Door(bot.name, self._secret)
        local = Path(settings.local_files) if settings.local_files else None
        self._download = Download(api=self._api, local=local, sleep=sleep)
        self._sender = Sender(
            api=self._api,
            limiter=self._limiter,
            media=media,
            moves=self._moves,
            languages=self._languages,
            texts=texts,
            sleep=sleep,
        )

    # -- Adapter, Watched ------------------------------------------------------

    def capabilities(self, address: Address) -> Capabilities:
        del address
        return self._capabilities

    async def run(self, emit: Emit) -> None:
        """Receive until cancelled. Raises ConfigError where the token is not accepted."""
        self._api.open()
        try:
            intake = await self._intake()
            self._aside(set_menus(self._api, self._menu, self._memo))
            await self._receive(intake, emit)
        except InvalidToken as error:
            raise ConfigError(
                f"bots.{self.bot}.token: expected one that Telegram knows, it answered "
                f'"{error.message}". Ask @BotFather for it again, with /token.'
            ) from error
        finally:
            self._drop_asides()
            self._drafts.close()
            await self._api.close()

    async def turn(self, outgoing: Outgoing) -> Refused | None:
        return self._sender.turn(outgoing)

    async def send(self, outgoing: Outgoing) -> SendResult:
        await self._drafts.end(outgoing.answers)
        return await self._sender.send(outgoing)

    async def fetch(self, media: Media) -> bytes:
        return await self._download.fetch(media)

    @property
    def trouble(self) -> str:
        return self._trouble

    # -- Typing, Draft, Webhook ------------------------------------------------

    async def typing(self, to: Address) -> None:
        """Left out while there is something to send or Telegram wants silence."""
        chat = self._moves.now(to.chat)
        if not self._limiter.has_room(chat, group=to.group):
            return
        try:
            await self._api.call("sendChatAction", typing_values(to, chat))
        except Flood as error:
            self._limiter.cool(chat, error.retry_after_s, group=to.group)
        except TelegramError as error:
            log.debug("bot %s: typing was not shown: %s", self.bot, error.message)

    def draft(self, to: Address, answers: str, text: str) -> None:
        if self._settings.drafts:
            self._drafts.show(to, answers, text)

    def routes(self) -> Sequence[Route]:
        return self._door.routes() if self._settings.mode == "webhook" else ()

    # -- receiving -------------------------------------------------------------

    async def _intake(self) -> Intake:
        await self._moves.load()
        me = await self._me()
        return Intake(
            reader=Reader(bot=self.bot, me=me, help_command=self._help),
            edits=Edits(int(self._clock.now().timestamp())),
            moves=self._moves,
            languages=self._languages,
            new_id=self._new_id,
            tell=self._tell_person,
            taken=self._taken,
        )

    async def _me(self) -> Me:
        """Who we are, as soon as Telegram can be reached. Raises InvalidToken."""
        failed = 0
        while True:
            try:
                me = await self._api.bot.get_me()
            except InvalidToken:
                raise
            except TelegramError as error:
                self._tell(f"Telegram cannot be reached: {error.message}")
                await self._sleep(WAITS_S[min(failed, len(WAITS_S) - 1)])
                failed += 1
            else:
                self._tell("")
                log.info("bot %s is @%s on Telegram", self.bot, me.username)
                return Me(id=me.id, username=(me.username or "").lower())

    async def _receive(self, intake: Intake, emit: Emit) -> None:
        if self._settings.mode == "polling":
            await Polling(
                api=self._api, intake=intake, emit=emit, tell=self._tell, sleep=self._sleep
            ).run()
            return
        self._door.open(intake, emit)
        try:
            await self._webhook().run()
        finally:
            self._door.close()

    def _webhook(self) -> Webhook:
        return Webhook(
            api=self._api,
            url=f"{self._settings.public_url.rstrip('/')}/telegram/{self.bot}",
            secret=self._secret,
            memo=self._memo,
            clock=self._clock,
            tell=self._tell,
            sleep=self._sleep,
        )

    def _tell(self, trouble: str) -> None:
        """To /readyz, and to the log where it is news."""
        if trouble and trouble != self._trouble:
            log.warning("bot %s: %s", self.bot, trouble)
        elif self._trouble and not trouble:
            log.info("bot %s receives again", self.bot)
        self._trouble = trouble

    # -- asides ----------------------------------------------------------------

    def _tell_person(self, message: Message, code: str) -> None:
        """Once a minute in a chat, or again once something was taken between: who sends too much
        is not to be sent as much, and nothing is passed over without a word."""
        chat, now = message.address.chat, self._clock.monotonic()
        last = self._told.get((chat, code))
        is_told = last is not None and now - last < TOLD_EVERY_S
        if is_told or (chat, code) in self._telling:
            return
        remember(self._told, (chat, code), now, TOLD_KEPT)
        self._telling.add((chat, code))
        self._aside(self._say(message, code))

    async def _say(self, message: Message, code: str) -> None:
        chat = message.address.chat
        try:
            await self._sender.send(
                Outgoing(
                    key=f"{message.id}/{code}",
                    to=message.address,
                    part=Text(text=self._texts.say(code, self._languages.of(chat))),
                    answers=message.key,
                    index=0,
                    total=1,
                )
            )
        finally:
            self._telling.discard((chat, code))

    def _taken(self, message: Message) -> None:
        self._told.pop((message.address.chat, "busy"), None)

    def _aside(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def _drop_asides(self) -> None:
        for task in self._asides:
            task.cancel()


def _mark(bot: Bot) -> str:
    return "/" if "/" in bot.command_prefixes else next(iter(bot.command_prefixes), "/")


def _rates(settings: Settings) -> Rates:
    return Rates(
        per_second=settings.sends_per_second,
        chat_per_second=settings.chat_sends_per_second,
        group_per_minute=settings.group_sends_per_minute,
    )


def way_out(settings: Settings, bot: str, common: Secret) -> Callable[[], Transport]:
    """What makes this bot's transports. Raises ConfigError for a proxy that none can go through."""
    proxy = settings.proxy.reveal() or (common.reveal() if takes_proxy(settings) else "")
    if proxy in ("", DIRECT):
        return Transport
    try:
        check_proxy(proxy)
    except ConfigError as error:
        raise ConfigError(f"bots.{bot}.{error}") from None
    return lambda: Transport(proxy=proxy)
