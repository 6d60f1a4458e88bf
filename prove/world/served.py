"""What the bot process runs: `parley run`, with failpoints where they are asked for."""

import os
from importlib import import_module
from pathlib import Path

from bots.cli import main
from bots.commands import find_commands
from prove.world.clock import VARIABLE, follow
from prove.world.failpoints import arm

NEEDED = (
    *("bots.announcement", "bots.app", "core.relay.client", "core.relay.transport"),
    *("adapters.web.adapter", "adapters.onebot11.service", "adapters.wechat.adapter"),
    *("uvloop", "httpcore", "uvicorn.protocols.websockets.auto", "werobot"),
    *("apscheduler.executors.asyncio", "apscheduler.triggers.date"),
)
for name in NEEDED:
    import_module(name)  # before the fork, so that a start is quick
find_commands()


def serve(config: Path, failpoint: str) -> int:
    if file := os.environ.get(VARIABLE):
        follow(Path(file))
    if failpoint:
        arm(failpoint)
    return main(["run", "--config", str(config)])
