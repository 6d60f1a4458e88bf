"""An adapter's calls, whatever fails in them: only the caller's own end is raised."""

import asyncio
import logging

from core.cancellation import being_cancelled
from core.ports.adapter import Adapter, Paced, Recalls
from core.ports.sending import Found, Outgoing, Refused, SendResult, Unknown

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 1.0


async def turn(adapter: Adapter, outgoing: Outgoing) -> Refused | None:
    if not isinstance(adapter, Paced):
        return None
    try:
        return await adapter.turn(outgoing)
    except asyncio.CancelledError:
        if being_cancelled():
            raise
        return Refused("the adapter gave its own call up", AGAIN_AFTER_S)
    except Exception as error:
        log.exception("waiting to send %s failed in the adapter", outgoing.key)
        return Refused(type(error).__name__, AGAIN_AFTER_S)


async def send(adapter: Adapter, outgoing: Outgoing) -> SendResult:
    """An adapter's own calls may be cancelled, too, when its connection goes."""
    try:
        return await adapter.send(outgoing)
    except asyncio.CancelledError:
        if being_cancelled():
            raise
        return Unknown("the adapter gave its own call up")
    except Exception as error:
        log.exception("sending %s failed in the adapter", outgoing.key)
        return Unknown(type(error).__name__)


async def find(adapter: Recalls, outgoing: Outgoing) -> Found:
    try:
        return await adapter.find(outgoing)
    except asyncio.CancelledError:
        if being_cancelled():
            raise
        return Refused("the adapter gave its own call up", AGAIN_AFTER_S)
    except Exception as error:
        log.exception("looking for %s failed in the adapter", outgoing.key)
        return Unknown(type(error).__name__)
