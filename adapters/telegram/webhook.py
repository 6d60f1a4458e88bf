"""Receiving by webhook: 2xx once the message is committed, and never before."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import WebhookInfo
from telegram.error import InvalidToken, TelegramError

from adapters.telegram.api import Api
from adapters.telegram.intake import Intake
from adapters.telegram.polling import KINDS, WAITS_S
from core.errors import StoreError
from core.patience import Sleep
from core.ports.adapter import Emit
from core.ports.clock import Clock
from core.ports.store import Memo
from core.secret import Secret

log = logging.getLogger(__name__)

BODY_BYTES = 2**20
RETRY_AFTER_S = 1
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name
LOOK_EVERY_S = 120.0
TOLD_EVERY_S = 60.0
FRESH = timedelta(seconds=300)
"""A failed delivery of longer ago has been made good since, or Telegram would have tried again."""


class Door:
    """POST /telegram/<bot>, open while there is somebody to hand messages on to."""

    def __init__(self, bot: str, secret: Secret) -> None:
        self._bot = bot
        self._secret = secret
        self._within: tuple[Intake, Emit] | None = None
        self._told_at = -TOLD_EVERY_S

    def open(self, intake: Intake, emit: Emit) -> None:
        self._within = intake, emit

    def close(self) -> None:
        self._within = None

    def routes(self) -> tuple[Route, ...]:
        return (Route(f"/telegram/{self._bot}", self._take, methods=["POST"]),)

    async def _take(self, request: Request) -> Response:
        told = request.headers.getlist(SECRET_HEADER)
        if len(told) != 1 or not self._secret.matches(told[0]):
            self._tell_of_strangers()
            return Response(status_code=403)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        if self._within is None:  # it may have closed while the body came
            return _later()
        return await self._hand_on(body, *self._within)

    def _tell_of_strangers(self) -> None:
        """Once a minute: anybody may come as often as they like."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TOLD_EVERY_S:
            self._told_at = now
            log.warning("bot %s: a push without the webhook's secret was refused", self._bot)

    async def _hand_on(self, body: bytes, intake: Intake, emit: Emit) -> Response:
        """What reads as nothing is acknowledged: else it would hold up its chat for a day."""
        _, message = intake.read(body)
        try:
            if message:
                intake.note(message, await intake.hand_on(message, emit))
        except StoreError:
            return _later()
        await intake.moves.save()
        return Response()


class Webhook:
    """Tells Telegram where the door is, and looks whether it finds it."""

    def __init__(
        self,
        *,
        api: Api,
        url: str,
        secret: Secret,
        memo: Memo,
        clock: Clock,
        tell: Callable[[str], None],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._api = api
        self._url = url
        self._secret = secret
        self._memo = memo
        self._clock = clock
        self._tell = tell
        self._sleep = sleep

    async def run(self) -> None:
        """Until cancelled. Raises InvalidToken."""
        failed = 0
        while True:
            try:
                await self._look()
            except InvalidToken:
                raise
            except (TelegramError, StoreError) as error:
                failed += 1
                self._tell(f"the webhook is not looked after: {error}")
                await self._sleep(WAITS_S[min(failed, len(WAITS_S)) - 1])
            else:
                failed = 0
                await self._sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        """Set it where it is not as it should be; say so where nothing gets through."""
        info = await self._api.bot.get_webhook_info()
        wanted = self._fingerprint()
        if not self._is_set(info) or await self._memo.recall("webhook") != wanted:
            await self._set()
            await self._memo.keep("webhook", wanted)
            info = await self._api.bot.get_webhook_info()
        self._tell(self._wrong(info))

    def _is_set(self, info: WebhookInfo) -> bool:
        return info.url == self._url and set(info.allowed_updates or ()) == set(KINDS)

    async def _set(self) -> None:
        """Not by python-telegram-bot, which would log the secret."""
        values = {
            "url": self._url,
            "secret_token": self._secret.reveal(),
            "allowed_updates": KINDS,
        }
        await self._api.call("setWebhook", values)
        log.info("the webhook is set to %s", self._url)

    def _wrong(self, info: WebhookInfo) -> str:
        at = info.last_error_date
        if not info.pending_update_count or not at or self._clock.now() - at > FRESH:
            return ""
        return (
            f"Telegram cannot deliver to {self._url}: {info.last_error_message}; "
            f"{info.pending_update_count} messages wait there"
        )

    def _fingerprint(self) -> str:
        """Telegram does not tell which secret is set."""
        all_of_it = msgspec.json.encode([self._url, self._secret.reveal(), KINDS])
        return hashlib.sha256(all_of_it).hexdigest()


def _later() -> Response:
    """Telegram honours Retry-After up to an hour (tdlib/telegram-bot-api, WebhookActor.cpp)."""
    return Response(status_code=503, headers={"Retry-After": str(RETRY_AFTER_S)})


async def _body(request: Request) -> bytes | None:
    """None past the limit; what is declared too long is not read. Raises ClientDisconnect."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > BODY_BYTES:
        return None
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > BODY_BYTES:
            return None
    return bytes(content)
