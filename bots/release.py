"""`parley release`: what was restored goes to work."""

import argparse
import asyncio
import sys

from bots.backup.afresh import afresh
from bots.backup.leftovers import counts, leftovers
from bots.backup.plan import complete
from bots.clock import SystemClock
from bots.config import Config, Listen, load
from bots.livez import parley_at
from bots.loop import run_async
from bots.orders import Payload, give
from core.errors import ConfigError
from storage.sqlite.database import path_of
from storage.sqlite.holding import Left, held, left_over
from storage.sqlite.holding import release as let_go

ORDER = "release"
"""Its payload: {"drop": bool}. Carried out again, it does nothing."""

ALONE = "alone"


def release(options: argparse.Namespace) -> int:
    """Decide on a held copy. Raises ConfigError, StoreError, OrderRefused, OrderWaits."""
    config = load(options.config)
    path = path_of(config.storage.url.reveal())
    if held(path) is None:
        sys.stdout.write("Nothing is held here.\n")
        return 0
    left = left_over(path)
    if left and not options.answer and not options.drop:
        raise ConfigError(undecided(left))
    running = parley_at(config.server.private)
    payload = {"drop": not options.answer}

    async def alone() -> Payload:
        return {**await carry_out(config, payload), ALONE: True}

    answer = run_async(give(config.storage.data, ORDER, payload, alone))
    words = at_work(config.server.private, running=running, alone=ALONE in answer)
    sys.stdout.write(f"{told(left, answer=options.answer)} {words}\n")
    return 0


async def carry_out(config: Config, payload: Payload) -> Payload:
    """By whoever has the data folder to itself. Raises StoreError."""
    drop = payload.get("drop") is True
    left = await asyncio.to_thread(_let_go, config, drop=drop)
    return {"released": left is not None}


def _let_go(config: Config, *, drop: bool) -> Left | None:
    complete(config.storage.data)
    now = SystemClock().now()
    path = path_of(config.storage.url.reveal())
    return let_go(path, drop=drop, at=now, memos=lambda kept: afresh(kept, now))


def at_work(listen: Listen, *, running: bool, alone: bool) -> str:
    """`running`: a Parley had the port. `alone`: none works with this data folder."""
    if not alone:
        return "The Parley that waited for it goes to work."
    if running:
        return (
            f"On {listen} runs a Parley of another data folder: stop it before `parley run`, or "
            "two answer the same people."
        )
    return "No Parley is running here: `parley run` starts it."


def undecided(left: Left) -> str:
    return (
        f"expected --answer or --drop. {leftovers(left, SystemClock().now())} --answer does it "
        "now, which may answer again what the old bot answered after the backup; --drop sets it "
        "aside and begins with what comes in from now on"
    )


def told(left: Left, *, answer: bool) -> str:
    if not left:
        return "Released. Nothing was left over."
    done = "Put to work" if answer else "Set aside, and never to be sent"
    return f"Released. {done}: {counts(left)}."
