"""Clients that others wrote, made to say so when they are given what they don't know."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import aiogram
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from pydantic import BaseModel
from telegram.request import HTTPXRequest

NEWER_THAN_PTB = {"can_send_welcome_messages"}
"""Fields that aiogram 3.31 demands and python-telegram-bot 22.8 has not heard of."""


PATIENCE_S = 5


async def eventually(ready: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return once it holds; for what a peer does in its own time. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            held = ready()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.002)


class StrictSession(AiohttpSession):
    """Every answer must be wholly of the types that the documentation has."""

    def check_response(self, bot, method, status_code, content):
        response = super().check_response(bot, method, status_code, content)
        assert not list(strangers(response.result)), (method, list(strangers(response.result)))
        return response


def strangers(value: object) -> Iterator[str]:
    """Names of fields, anywhere in an answer, that the peer has no word for."""
    match value:
        case BaseModel():
            yield from value.model_extra or ()
            for name in type(value).model_fields:
                yield from strangers(getattr(value, name))
        case telegram.TelegramObject():
            yield from set(value.api_kwargs) - NEWER_THAN_PTB
            for name in value._get_attrs_names(include_private=False):
                yield from strangers(getattr(value, name, None))
        case list() | tuple():
            for item in value:
                yield from strangers(item)
        case dict():
            for item in value.values():
                yield from strangers(item)


@asynccontextmanager
async def aiogram_bot(origin: str, token: str) -> AsyncIterator[aiogram.Bot]:
    session = StrictSession(api=TelegramAPIServer.from_base(origin))
    bot = aiogram.Bot(token, session=session)
    try:
        yield bot
    finally:
        await session.close()


def ptb_request() -> HTTPXRequest:
    return HTTPXRequest(httpx_kwargs={"trust_env": False}, read_timeout=5, connect_timeout=5)


@asynccontextmanager
async def ptb_bot(origin: str, token: str) -> AsyncIterator[telegram.Bot]:
    bot = telegram.Bot(
        token,
        base_url=f"{origin}/bot",
        base_file_url=f"{origin}/file/bot",
        request=ptb_request(),
        get_updates_request=ptb_request(),
    )
    async with bot:
        yield bot
