"""`parley run`, in which whatever is told to breaks, with every secret in its mouth.

Usage: python -m prove.hostile.served CONFIG
PROVE_SECRETS names a JSON file of what exceptions are to tell: the worst that a library
could put into one. A message "poison PLACE" breaks that place.
"""

import asyncio
import functools
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bots.cli import main
from bots.house import House
from core.delivery import Courier
from core.engine import Engine
from core.gateway import Gateway
from core.model import Message
from storage.store import SqlStore

POISON = "poison "


class Poison(RuntimeError):
    """Tells everything, as text, in its arguments and in what it was caused by."""


@functools.cache
def secrets() -> list[str]:
    told: list[str] = json.loads(Path(os.environ["PROVE_SECRETS"]).read_text())
    return told


def poison() -> Poison:
    told = secrets()
    made = Poison(f"GET https://{'/'.join(told)}/x failed", {"Authorization": told})
    made.add_note("\n".join(told))
    return made


class Leaving:
    def __del__(self) -> None:
        raise poison()


async def _task() -> None:
    raise poison()


def _raise() -> None:
    raise poison()


def _log() -> None:
    told = secrets()
    extra = {"fields": {"headers": {"key": told}, "why": poison()}}
    logging.getLogger("library").debug("sent %s with %r", told, tuple(told), extra=extra)
    logging.getLogger("asyncio").error("a library's words: %s", told)


def _leave() -> None:
    Leaving()


AT_THE_DOOR: dict[str, Callable[[], object]] = {
    "gateway": _raise,
    "task": lambda: asyncio.get_running_loop().create_task(_task()),
    "callback": lambda: asyncio.get_running_loop().call_soon(_raise),
    "thread": lambda: threading.Thread(target=_raise).start(),
    "finalizer": _leave,
    "warning": lambda: warnings.warn("\n".join(secrets()), stacklevel=1),
    "log": _log,
}


def _break(owner: type, name: str, place: str) -> None:
    """Where it works on a message that asks for it."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(*given: Any, **named: Any) -> Any:
        if POISON + place in repr(given):
            raise poison()
        return method(*given, **named)

    setattr(owner, name, wrapped)


def arm() -> None:
    accept, stop, left = Gateway.accept, House.stop, dict(AT_THE_DOOR)

    async def accepted(self: Gateway, message: Message) -> Any:
        _, _, place = message.text.partition(POISON)
        if act := left.pop(place, None):
            act()
        return await accept(self, message)

    async def stopped(self: House) -> None:
        await stop(self)
        raise poison()

    Gateway.accept = accepted  # type: ignore[method-assign]
    House.stop = stopped  # type: ignore[method-assign]
    _break(Engine, "answer", "engine")
    _break(Courier, "deliver", "courier")
    _break(SqlStore, "commit", "store")


if __name__ == "__main__":
    arm()
    sys.exit(main(["run", "--config", sys.argv[1]]))
