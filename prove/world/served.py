"""What the bot process runs: `parley run`, with failpoints where they are asked for."""

import os
from importlib import import_module
from pathlib import Path

from bots.cli import main
from prove.world.clock import VARIABLE, follow
from prove.world.failpoints import arm

for name in ("bots.announcement", "bots.app", "core.relay.client", "adapters.web.adapter"):
    import_module(name)  # before the fork, so that a start is quick


def serve(config: Path, failpoint: str) -> int:
    if file := os.environ.get(VARIABLE):
        follow(Path(file))
    if failpoint:
        arm(failpoint)
    return main(["run", "--config", str(config)])
