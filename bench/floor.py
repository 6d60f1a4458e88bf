"""The floor: the least that answers over a WebSocket by calling a relay. No store, no promises.

Usage: python -m bench.floor PORT RELAY_URL
Speaks the chat page's frames, so that the same load drives it and Parley.
"""

import sys
from collections import defaultdict, deque

import aiohttp
import msgspec
from aiohttp import web

HISTORY: dict[str, deque[dict[str, str]]] = defaultdict(lambda: deque(maxlen=20))


async def index(_: web.Request) -> web.Response:
    return web.Response(text="floor")


async def answer(session: aiohttp.ClientSession, relay: str, who: str, text: str) -> str:
    """One streamed call with the person's history, as the chat page has it."""
    history = HISTORY[who]
    history.append({"role": "user", "content": text})
    body = {"model": "sandbox-chat", "messages": list(history), "stream": True}
    said = []
    async with session.post(f"{relay}/v1/chat/completions", json=body) as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                choices = msgspec.json.decode(line[6:])["choices"]
                said.extend(choice["delta"].get("content") or "" for choice in choices)
    history.append({"role": "assistant", "content": "".join(said)})
    return "".join(said)


async def socket(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.send_json({"type": "hello"})
    who = request.query.get("who", str(id(ws)))
    app = request.app
    async for frame in ws:
        sent = msgspec.json.decode(frame.data)
        await ws.send_str(msgspec.json.encode({"type": "ack", "id": sent["id"]}).decode())
        text = await answer(app["session"], app["relay"], who, sent["text"])
        part = {"type": "part", "answers": sent["id"], "index": 0, "total": 1}
        part["part"] = {"type": "text", "text": text}
        await ws.send_str(msgspec.json.encode(part).decode())
    return ws


async def open_session(app: web.Application):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        app["session"] = session
        yield


def main() -> None:
    app = web.Application()
    app["relay"] = sys.argv[2]
    app.cleanup_ctx.append(open_session)
    app.add_routes([web.get("/", index), web.get("/ws", socket)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
