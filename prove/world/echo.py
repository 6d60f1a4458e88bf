"""A relay that repeats what it was told, after as long as an experiment wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bots.listener import Listener, bind

QUOTED_CHARS = 80
CHUNK_CHARS = 500
KEEP_ALIVE_S = 300


class Echo:
    """`hold_s` tells how long a question waits, `more` what an answer holds beside the echo.

    `asked` are the questions, cut, in the order in which they came. `at_once` and `most` count
    those that wait, now and at most.
    """

    def __init__(
        self,
        hold_s: Callable[[str], float] = lambda _: 0.0,
        more: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.hold_s = hold_s
        self.more = more
        self.asked: list[str] = []
        self.at_once = 0
        self.most = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """While it is served: its port."""
        routes = [Route("/v1/chat/completions", self._chat, methods=["POST"])]
        listener = Listener(Starlette(routes=routes), bind("127.0.0.1", 0))
        listener.config.timeout_keep_alive = KEEP_ALIVE_S  # it must not hang up before the bot does
        listener.open()
        try:
            yield listener.port
        finally:
            await listener.close()

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        said = body["messages"][-1]["content"][:QUOTED_CHARS]
        self.asked.append(said)
        await self._hold(said)
        answer = f"You said: “{said}”{self.more(said)}"
        if body.get("stream"):
            return StreamingResponse(_told(body["model"], answer), media_type="text/event-stream")
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({**_about(body["model"]), "choices": [choice]})

    async def _hold(self, said: str) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.hold_s(said))
        finally:
            self.at_once -= 1


async def _told(model: str, answer: str) -> AsyncIterator[str]:
    for start in range(0, len(answer), CHUNK_CHARS):
        delta = {"content": answer[start : start + CHUNK_CHARS]}
        yield _event({**_about(model), "choices": [{"index": 0, "delta": delta}]})
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield _event({**_about(model), "choices": [end]})
    yield "data: [DONE]\n\n"


def _about(model: str) -> dict[str, str]:
    return {"id": "1", "object": "chat.completion.chunk", "model": model}


def _event(data: object) -> str:
    return f"data: {json.dumps(data)}\n\n"
