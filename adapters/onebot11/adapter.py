"""QQ as a platform: implementations of OneBot v11 dial in, and are spoken to."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starlette.routing import WebSocketRoute

from adapters.onebot11.account import Account
from adapters.onebot11.accounts import Accounts
from adapters.onebot11.download import Download
from adapters.onebot11.endpoint import Endpoint
from adapters.onebot11.files import FILE_BYTES, Files
from adapters.onebot11.health import AWAY_S
from adapters.onebot11.kit import Kit
from adapters.onebot11.seen import Seen
from adapters.onebot11.settings import Settings
from core.bot import Bot
from core.errors import ConfigError
from core.model import Address, Capabilities, Media
from core.people import PeopleRules
from core.ports.adapter import Emit
from core.ports.clock import Clock, NewId
from core.ports.sending import Found, Outgoing, Refused, SendResult
from core.ports.store import MediaStore, Memo, Shelf
from core.ports.texts import Texts
from core.secret import Secret

if TYPE_CHECKING:
    from adapters.onebot11.service import Service

log = logging.getLogger(__name__)

FORWARD_CHARS = 20_000
FILE_LIMIT_BYTES = 30 << 20
FEWEST_CHARS, MOST_CHARS = 100, 4500
READY_S = 20.0
WATCH_S = 5.0
NOT_YET = Refused("the bot does not run on QQ yet", READY_S)
SOURCE = (
    "No limit of QQ's is published. Text: reports name about 2,000 characters in groups, so 1,500 "
    "a piece unless piece_chars says otherwise; forwards: nodes of 1,000 (AstrBot issue 8798). "
    "Files: base64 in a frame, of which NapCat takes 50 MB "
    "(packages/napcat-onebot/network/websocket-client.ts). Read 2026-11."
)


class OneBotAdapter:
    """Implements Adapter, Paced, Recalls, Webhook and Watched of core.ports.adapter.

    Several accounts may be connected; each answers what it heard. `people` tells
    whose requests are the owners'.
    """

    platform = "onebot11"
    public = True

    def __init__(  # noqa: PLR0913 - what it needs comes in here and nowhere else
        self,
        *,
        bot: Bot,
        settings: Settings,
        media: MediaStore,
        shelf: Shelf,
        clock: Clock,
        new_id: NewId,
        texts: Texts,
        memo: Memo,
        people: PeopleRules | None = None,
        proxy: Secret | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        check(bot.name, settings)
        self.bot = bot.name
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._accounts = Accounts(settings.accounts, clock, settings.silence_s)
        self._download = Download(settings.file_hosts, FILE_BYTES, proxy.reveal() if proxy else "")
        self._files = Files(self._accounts, self._download)
        self._seen = Seen(memo)
        self._kit = Kit(
            bot=bot,
            settings=settings,
            accounts=self._accounts,
            files=self._files,
            seen=self._seen,
            media=media,
            shelf=shelf,
            texts=texts,
            people=people or PeopleRules(),
            clock=clock,
            new_id=new_id,
            sleep=sleep,
            chance=chance,
        )
        self._ready = asyncio.Event()
        self._service: Service | None = None
        self._began = clock.monotonic()
        self._capabilities = capabilities_of(settings)

    # -- Adapter -------------------------------------------------------------------------

    def capabilities(self, address: Address) -> Capabilities:
        del address
        return self._capabilities

    async def run(self, emit: Emit) -> None:
        """Receive until cancelled. Who dials in earlier is answered, and waits to be read."""
        # aiocqhttp takes 0.3 s with the Quart below it: not on the loop, which answers handshakes
        await asyncio.to_thread(import_module, "aiocqhttp")
        from adapters.onebot11.service import Service  # noqa: PLC0415

        await self._seen.load()
        self._service = service = Service(self._kit, emit)
        self._ready.set()
        try:
            await self._watch()
        finally:
            await service.close()
            await self._seen.keep()
            await self._download.aclose()

    async def send(self, outgoing: Outgoing) -> SendResult:
        if self._service is None:
            return NOT_YET
        return await self._service.sender.send(outgoing)

    async def fetch(self, media: Media) -> bytes:
        return await self._files.fetch(media)

    # -- Paced ---------------------------------------------------------------------------

    async def turn(self, outgoing: Outgoing) -> Refused | None:
        service = await self._running()
        return await service.sender.turn(outgoing) if service else NOT_YET

    async def _running(self) -> "Service | None":
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                await self._ready.wait()
        return self._service

    # -- Recalls -------------------------------------------------------------------------

    async def find(self, outgoing: Outgoing) -> Found:
        """Once the account is there: a start comes before QQ has dialled in."""
        service = await self._running()
        return await service.sender.find(outgoing) if service else NOT_YET

    # -- Webhook -------------------------------------------------------------------------

    def routes(self) -> Sequence[WebSocketRoute]:
        endpoint = Endpoint(
            token=self._settings.token,
            accounts=self._accounts,
            ready=self._ready,
            take=self._take,
            joined=self._joined,
        )
        return endpoint.routes(f"/onebot/{self.bot}")

    def _take(self, account: Account, payload: Mapping[str, Any]) -> None:
        if self._service is not None:
            self._service.take(account, payload)

    def _joined(self, account: Account) -> None:
        if self._service is not None:
            self._service.joined(account)

    # -- Watched -------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        if not len(self._accounts):
            waited_s = self._clock.monotonic() - self._began
            return "no QQ account has connected yet" if waited_s > AWAY_S else ""
        troubles = {account.self_id: account.trouble for account in self._accounts}
        return "; ".join(f"account {name}: {why}" for name, why in troubles.items() if why)

    async def _watch(self) -> None:
        """Keep what must outlast a stop, and log what changes in `trouble`."""
        told = ""
        while True:
            await self._sleep(WATCH_S)
            await self._seen.keep()
            if (trouble := self.trouble) != told:
                log.warning("bot %s on QQ: %s", self.bot, trouble or "all is well again")
                told = trouble


def check(name: str, settings: Settings) -> None:
    """Raises ConfigError."""
    if not settings.token:
        raise ConfigError(
            f"bots.{name}.token: expected a secret that QQ's side must know, got none. "
            f'Write one into a file and set token = "file:secrets/{name}".'
        )
    if not FEWEST_CHARS <= settings.piece_chars <= MOST_CHARS:
        raise ConfigError(
            f"bots.{name}.piece_chars: expected {FEWEST_CHARS} to {MOST_CHARS}, "
            f"got {settings.piece_chars}. QQ has been seen to refuse more than about 2,000."
        )


def capabilities_of(settings: Settings) -> Capabilities:
    """Text past a piece's length goes out as one forward, or in pieces after all."""
    limit = settings.piece_chars
    if settings.long_answers == "forward":
        limit = max(FORWARD_CHARS, limit)
    return Capabilities(
        source=SOURCE,
        text_limit=limit,
        markup="plain",
        media=frozenset({"image", "voice", "audio", "video", "file"}),
        media_limit_bytes=FILE_LIMIT_BYTES,
        on_unknown=settings.on_unknown,
    )
