"""`parley trace` as argparse has it."""

import argparse

from bots.arguments import Subcommands, add_config


def add_trace(commands: Subcommands) -> None:
    words = "tell one message's stops, with their times"
    epilog = "Works with no bot running, and beside one."
    sub = commands.add_parser("trace", help=words, description=words, epilog=epilog)
    words = (
        "its id, which stands in the log as trace=; 8 or more of its first digits; "
        "or the platform's own key of it"
    )
    which = sub.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="?", help=words)
    words = "the oldest message without a whole answer"
    which.add_argument("--oldest", action="store_true", help=words)
    add_config(sub)
    sub.add_argument("--json", action="store_true", help="for programs")
    sub.add_argument("--text", action="store_true", help="with what it says")
    sub.set_defaults(command=trace)


def trace(options: argparse.Namespace) -> int:
    from bots.trace.trace import trace as tell

    return tell(options)
