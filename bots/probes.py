"""What a monitor asks: /livez, /readyz, /metrics."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Check = Callable[[], Awaitable[dict[str, str]]]
"""What is not ready, by name, with the reason; empty if all is well."""


def probe_routes(check: Check, exposition: Callable[[], bytes]) -> Sequence[Route]:
    async def livez(request: Request) -> Response:
        del request
        return PlainTextResponse("alive")

    async def readyz(request: Request) -> Response:
        del request
        wrong = await check()
        return JSONResponse({"ready": not wrong, **wrong}, 503 if wrong else 200)

    async def metrics(request: Request) -> Response:
        del request
        return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return (Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics))
