"""What a chat call through Relay costs in CPU time, beside bare aiohttp and plain httpx.

    python bench/relay_call.py [--calls 1000] [--rounds 8] [--without-httpx]

The relay is a bare socket in a process of its own that answers at once with
ready bytes. CPU ms of this process alone, medians over rounds taken in turn,
each beginning with another side: for a whole answer at 1, 100 and 1,000 calls
in flight, and for a stream of 200 chunks at 20 in flight, which comes either
chunk by chunk, each a read of its own, or all in one burst.

What each side does:
    relay             Relay.call or Relay.stream: limits, encoding, typed decoding, proof of the end
    aiohttp           json.loads of a whole answer; a stream's bytes are counted as they come, no
                      line is split off and nothing is decoded
    aiohttp, decoded  splits a stream into lines and decodes each event with json.loads
    httpx             AsyncClient as it comes; aiter_lines and json.loads

The mark for streams holds against both where chunks come one by one, as a model
speaks. Of a burst almost all the cost is decoding it, so that there the mark
holds only against aiohttp that decodes too.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import aiohttp
import httpx
import uvloop

from bench.ready import SAID, STREAM_CHUNKS, events, serve
from core.relay.client import Relay
from core.relay.entry import RelayEntry
from core.relay.profile import load_dialect
from core.relay.transport import Transport
from core.request import ChatMessage, ChatRequest
from core.secret import Secret

QUESTION = "Say this is a test! " * 5
STREAMS_IN_FLIGHT = 20
MARKS = {"whole": 2.5, "paced": 1.5, "burst": 1.5}
"""The most that Relay may cost, as a multiple of bare aiohttp; not for one call alone."""

Run = Callable[[], Awaitable[None]]
Runs = Mapping[str, Run]


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


# -- the sides -----------------------------------------------------------------


def ours(relay: Relay) -> Runs:
    def asked(model: str) -> ChatRequest:
        return ChatRequest(messages=(ChatMessage(role="user", content=QUESTION),), model=model)

    async def whole() -> None:
        assert (await relay.call(asked("m"))).text.startswith("This is")

    def streamed(model: str) -> Run:
        async def run() -> None:
            said, reason = [], ""
            async for chunk in relay.stream(asked(model)):
                said.append(chunk.text)
                reason = chunk.finish_reason
            assert ("".join(said), reason) == (SAID, "stop")

        return run

    return {"whole": whole, "paced": streamed("paced"), "burst": streamed("burst")}


HEADERS = {"Authorization": "Bearer sk-1", "Content-Type": "application/json"}
PATH = "/v1/chat/completions"


def body(model: str, **more: object) -> bytes:
    asked = {"model": model, "messages": [{"role": "user", "content": QUESTION}], **more}
    return json.dumps(asked, separators=(",", ":")).encode()


def bare(session: aiohttp.ClientSession, base: str) -> Runs:
    size = sum(map(len, events()))

    async def whole() -> None:
        async with session.post(base + PATH, data=body("m"), headers=HEADERS) as answer:
            told = json.loads(await answer.read())
        assert told["choices"][0]["message"]["content"].startswith("This is")

    def streamed(model: str) -> Run:
        async def run() -> None:
            asked = body(model, stream=True)
            async with session.post(base + PATH, data=asked, headers=HEADERS) as answer:
                read = 0
                async for data in answer.content.iter_any():
                    read += len(data)
            assert read == size

        return run

    return {"whole": whole, "paced": streamed("paced"), "burst": streamed("burst")}


def bare_decoding(session: aiohttp.ClientSession, base: str) -> Runs:
    def streamed(model: str) -> Run:
        async def run() -> None:
            asked = body(model, stream=True)
            async with session.post(base + PATH, data=asked, headers=HEADERS) as answer:
                said = [
                    json.loads(line[6:])["choices"][0]["delta"]["content"]
                    async for line in answer.content
                    if line.startswith(b"data: {")
                ]
            assert "".join(said) == SAID

        return run

    return {"paced": streamed("paced"), "burst": streamed("burst")}


def plain(client: httpx.AsyncClient, base: str) -> Runs:
    async def whole() -> None:
        told = (await client.post(base + PATH, content=body("m"), headers=HEADERS)).json()
        assert told["choices"][0]["message"]["content"].startswith("This is")

    def streamed(model: str) -> Run:
        async def run() -> None:
            asked = body(model, stream=True)
            async with client.stream("POST", base + PATH, content=asked, headers=HEADERS) as answer:
                said = [
                    json.loads(line[6:])["choices"][0]["delta"]["content"]
                    async for line in answer.aiter_lines()
                    if line.startswith("data: {")
                ]
            assert "".join(said) == SAID

        return run

    return {"whole": whole, "paced": streamed("paced"), "burst": streamed("burst")}


# -- measuring -----------------------------------------------------------------


async def cpu_ms(run: Run, calls: int, in_flight: int) -> float:
    """CPU milliseconds of this process per call."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await run()

    begun = time.process_time()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return (time.process_time() - begun) * 1000 / calls


async def compare(
    what: str, sides: Mapping[str, Runs], calls: int, in_flight: int, rounds: int
) -> None:
    took: dict[str, list[float]] = {side: [] for side, runs in sides.items() if what in runs}
    order = list(took)
    for _ in range(rounds):
        for side in order:
            took[side].append(await cpu_ms(sides[side][what], calls, in_flight))
        order.append(order.pop(0))
    print(f"\n{what}, {in_flight} in flight" + ("" if what == "whole" else ", a chunk in brackets"))
    for side, ms in took.items():
        ratio = statistics.median(a / b for a, b in zip(took["relay"], ms, strict=True))
        median = statistics.median(ms)
        chunk = "" if what == "whole" else f" ({median * 1000 / STREAM_CHUNKS:5.2f} µs)"
        told = "" if side == "relay" else f"   relay is {ratio:.2f} ×"
        mark = MARKS[what]
        if side.startswith("aiohttp") and in_flight > 1:
            told += f", mark {mark:g}: {'holds' if ratio <= mark else 'BROKEN'}"
        print(f"  {side:<17}{median:8.3f} ms{chunk}{told}")


async def measure(base: str, calls: int, rounds: int, *, with_httpx: bool) -> None:
    entry = RelayEntry(name="bench", profile="sandbox", base_url=base, key=Secret("sk-1"))
    transport = Transport()
    relay = Relay(entry, load_dialect("sandbox"), transport, clock=SystemClock(), hash_key=b"bench")
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        httpx.AsyncClient(timeout=60, trust_env=False) as client,
    ):
        sides = {
            "relay": ours(relay),
            "aiohttp": bare(session, base),
            "aiohttp, decoded": bare_decoding(session, base),
        }
        if with_httpx:
            sides["httpx"] = plain(client, base)
        for in_flight in (1, 100, 1000):
            await compare("whole", sides, max(calls, in_flight), in_flight, rounds)
        for what in ("paced", "burst"):
            await compare(what, sides, max(20, calls // 10), STREAMS_IN_FLIGHT, rounds)
    await transport.aclose()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--calls", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=8)
    options.add_argument("--without-httpx", action="store_true")
    given = options.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        base = f"http://127.0.0.1:{here.recv()}"
        uvloop.run(measure(base, given.calls, given.rounds, with_httpx=not given.without_httpx))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
