"""A call by hand, noted whatever becomes of it."""

from asyncio import CancelledError
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from msgspec import Struct

from bots.clock import SystemClock
from bots.ledger.enter import loading
from bots.ledger.spend import costs, lost_of, spend_of
from core.errors import RelayError
from core.metering import recording_s
from core.model import Spend
from core.relay.client import Relay
from core.request import Request, TranscriptionRequest, TranslationRequest


@dataclass(slots=True)
class Noted:
    """`said` is what came of a stream until now."""

    answer: Struct | None = None
    said: list[str] = field(default_factory=list)


@asynccontextmanager
async def noted(relay: Relay, request: Request, spends: list[Spend]) -> AsyncIterator[Noted]:
    """Add to `spends` what the call came to, unless it is certain that it did not come about."""
    call = Noted()
    certain = True
    try:
        with loading() if costs(request) else nullcontext():
            yield call
    except CancelledError:
        certain = False
        raise
    except RelayError as error:
        certain = error.certain
        raise
    finally:
        if costs(request) and (call.answer is not None or call.said or not certain):
            spends.append(await _spend(relay, request, call))


async def _spend(relay: Relay, request: Request, call: Noted) -> Spend:
    length_s = 0.0
    if isinstance(request, TranscriptionRequest | TranslationRequest):
        length_s = await recording_s(request.audio, request.duration_s)
    at = SystemClock().now()
    if call.answer is None:
        said = "".join(call.said)
        return lost_of(relay, request, at, said=said, length_s=length_s)
    return spend_of(relay, request, call.answer, at, length_s=length_s)
