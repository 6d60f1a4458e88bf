"""What a chat call through Relay costs in CPU time, beside bare aiohttp in the same run.

    python bench/relay_call.py [--calls 2000] [--rounds 7]

The relay is a bare socket in a process of its own that answers at once with
ready bytes. Prints CPU ms a call (this process alone), medians over rounds
taken in turn, at 1, 100 and 1,000 calls in flight, and for a stream of 200 chunks.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import aiohttp
import uvloop

from core.relay.client import Relay
from core.relay.entry import RelayEntry
from core.relay.profile import load_dialect
from core.relay.transport import Transport
from core.request import ChatMessage, ChatRequest
from core.secret import Secret

QUESTION = "Say this is a test! " * 5
STREAM_CHUNKS = 200
WHOLE = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1705223217,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "This is a test! " * 20},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 13, "completion_tokens": 5, "total_tokens": 18},
    }
).encode()

Run = Callable[[], Awaitable[None]]


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def event(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


class Answering(asyncio.Protocol):
    """Answers each request on a connection, one that asks for a stream in many writes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._read = b""
        self._writing: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self._read) < end + 4 + size:
                return
            body, self._read = self._read[end + 4 : end + 4 + size], self._read[end + 4 + size :]
            if b'"stream":true' in body:
                self._writing = asyncio.ensure_future(self._stream())
            else:
                self._write(b"Content-Type: application/json", len(WHOLE), WHOLE)

    def _write(self, kind: bytes, size: int, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %d\r\n\r\n" % (kind, size)
        self._transport.write(head + body)  # type: ignore[attr-defined]

    async def _stream(self) -> None:
        events = [event("word ") for _ in range(STREAM_CHUNKS)]
        events += [event("", "stop"), b"data: [DONE]\n\n"]
        self._write(b"Content-Type: text/event-stream", sum(map(len, events)), b"")
        for data in events:
            self._transport.write(data)  # type: ignore[attr-defined]
            await asyncio.sleep(0.0005)


def serve(told: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(run())


def ours(relay: Relay) -> dict[str, Run]:
    request = ChatRequest(messages=(ChatMessage(role="user", content=QUESTION),), model="m")

    async def whole() -> None:
        assert (await relay.call(request)).text.startswith("This is")

    async def streamed() -> None:
        said = [chunk.text async for chunk in relay.stream(request)]
        assert len(said) == STREAM_CHUNKS + 1

    return {"whole": whole, "streamed": streamed}


def bare(session: aiohttp.ClientSession, base: str) -> dict[str, Run]:
    url = f"{base}/v1/chat/completions"
    headers = {"Authorization": "Bearer sk-1", "Content-Type": "application/json"}
    asked = {"model": "m", "messages": [{"role": "user", "content": QUESTION}]}

    def body(**more: object) -> bytes:
        return json.dumps(asked | more, separators=(",", ":")).encode()

    async def whole() -> None:
        async with session.post(url, data=body(), headers=headers) as answer:
            told = json.loads(await answer.read())
        assert told["choices"][0]["message"]["content"].startswith("This is")

    async def streamed() -> None:
        said = 0
        async with session.post(url, data=body(stream=True), headers=headers) as answer:
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    said += bool(json.loads(line[6:])["choices"][0]["delta"]["content"])
        assert said == STREAM_CHUNKS

    return {"whole": whole, "streamed": streamed}


async def cpu_ms(run: Run, calls: int, in_flight: int) -> float:
    """CPU milliseconds of this process per call."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await run()

    begun = time.process_time()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return (time.process_time() - begun) * 1000 / calls


async def measure(base: str, calls: int, rounds: int) -> None:
    entry = RelayEntry(name="bench", profile="sandbox", base_url=base, key=Secret("sk-1"))
    transport = Transport()
    relay = Relay(entry, load_dialect("sandbox"), transport, clock=SystemClock(), hash_key=b"bench")
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        sides = {"relay": ours(relay), "aiohttp": bare(session, base)}
        cases = [("whole", 1, calls), ("whole", 100, calls), ("whole", 1000, calls)]
        cases.append(("streamed", 20, max(20, calls // 40)))
        for what, in_flight, count in cases:
            took: dict[str, list[float]] = {side: [] for side in sides}
            for _ in range(rounds):
                for side, runs in sides.items():
                    took[side].append(await cpu_ms(runs[what], count, in_flight))
            medians = {side: statistics.median(ms) for side, ms in took.items()}
            ratio = statistics.median(a / b for a, b in zip(*took.values(), strict=True))
            print(
                f"{what:>8}, {in_flight:>4} in flight: relay {medians['relay']:.3f} ms, "
                f"aiohttp {medians['aiohttp']:.3f} ms, ratio {ratio:.2f}"
            )
    await transport.aclose()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        base = f"http://127.0.0.1:{here.recv()}"
        uvloop.run(measure(base, given.calls, given.rounds))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
