from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.listener import Listener, bind

Answers = Mapping[str, tuple[int, Mapping[str, str], bytes]]


@pytest.fixture
async def served() -> AsyncIterator[Callable[[Answers], Awaitable[str]]]:
    """Serves these answers by path; the `host:port`."""
    async with AsyncExitStack() as stack:

        async def serve(answers: Answers) -> str:
            async def answer(request: Request) -> Response:
                status, headers, content = answers[request.url.path]
                return Response(content, status, headers)

            routes = [Route(path, answer) for path in answers]
            listener = Listener(Starlette(routes=routes), bind("127.0.0.1", 0))
            listener.open()
            stack.push_async_callback(listener.close)
            return f"127.0.0.1:{listener.port}"

        yield serve
