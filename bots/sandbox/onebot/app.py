"""The simulated account's pages as a Starlette app. "/" is left to the town's page."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.app import LOCAL_NAMES
from bots.sandbox.failure import Refusal
from bots.sandbox.onebot.control import Control
from bots.sandbox.onebot.onebot import OneBot


def onebot_app(onebot: OneBot, *, local_only: bool = True) -> Starlette:
    """Control under /sandbox/ and the files under /download.

    `local_only` refuses requests that name another host than this machine.
    """
    return Starlette(
        routes=onebot_routes(onebot),
        middleware=[Middleware(TrustedHostMiddleware, LOCAL_NAMES)] if local_only else [],
        exception_handlers={Refusal: _refused},
    )


def onebot_routes(onebot: OneBot) -> list[BaseRoute]:
    """Raise Refusal, for whoever mounts them elsewhere."""
    control = Control(onebot)
    return [
        Route("/download", control.download),
        Route("/sandbox/account", control.account),
        Route("/sandbox/journal", control.read_journal),
        Route("/sandbox/journal", control.clear_journal, methods=["DELETE"]),
        Route("/sandbox/faults", control.read_faults),
        Route("/sandbox/faults", control.add_fault, methods=["POST"]),
        Route("/sandbox/faults", control.clear_faults, methods=["DELETE"]),
        Route("/sandbox/faults/{number:int}/release", control.release_fault, methods=["POST"]),
        Route("/sandbox/acts", control.act, methods=["POST"]),
    ]


async def _refused(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, Refusal):
        raise error
    return error.response()
