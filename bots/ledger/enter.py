"""Handing calls that were made by hand to the ledger."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from threading import Thread

from msgspec import MsgspecError

from bots.clock import new_id
from bots.config import Config
from bots.ledger.entering import ENTER, payload_of
from bots.loop import run_async
from bots.orders import Payload, give
from core.errors import ParleyError
from core.model import Spend

WITHIN_S = 3.0
"""How long the running process is waited for: what the calls brought is printed by then."""


LOAD_AFTER_S = 0.3
"""A relay that answers sooner is not kept from it by what is loaded meanwhile."""


@contextmanager
def loading() -> Iterator[None]:
    """Load what writes while a slow relay is waited for: it takes some tenths of a second."""
    thread = Thread(target=import_module, args=("bots.ledger.alone",), name="ledger")
    timer = asyncio.get_running_loop().call_later(LOAD_AFTER_S, thread.start)
    try:
        yield
    finally:
        timer.cancel()


def enter_made(config: Config, spends: Sequence[Spend]) -> None:
    """As `enter`, of calls that were just made."""
    if spends:
        run_async(enter(config, new_id(), spends))


async def enter(config: Config, name: str, spends: Sequence[Spend]) -> bool:
    """Write calls down under a `name`, once however often it is asked for.

    False where that failed, and a line on standard error says so: the calls were made all the
    same.
    """
    payload = payload_of(name, spends, config.people.timezone)

    async def alone() -> Payload:
        from bots.ledger.alone import enter_alone  # noqa: PLC0415 - where no process runs

        return await enter_alone(config, payload)

    try:
        await give(config.storage.data, ENTER, payload, alone, within_s=WITHIN_S)
    except (ParleyError, OSError, MsgspecError) as error:
        what = "this call" if len(spends) == 1 else f"these {len(spends)} calls"
        sys.stderr.write(f"The ledger lacks {what}: {' '.join(str(error).split())}\n")
        return False
    return True
