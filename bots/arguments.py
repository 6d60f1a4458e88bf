"""What several commands take from the command line. Imports nothing of Parley's own."""

import argparse
from pathlib import Path
from typing import Any

Subcommands = Any
"""argparse's own type for them is private."""


def add_config(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--config",
        type=Path,
        default=Path("config.toml"),
        metavar="PATH",
        help="(default: %(default)s)",
    )
