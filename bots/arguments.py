"""What several commands take from the command line. Imports nothing of Parley's own."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

Subcommands = Any
"""argparse's own type for them is private."""

Run = Callable[[argparse.Namespace], int]


def add_config(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--config",
        type=Path,
        default=Path("config.toml"),
        metavar="PATH",
        help="(default: %(default)s)",
    )


def add_command(
    kinds: Subcommands, name: str, words: str, run: Run, description: str = ""
) -> argparse.ArgumentParser:
    """One of a command's own commands, with --config; what else it takes is added to it."""
    sub: argparse.ArgumentParser = kinds.add_parser(
        name, help=words, description=description or words
    )
    add_config(sub)
    sub.set_defaults(command=run)
    return sub
