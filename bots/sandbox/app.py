"""The sandbox relay as a Starlette app. Everything it shares is made or taken here."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bots.sandbox.accounts import GRANT_USD, STAT_TOKEN, UNITS_PER_USD, Accounts
from bots.sandbox.call import Call, Desk, Endpoint, Handler
from bots.sandbox.chat import Chat
from bots.sandbox.completions import Completions
from bots.sandbox.control import Control
from bots.sandbox.edits import Edits
from bots.sandbox.embeddings import Embeddings
from bots.sandbox.failure import Refusal, json_response
from bots.sandbox.faults import Faults
from bots.sandbox.hearing import Hearing
from bots.sandbox.images import Images
from bots.sandbox.journal import Journal
from bots.sandbox.machine import Machine
from bots.sandbox.models import Catalog
from bots.sandbox.speech import Speech

LIVELY_PACE_S = 1 / 60
"""Between two pieces of a streamed answer, so that its coming is seen."""

LOCAL_NAMES = ["127.0.0.1", "localhost", "::1", "[::1]"]


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *,
    journal: Journal | None = None,
    faults: Faults | None = None,
    now: Callable[[], datetime] = utc_now,
    pace_s: float = LIVELY_PACE_S,
    grant: int = GRANT_USD * UNITS_PER_USD,
    machine: Machine | None = None,
    local_only: bool = True,
) -> Starlette:
    """The relay. `app.state` holds `journal` and `faults`.

    `pace_s` is the time between two pieces of a streamed answer, 0 for none;
    `grant` how many quota units each key gets. `local_only` refuses requests
    that name another host than this machine, as pages of strangers would
    whose name is made to point here. Faults that break connections need
    `bots.sandbox.serve`.
    """
    journal = Journal() if journal is None else journal
    faults = Faults() if faults is None else faults
    desk = Desk(journal=journal, faults=faults, accounts=Accounts(now, grant), now=now)
    app = Starlette(
        routes=[*_calls(desk, machine or Machine(), pace_s), *_pages(Control(journal, faults))],
        middleware=[Middleware(TrustedHostMiddleware, LOCAL_NAMES)] if local_only else [],
        exception_handlers={Refusal: _refused, HTTPException: _no_such_call},
    )
    app.state.journal = journal
    app.state.faults = faults
    return app


def _calls(desk: Desk, machine: Machine, pace_s: float) -> Sequence[BaseRoute]:
    catalog = Catalog()
    images = Images(catalog)
    hearing = Hearing(machine, catalog)
    own = _Own(desk, catalog)

    def post(path: str, name: str, handler: Handler) -> Route:
        return Route(path, Endpoint(name, handler, desk), methods=["POST"])

    def get(path: str, name: str, handler: Handler) -> Route:
        return Route(path, Endpoint(name, handler, desk, priced=False), methods=["GET"])

    return [
        post("/v1/chat/completions", "chat", Chat(desk, catalog, pace_s)),
        post("/v1/completions", "completion", Completions(desk, catalog, pace_s)),
        post("/v1/edits", "edit", Edits(catalog)),
        post("/v1/embeddings", "embedding", Embeddings(catalog)),
        post("/v1/images/generations", "images", images.generate),
        post("/v1/audio/speech", "speech", Speech(machine, catalog)),
        post("/v1/audio/transcriptions", "transcription", hearing.transcribe),
        post("/v1/audio/translations", "translation", hearing.translate),
        get("/v1/models", "models", own.models),
        get("/api/user/stat", "stat", own.stat),
        get("/sandbox/images/{name}.png", "picture", images.fetch),
    ]


def _pages(control: Control) -> Sequence[BaseRoute]:
    return [Route("/", control.about), *control.routes()]


class _Own:
    """The calls that tell of the relay itself."""

    def __init__(self, desk: Desk, catalog: Catalog) -> None:
        self._desk = desk
        self._catalog = catalog
        self._started = int(desk.now().timestamp())

    async def models(self, call: Call) -> ASGIApp:
        del call
        return json_response(self._catalog.listing(self._started))

    async def stat(self, call: Call) -> ASGIApp:
        """Raises Refusal (401) for any other token than STAT_TOKEN."""
        if call.key != STAT_TOKEN:
            raise Refusal(
                401,
                f"Expected the system access token '{STAT_TOKEN}' in the Authorization header.",
                code="invalid_api_key",
            )
        return json_response(self._desk.accounts.stat())


async def _refused(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, Refusal):
        raise error
    return error.response()


async def _no_such_call(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    message = f"There is no {request.method} {request.url.path} here ({error.detail})."
    return Refusal(error.status_code, message, code="unknown_url").response()
