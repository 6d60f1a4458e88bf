"""A relay made of canned answers, and a client set up to call it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import httpx

from core.relay.client import Relay
from core.relay.wire import Bounds
from core.response import Chunk
from tests.relays.servers import Answer, Exchange, Server, listening
from tests.relays.stage import (
    ask,
    entry,
    relay,
)


@asynccontextmanager
async def serving(
    answer: Answer,
    transport: httpx.AsyncBaseTransport,
    *,
    bounds: Bounds | None = None,
    dialect: Mapping[str, Any] = MappingProxyType({}),
    **settings: object,
) -> AsyncIterator[tuple[Relay, Server]]:
    """`dialect` differs from the entry's profile in these."""
    async with listening(answer) as server:
        at = entry(server.base, **settings)
        yield relay(at, transport, bounds=bounds, **dialect), server


def saying(body: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(body, status, **headers)

    return answer


def streaming(*events: bytes, end: bool = True) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(*events)
        if end:
            await exchange.end_stream()
        else:
            exchange.writer.close()

    return answer


async def gathered(made: Relay) -> list[Chunk]:
    return [chunk async for chunk in made.stream(ask())]
