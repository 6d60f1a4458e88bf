"""The simulated Telegram as a Starlette app."""

from collections.abc import Sequence

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.app import LOCAL_NAMES
from bots.sandbox.control import Control
from bots.sandbox.failure import Refusal
from bots.sandbox.telegram.api import Api, FileLinks
from bots.sandbox.telegram.chat_info import ChatInfo
from bots.sandbox.telegram.control import Acts
from bots.sandbox.telegram.editing import Editing
from bots.sandbox.telegram.failure import refused
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.profile import Profile
from bots.sandbox.telegram.receiving import Receiving
from bots.sandbox.telegram.sending import Sending

PORT = 8771


def telegram_app(
    telegram: Telegram, *, pages: Sequence[BaseRoute] = (), local_only: bool = True
) -> Starlette:
    """The Bot API under /bot… and /file/…, the sandbox's own calls under /sandbox/.

    `pages` come after these; "/" is theirs. `local_only` as in `create_app`.
    `app.state` has `telegram`, `faults`, and `close` for `serve.running`.
    """
    api = Api(telegram)
    receiving = Receiving(telegram, api.perform)
    parts = (Sending, Editing, Profile, ChatInfo)
    for methods in (receiving.methods(), *(part(telegram).methods() for part in parts)):
        api.add(methods)
    app = Starlette(
        routes=[
            Route("/bot{token}/{method}", api),
            Route("/file/bot{token}/{path:path}", FileLinks(telegram)),
            *_controls(telegram),
            *pages,
        ],
        middleware=[Middleware(TrustedHostMiddleware, LOCAL_NAMES)] if local_only else [],
        exception_handlers={Refusal: _refusal, HTTPException: _no_such_page},
    )
    app.state.telegram = telegram
    app.state.faults = telegram.faults
    app.state.close = receiving.close
    return app


def _controls(telegram: Telegram) -> Sequence[BaseRoute]:
    shared = Control(telegram.journal, telegram.faults)
    return [*shared.routes(), *Acts(telegram).routes()]


async def _refusal(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, Refusal):
        raise error
    return error.response()


async def _no_such_page(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, HTTPException):
        raise error
    told = refused(error.status_code)
    return Response(
        msgspec.json.encode(told.envelope()), error.status_code, media_type="application/json"
    )
