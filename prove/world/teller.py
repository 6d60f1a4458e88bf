"""A relay that gives one long answer to everything, and notes what it was asked."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bots.listener import Listener, bind

CHUNK_CHARS = 500


class Teller:
    """`asked` are the last words of each prompt, in order."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """While it is served: its port."""
        routes = [Route("/v1/chat/completions", self._chat, methods=["POST"])]
        listener = Listener(Starlette(routes=routes), bind("127.0.0.1", 0))
        listener.open()
        try:
            yield listener.port
        finally:
            await listener.close()

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body["messages"][-1]["content"])
        if body.get("stream"):
            return StreamingResponse(self._told(body["model"]), media_type="text/event-stream")
        message = {"role": "assistant", "content": self.answer}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        about = {"id": "1", "object": "chat.completion", "model": body["model"]}
        return JSONResponse({**about, "choices": [choice]})

    async def _told(self, model: str) -> AsyncIterator[str]:
        about = {"id": "1", "object": "chat.completion.chunk", "model": model}
        for start in range(0, len(self.answer), CHUNK_CHARS):
            delta = {"content": self.answer[start : start + CHUNK_CHARS]}
            yield _event({**about, "choices": [{"index": 0, "delta": delta}]})
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        yield _event({**about, "choices": [end]})
        yield "data: [DONE]\n\n"


def _event(data: object) -> str:
    return f"data: {json.dumps(data)}\n\n"
