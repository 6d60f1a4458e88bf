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

from bots.sandbox.accounts import GRANT_USD, UNITS_PER_USD, Accounts
from bots.sandbox.call import Desk
from bots.sandbox.calls import Calls
from bots.sandbox.control import Control
from bots.sandbox.dialects.dialect import Dialect
from bots.sandbox.dialects.speaking import spoken
from bots.sandbox.dialects.wording import Complaining
from bots.sandbox.failure import Refusal
from bots.sandbox.faults import Faults
from bots.sandbox.journal import Journal
from bots.sandbox.machine import Machine
from bots.sandbox.progress import Pace

LIVELY_PACE_S = 1 / 60
"""Between two pieces of a streamed answer, so that its coming is seen."""

LOCAL_NAMES = ["127.0.0.1", "localhost", "::1", "[::1]"]


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(  # noqa: PLR0913 - each may be left out
    *,
    journal: Journal | None = None,
    faults: Faults | None = None,
    now: Callable[[], datetime] = utc_now,
    pace_s: float = LIVELY_PACE_S,
    grant: int = GRANT_USD * UNITS_PER_USD,
    machine: Machine | None = None,
    local_only: bool = True,
    jobs: Pace | None = None,
    dialect: Dialect | None = None,
) -> Starlette:
    """The relay. `app.state` holds `journal` and `faults`.

    `pace_s` is the time between two pieces of a streamed answer, 0 for none;
    `grant` how many quota units each key gets. `local_only` refuses requests
    that name another host than this machine, as pages of strangers would
    whose name is made to point here. `jobs` is how fast batches and
    fine-tuning go. `dialect` is the relay that it stands for
    (bots/sandbox/dialects). Faults that break connections need `bots.sandbox.serve`.
    """
    journal = Journal() if journal is None else journal
    faults = Faults() if faults is None else faults
    desk = Desk(journal=journal, faults=faults, accounts=Accounts(now, grant), now=now)
    calls = Calls(desk, machine or Machine(), pace_s, jobs or Pace()).routes()
    middleware = [Middleware(TrustedHostMiddleware, LOCAL_NAMES)] if local_only else []
    if dialect is not None:
        calls = spoken(calls, dialect)
        middleware.append(Middleware(Complaining, dialect))
    app = Starlette(
        routes=[*calls, *_pages(Control(journal, faults))],
        middleware=middleware,
        exception_handlers={Refusal: _refused, HTTPException: _no_such_call},
    )
    app.state.journal = journal
    app.state.faults = faults
    return app


def _pages(control: Control) -> Sequence[BaseRoute]:
    return [Route("/", control.about), *control.routes()]


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
