"""What a monitor asks: /livez, /readyz, /metrics."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.ports.clock import Clock

Check = Callable[[], Awaitable[Mapping[str, str]]]
"""What is not ready, by name, with the reason; empty if all is well."""

KEPT_S = 2.0


class Readiness:
    """The last check's result for KEPT_S: a check writes to the store, whoever asks.

    Reasons may name paths, so `reasons` says whether those who ask may read them.
    """

    def __init__(self, check: Check, clock: Clock, *, reasons: bool) -> None:
        self._check = check
        self._clock = clock
        self._reasons = reasons
        self._one_at_a_time = asyncio.Lock()
        self._until: float | None = None
        self._wrong: Mapping[str, str] = {}

    async def wrong(self) -> Mapping[str, str]:
        async with self._one_at_a_time:
            if self._until is None or self._clock.monotonic() >= self._until:
                self._wrong = await self._check()
                self._until = self._clock.monotonic() + KEPT_S
        return self._wrong if self._reasons else dict.fromkeys(self._wrong, "not ready")


def probe_routes(
    readiness: Readiness, exposition: Callable[[], Awaitable[bytes]]
) -> Sequence[Route]:
    async def livez(request: Request) -> Response:
        del request
        return PlainTextResponse("alive")

    async def readyz(request: Request) -> Response:
        del request
        wrong = await readiness.wrong()
        return JSONResponse({"ready": not wrong, **wrong}, 503 if wrong else 200)

    async def metrics(request: Request) -> Response:
        del request
        return Response(await exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return (Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics))
