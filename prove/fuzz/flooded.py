"""A relay's client under one flood, in a process of its own, whose memory is measured."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import chain
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from msgspec import Struct, structs

from bots.clock import SystemClock
from core.errors import RelayError
from core.relay.client import Relay
from core.relay.entry import RelayEntry
from core.relay.profile import load_dialect
from core.relay.stream import StreamForm
from core.relay.transport import Transport
from core.relay.wire import Bounds
from core.request import (
    BatchStatusRequest,
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    FileContentRequest,
    ImageRequest,
    ModelsRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    UserStatRequest,
)
from core.secret import Secret
from prove.fuzz.floods import FLOODS, Flood, pour

EXTRA_BYTES = 64 << 20
"""What a call may hold; of files, which are data, beside what its bound lets through."""
WAIT_S = 1.0
"""The bounds that are in seconds, shortened."""
SIDE_BY_SIDE = 3
LATE_S = 6.0
"""How much later than its bound a call may end, on a busy machine."""
CHAT = ChatRequest(messages=(ChatMessage(role="user", content="Hello"),), model="m")
ASKED: Mapping[str, Request] = {
    "chat": CHAT,
    "completion": CompletionRequest(prompt="Hello", model="m"),
    "embeddings": EmbeddingRequest(inputs=("Hello",), model="m"),
    "models": ModelsRequest(),
    "images": ImageRequest(prompt="a cat"),
    "speech": SpeechRequest(text="Hello", voice="alloy"),
    "transcription": TranscriptionRequest(audio=b"RIFF....WAVEfmt " + bytes(40), filename="a.wav"),
    "file": FileContentRequest(file_id="file-1"),
    "batch": BatchStatusRequest(batch_id="batch_1"),
    "user_stat": UserStatRequest(),
}
LARGE = {
    "images": Bounds().pictures_bytes,
    "speech": Bounds().speech_bytes,
    "file": Bounds().file_bytes,
}


class Met(Struct, frozen=True, kw_only=True):
    """How a call ended: `error` is "" for an answer, and a class's name for what was raised."""

    error: str
    words: str
    extra_bytes: int
    seconds: float
    cpu_s: float


def faults(met: Met, flood: Flood, call: str) -> list[str]:
    """What is wrong with it, in words."""
    wrong = []
    most = LARGE.get(call, 0) + EXTRA_BYTES
    if flood.answered and met.error:
        wrong.append(f"expected an answer, got {met.error}: {met.words}")
    if not flood.answered and not met.error.startswith("Relay"):
        wrong.append(f"expected a relay's error, got {met.error or 'an answer'}: {met.words}")
    if met.extra_bytes > most:
        wrong.append(f"{met.extra_bytes >> 20} MB held, {most >> 20} may be")
    if met.seconds > 2 * WAIT_S + LATE_S:
        wrong.append(f"{met.seconds:.1f} s, and the bound was {WAIT_S} s")
    return wrong


async def floods(*, every_call: bool) -> tuple[int, list[str]]:
    """How many there were, and what was wrong under which. The first call of each, or every."""
    free = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(name: str, flood: Flood, call: str) -> list[str]:
        async with free:
            met = await under(flood, call)
        return [f"{name}, {call}: {words}" for words in faults(met, flood, call)]

    chosen = [
        (name, flood, call)
        for name, flood in FLOODS.items()
        for call in (flood.calls if every_call else flood.calls[:1])
    ]
    wrong = await asyncio.gather(*(one(*each) for each in chosen))
    return len(chosen), list(chain.from_iterable(wrong))


async def under(flood: Flood, call: str) -> Met:
    async with pouring(flood) as port:
        return await asyncio.to_thread(apart, port, call)


@asynccontextmanager
async def pouring(flood: Flood) -> AsyncIterator[int]:
    """The port of a relay that answers everybody so."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task  # noqa: S101
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await pour(flood, writer)
            while await reader.read(2**16):
                continue
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


def apart(port: int, call: str) -> Met:
    """In a process forked from one that has everything imported."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["prove.fuzz.flooded"])
    ours, theirs = context.Pipe()
    process = context.Process(target=report, args=(theirs, port, call))
    process.start()
    theirs.close()
    try:
        if not ours.poll(60):
            process.kill()
            return Met(error="nothing", words="no end", extra_bytes=0, seconds=60, cpu_s=60)
        return take(ours)
    except EOFError:
        return Met(error="nothing", words="it died", extra_bytes=0, seconds=0, cpu_s=0)
    finally:
        process.join()


def take(ours: Connection) -> Met:
    met: Met = ours.recv()
    return met


def report(told: Connection, port: int, call: str) -> None:
    told.send(asyncio.run(meet(port, call)))


async def meet(port: int, call: str) -> Met:
    entry = RelayEntry(
        name="main",
        profile="openai",
        key=Secret("sk-canary-0123456789"),
        stat_token=Secret("stat-canary-987654"),
        base_url=f"http://127.0.0.1:{port}",
        first_byte_timeout_s=WAIT_S,
        idle_timeout_s=WAIT_S,
    )
    bounds = Bounds(whole_s=WAIT_S, stream_s=WAIT_S, fetch_s=WAIT_S)
    form: StreamForm = "reduced" if call == "reduced" else "events"
    profile = "burnhair" if call == "user_stat" else "openai"
    dialect = structs.replace(load_dialect(profile), stream_form=form)
    clock = SystemClock()
    made = Relay(entry, dialect, Transport(), clock=clock, hash_key=b"any", bounds=bounds)
    before, began = resident(), time.monotonic()
    error = words = ""
    try:
        words = await asking(made, call)
    except RelayError as raised:
        error, words = type(raised).__name__, str(raised)
    except Exception as raised:
        error, words = f"{type(raised).__module__}.{type(raised).__name__}", str(raised)[:300]
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    await made.aclose()
    return Met(
        error=error,
        words=words,
        extra_bytes=max(0, used.ru_maxrss * 1024 - before),
        seconds=seconds,
        cpu_s=used.ru_utime + used.ru_stime,
    )


async def asking(made: Relay, call: str) -> str:
    """What came, in short. All of a stream is kept, as its caller does."""
    if call in ("stream", "reduced"):
        kept = [chunk.text + chunk.reasoning async for chunk in made.stream(CHAT)]
        return f"{sum(map(len, kept))} characters"
    return type(await made.call(ASKED[call])).__name__


def resident() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError("expected VmRSS in /proc/self/status")
