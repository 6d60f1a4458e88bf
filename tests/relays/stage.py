"""A relay client set up for a test: its clock, its entry, its transport."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.relay.entry import RelayEntry
from core.relay.failure import Origin
from core.relay.learned import Learned
from core.relay.profile import load_dialect
from core.relay.wire import Bounds
from core.request import ChatMessage, ChatRequest
from core.secret import Secret

PAYLOADS = Path(__file__).parent / "payloads"

KEY = "sk-canary-0123456789"
STAT_TOKEN = "stat-canary-987654"
ORIGIN = Origin("main", "chat", "/v1/chat/completions", (KEY,))


@dataclass
class FakeClock:
    at: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds
        self.at += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_(seconds)


def payload(name: str) -> bytes:
    """ "rcouyi_chat.json" is chat.json of rcouyi."""
    return (PAYLOADS / name.replace("_", "/", 1)).read_bytes()


def ask(text: str = "Say this is a test!", **more: Any) -> ChatRequest:
    return ChatRequest(messages=(ChatMessage(role="user", content=text),), **more)


def entry(base: str = "", **more: Any) -> RelayEntry:
    given: dict[str, Any] = {
        "name": "main",
        "profile": "openai",
        "key": Secret(KEY),
        "connect_timeout_s": 2.0,
        "first_byte_timeout_s": 5.0,
        "idle_timeout_s": 5.0,
    }
    return RelayEntry(base_url=base, **(given | more))


def relay(
    at: RelayEntry,
    transport: httpx.AsyncBaseTransport,
    *,
    clock: FakeClock | None = None,
    bounds: Bounds | None = None,
    learned: Learned | None = None,
    **dialect: Any,
) -> Relay:
    profile = msgspec.structs.replace(load_dialect(at.profile), **dialect)
    return Relay(
        at,
        profile,
        transport,
        clock=clock or FakeClock(),
        hash_key=b"hash key of the tests",
        bounds=bounds,
        learned=learned,
    )


def dialect(**more: Any) -> Dialect:
    return msgspec.structs.replace(load_dialect("openai"), **more)


def event(text: str = "", finish: str | None = None, **more: Any) -> bytes:
    """One chunk of a stream, as OpenAI sends it."""
    choice: dict[str, Any] = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"model": "m", "choices": [choice], **more}) + b"\n\n"


DONE = b"data: [DONE]\n\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)
CHAT = msgspec.json.encode(
    {
        "model": "m",
        "choices": [
            {"index": 0, "message": {"content": "Hello."}, "finish_reason": "stop"},
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
)
