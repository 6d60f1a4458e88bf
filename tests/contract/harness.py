"""What the contract suite must be able to do on a platform, and the core that it plays.

A new adapter gets a class with these methods in a file of its own here, and a
line in `test_adapters.py`.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Literal, Protocol

from core.errors import MediaError, StoreError
from core.model import Address, Media, MediaKind, Message, Text
from core.ports.adapter import Adapter, Receipt
from core.ports.sending import Outgoing, SendResult
from tests.contract.shelf import PlayedShelf

PATIENCE_S = 5

CLIPS = Path(__file__).parent.parent / "clips"
SAMPLES: Mapping[MediaKind, bytes] = {
    "image": (CLIPS / "picture.png").read_bytes(),
    "voice": (CLIPS / "river.ogg").read_bytes(),
    "audio": (CLIPS / "market.ogg").read_bytes(),
    "video": b"what no platform looks into",
    "file": b"a,b\n1,2\n",
}
"""Real ones, since platforms refuse or rewrite what is not of its kind."""

Told = Literal["taken", "busy", "failed"]
"""What the platform or the person was told of a message."""


class Harness(Protocol):
    """One adapter, running against `core`, with its platform played from outside."""

    people: Sequence[str]
    """Who can talk with the bot. One name where the platform has one person only."""
    adapter: Adapter

    def __init__(self, core: "Core", folder: object) -> None: ...

    def running(self) -> AbstractAsyncContextManager[asyncio.Task[None]]:
        """Start everything; the task is the adapter's `run`. Ends everything."""
        ...

    async def say(self, text: str, who: str) -> Told:
        """Somebody says something, and the platform hears what became of it."""
        ...

    async def redeliver(self) -> Told | None:
        """The platform sends its last payload again, byte for byte. None: it never does."""
        ...

    async def send_strange_things(self) -> None:
        """Payloads of unknown kinds, broken ones, empty ones."""
        ...

    async def sees(self, who: str, *texts: str) -> None:
        """Return once all of them are on the person's screen, in this order.

        Where a platform carries answers to requests only, the person asks for
        what was put off.
        """
        ...

    def screen(self, who: str) -> str:
        """All that the person was shown, at least since they last said something."""
        ...

    def trace(self, media: Media) -> str:
        """By what a file is recognised on the screen."""
        ...


class Core:
    """Emit, a media store, a shelf, a clock and ids: what an adapter is given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.receipt = Receipt.STORED
        self.fault: StoreError | None = None
        self.echo: Adapter | None = None
        """Where set, each message is answered at once, "re: " and its text."""
        self.blobs: dict[str, bytes] = {}
        self.shelf = PlayedShelf()
        self._ids = count(1)
        self._keys: set[str] = set()
        self._more = asyncio.Event()
        self._answers: set[asyncio.Task[object]] = set()

    async def emit(self, message: Message) -> Receipt:
        await asyncio.sleep(0)  # as a commit would, let others run
        if self.fault:
            raise self.fault
        if message.key in self._keys:
            return Receipt.DUPLICATE
        self.messages.append(message)
        self._more.set()
        if self.receipt is Receipt.STORED:
            self._keys.add(message.key)
            self._answer(message)
        return self.receipt

    def _answer(self, message: Message) -> None:
        if self.echo:
            answer = self.deliver(self.echo, part(message, f"re: {message.text}"))
            task = asyncio.ensure_future(answer)
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def deliver(self, adapter: Adapter, outgoing: Outgoing) -> SendResult:
        """Send a part, and note what became of it."""
        result = await adapter.send(outgoing)
        self.shelf.note(outgoing, result)
        return result

    async def received(self, total: int) -> list[Message]:
        """The messages so far, once there are `total`."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.messages) < total:
                self._more.clear()
                await self._more.wait()
        return self.messages

    # -- MediaStore, Clock, NewId ----------------------------------------------

    async def put(self, content: bytes) -> str:
        blob = hashlib.sha256(content).hexdigest()
        self.blobs[blob] = content
        return blob

    async def get(self, blob: str) -> bytes:
        if blob not in self.blobs:
            raise MediaError(f"expected a stored file, got {blob!r}")
        return self.blobs[blob]

    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def new_id(self) -> str:
        return f"id{next(self._ids)}"


def part(
    message: Message,
    content: str | Media,
    index: int = 0,
    total: int = 1,
    to: Address | None = None,
) -> Outgoing:
    return Outgoing(
        key=f"{message.id}/{index}",
        to=to or message.address,
        part=Text(text=content) if isinstance(content, str) else content,
        answers=message.key,
        index=index,
        total=total,
    )
