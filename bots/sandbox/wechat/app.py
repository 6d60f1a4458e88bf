"""The simulated WeChat's own listener: its API, its picture server, the sandbox's control."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.sandbox.app import LOCAL_NAMES
from bots.sandbox.failure import Refusal
from bots.sandbox.wechat.api import Api
from bots.sandbox.wechat.control import Control
from bots.sandbox.wechat.media_calls import as_file
from bots.sandbox.wechat.wechat import WeChat

PORT = 8773


def wechat_app(wechat: WeChat) -> Starlette:
    """To be served by `bots.sandbox.serve.running`; "/" is left free for a page."""
    api, control = Api(wechat), Control(wechat)

    async def picture(request: Request) -> Response:
        file = wechat.files.get(request.path_params["media_id"])
        return as_file(file) if file else Response(status_code=404)

    app = Starlette(
        routes=[
            Route("/cgi-bin/{call:path}", api.answer, methods=["GET", "POST"]),
            Route("/mmbiz_pic/{media_id}/0", picture),
            Route("/sandbox/journal", control.read_journal),
            Route("/sandbox/journal", control.clear_journal, methods=["DELETE"]),
            Route("/sandbox/faults", control.read_faults),
            Route("/sandbox/faults", control.add_fault, methods=["POST"]),
            Route("/sandbox/faults", control.clear_faults, methods=["DELETE"]),
            Route("/sandbox/acts", control.act, methods=["POST"]),
            Route("/sandbox/tokens/expire", control.expire_tokens, methods=["POST"]),
            Route("/sandbox/check", control.check, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, LOCAL_NAMES)],
        exception_handlers={Refusal: _refused},
    )
    app.state.faults = wechat.faults
    return app


async def _refused(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, Refusal):
        raise error
    return error.response()
