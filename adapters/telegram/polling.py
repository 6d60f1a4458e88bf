"""Receiving by getUpdates: the offset moves once what came before it is committed."""

import asyncio
import logging
from collections.abc import Callable

from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError

from adapters.telegram import wire
from adapters.telegram.api import ANSWER_S, Api
from adapters.telegram.failure import Flood
from adapters.telegram.intake import Intake
from core.errors import StoreError
from core.model import Message
from core.patience import Sleep
from core.ports.adapter import Emit, Receipt

log = logging.getLogger(__name__)

KINDS = ("message", "edited_message")
"""What we ask for. Left out, Telegram would keep to what was asked for last."""

POLL_S = 50
"""The longest that it waits (tdlib/telegram-bot-api, Client.cpp, 2026-11)."""
BATCH = 100
WAITS_S = (1.0, 2.0, 5.0, 10.0, 30.0)
CONFLICT_S = 5.0
STORE_S = 5.0
"""The longest wait for the store: room on a disk is to be noticed at once."""


class Polling:
    """`tell` is given why nothing is received now, "" once it is again."""

    def __init__(
        self,
        *,
        api: Api,
        intake: Intake,
        emit: Emit,
        tell: Callable[[str], None],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._api = api
        self._intake = intake
        self._emit = emit
        self._tell = tell
        self._sleep = sleep
        self._offset = 0
        self._failed = 0

    async def run(self) -> None:
        """Until cancelled. Raises InvalidToken."""
        while True:
            try:
                await self._take(await self._poll())
            except InvalidToken:
                raise
            except (TelegramError, StoreError, ValueError) as error:
                await self._pause(error)
            else:
                self._failed = 0
                self._tell("")

    async def _poll(self) -> list[bytes]:
        """What came since the offset, as soon as there is anything."""
        asked = {
            "offset": self._offset,
            "limit": BATCH,
            "timeout": POLL_S,
            "allowed_updates": KINDS,
        }
        return wire.decode_updates(await self._api.call("getUpdates", asked, POLL_S + ANSWER_S))

    async def _take(self, updates: list[bytes]) -> None:
        """Hand on all chats at once, so that they are committed together, each chat in its order.

        Raises StoreError if one was not: it and what follows comes again. Of its chat
        nothing that follows was handed on; of others it was, and is known then.
        """
        read = [self._intake.read(data) for data in updates]
        chats: dict[str, list[tuple[int, Message]]] = {}
        for number, message in read:
            if message:
                chats.setdefault(message.address.chat, []).append((number, message))
        taken: dict[int, Receipt] = {}
        tasks = {
            chat: asyncio.ensure_future(self._in_turn(messages, taken))
            for chat, messages in chats.items()
        }
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for number, message in read:
            if message:
                if number not in taken:
                    self._offset = number
                    tasks[message.address.chat].result()
                self._intake.note(message, taken[number])
        if read:
            self._offset = max(number for number, _ in read) + 1
        await self._intake.moves.save()

    async def _in_turn(self, chat: list[tuple[int, Message]], taken: dict[int, Receipt]) -> None:
        """A chat's messages: the next once the one before it is stored, none after one that is
        not."""
        for number, message in chat:
            taken[number] = await self._intake.hand_on(message, self._emit)

    async def _pause(self, error: Exception) -> None:
        match error:
            case Conflict() if "webhook" in error.message.lower():
                log.warning("a webhook is set for this bot; it is removed, since mode is polling")
                await self._remove_webhook()
                wait_s = self._next_wait_s()
            case Conflict():
                self._tell("another program receives with this bot's token: stop it")
                wait_s = CONFLICT_S
            case Flood(retry_after_s=seconds):
                wait_s = seconds
            case NetworkError():
                wait_s = self._next_wait_s()
                if self._failed > 1:  # one lost connection is no news
                    self._tell(f"Telegram cannot be reached: {error.message}")
            case StoreError():
                wait_s = min(self._next_wait_s(), STORE_S)
                self._tell(str(error))
            case _:
                wait_s = self._next_wait_s()
                self._tell(str(error))
        await self._sleep(wait_s)

    async def _remove_webhook(self) -> None:
        try:
            await self._api.bot.delete_webhook()
        except TelegramError as error:
            self._tell(f"the webhook cannot be removed: {error.message}")

    def _next_wait_s(self) -> float:
        self._failed += 1
        return WAITS_S[min(self._failed, len(WAITS_S)) - 1]
