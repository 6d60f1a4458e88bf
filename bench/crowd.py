"""A crowd of people on the chat page, each asking again PAUSE_S after the answer.

Usage: python -m bench.crowd PORT USERS SECONDS PAUSE_S
Prints one JSON object: replies, latencies in ms. Runs in a process of its own.
"""

import asyncio
import random
import sys
import time

import aiohttp
import msgspec


class Person:
    """One browser: its cookie, its socket, and the answers' latencies in ms."""

    def __init__(self, number: int, port: int, pause_s: float) -> None:
        self.number = number
        self.pause_s = pause_s
        self.base = f"http://127.0.0.1:{port}"
        self.latencies_ms: list[float] = []

    async def ask_until(self, end: float, ready: asyncio.Barrier) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            await session.get(self.base)
            headers = {"Origin": self.base}
            async with session.ws_connect(f"{self.base}/ws", headers=headers) as ws:
                await ws.receive()
                await ready.wait()
                asked = 0
                if self.pause_s:
                    await asyncio.sleep(random.random() * self.pause_s)
                while asked == 0 or time.monotonic() < end:
                    await self._ask(ws, asked)
                    asked += 1
                    if self.pause_s:
                        await asyncio.sleep(self.pause_s)

    async def _ask(self, ws: aiohttp.ClientWebSocketResponse, asked: int) -> None:
        name = f"user{self.number:04}-{asked:06}"
        frame = {"type": "send", "id": name, "text": f"question {asked} of user {self.number}"}
        started = time.perf_counter()
        await ws.send_str(msgspec.json.encode(frame).decode())
        while True:
            got = msgspec.json.decode((await ws.receive()).data)
            if got["type"] == "part" and got["answers"] == name:
                break
            if got["type"] not in ("ack", "draft", "typing"):
                raise RuntimeError(f"expected an answer to {name}, got {got}")
        self.latencies_ms.append((time.perf_counter() - started) * 1000)


async def main(port: int, users: int, seconds: float, pause_s: float) -> None:
    ready = asyncio.Barrier(users)
    end = time.monotonic() + seconds
    people = [Person(number, port, pause_s) for number in range(users)]
    started = time.monotonic()
    await asyncio.gather(*(person.ask_until(end, ready) for person in people))
    took_s = time.monotonic() - started
    latencies = sorted(ms for person in people for ms in person.latencies_ms)
    result = {
        "replies": len(latencies),
        "per_s": len(latencies) / took_s,
        "p50_ms": latencies[len(latencies) // 2],
        "p99_ms": latencies[int(len(latencies) * 0.99)],
    }
    sys.stdout.write(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
