"""A relay that hears nothing but keeps what it was sent, over a real socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bots.sandbox.form import parse_form
from core.relay.client import Relay
from core.relay.transport import Transport
from tests.relays.servers import Exchange, listening
from tests.relays.stage import entry, relay


@dataclass(frozen=True)
class Sent:
    """One upload: its file's name and bytes, and the form's other fields."""

    filename: str
    audio: bytes
    fields: dict[str, str] = field(default_factory=dict)


Say = Callable[[Sent], tuple[int, bytes]]


def said(text: str, **more: Any) -> tuple[int, bytes]:
    return 200, msgspec.json.encode({"text": text, **more})


def refused(message: str, status: int = 400) -> tuple[int, bytes]:
    error = {"message": message, "type": "invalid_request_error", "code": None, "param": "file"}
    return status, msgspec.json.encode({"error": error})


def read(exchange: Exchange) -> Sent:
    parts = parse_form(exchange.body, exchange.headers["content-type"])
    (file,) = (part for part in parts if part.filename is not None)
    fields = {part.name: part.content.decode() for part in parts if part.filename is None}
    return Sent(file.filename or "", file.content, fields)


@asynccontextmanager
async def hearing(
    transport: Transport, say: Say, *, name: str = "main", **dialect: Any
) -> AsyncIterator[tuple[Relay, list[Sent]]]:
    """A relay's client, and the list of what it sent so far."""
    sent: list[Sent] = []

    async def answer(exchange: Exchange) -> None:
        sent.append(read(exchange))
        status, body = say(sent[-1])
        await exchange.reply(body, status)

    async with listening(answer) as server:
        yield relay(entry(server.base, name=name), transport, **dialect), sent
