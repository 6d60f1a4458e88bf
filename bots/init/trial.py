"""Trying a relay before it is written down."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct

from bots.clock import SystemClock
from core.errors import RelayError
from core.relay.client import Relay
from core.relay.entry import RelayEntry
from core.relay.profile import load_dialect
from core.relay.transport import Transport
from core.request import ChatMessage, ChatRequest, ModelsRequest, UserStatRequest
from core.response import Chat, UserStat

LOCAL_PORTS = {"Ollama": 11434, "llama.cpp": 8080, "LM Studio": 1234}
"""Where each listens unless told otherwise (their documentation, November 2026)."""
LOCAL_S = 0.5
GREETING_TOKENS = 16


class Neighbour(Struct, frozen=True, kw_only=True):
    """An OpenAI-style server on this machine."""

    name: str
    base_url: str
    models: tuple[str, ...]


async def neighbours(ports: Mapping[str, int] = LOCAL_PORTS) -> Sequence[Neighbour]:
    """The servers that answer on their usual ports."""
    found = await asyncio.gather(*(neighbour(name, port) for name, port in ports.items()))
    return [one for one in found if one]


async def neighbour(name: str, port: int) -> Neighbour | None:
    """None if nothing there lists models within half a second."""
    address = f"http://127.0.0.1:{port}"
    entry = RelayEntry(name="local", profile="openai", base_url=address)
    try:
        async with asyncio.timeout(LOCAL_S):
            models = await list_models(entry)
    except (RelayError, TimeoutError):
        return None
    return Neighbour(name=name, base_url=address, models=tuple(models))


async def list_models(entry: RelayEntry) -> Sequence[str]:
    """What GET /v1/models names. Raises RelayError."""
    transport, relay = opened(entry)
    async with transport:
        answer = await relay.call(ModelsRequest())
    return [model.id for model in answer.models]


async def account(entry: RelayEntry) -> UserStat:
    """What its `stat_token` lets it tell. Raises RelayError, or ConfigError where there is none."""
    transport, relay = opened(entry)
    async with transport:
        return await relay.call(UserStatRequest())


async def greet(entry: RelayEntry, model: str, text: str) -> Chat:
    """One tiny chat; it may cost a little. Raises RelayError."""
    transport, relay = opened(entry)
    message = ChatMessage(role="user", content=text)
    async with transport:
        return await relay.call(
            ChatRequest(messages=(message,), model=model, max_tokens=GREETING_TOKENS)
        )


def opened(entry: RelayEntry) -> tuple[Transport, Relay]:
    transport = Transport(
        proxy=entry.proxy.reveal(), verify=entry.verify_tls, ca_file=entry.ca_file
    )
    dialect = load_dialect(entry.profile)
    return transport, Relay(entry, dialect, transport, clock=SystemClock(), hash_key=b"trial")
