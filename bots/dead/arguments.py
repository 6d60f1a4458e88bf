"""`parley dead …` as argparse has it."""

import argparse

from bots.arguments import Subcommands, add_command

NAMED = "an id as parley dead list shows it, or 8 or more of its first digits"


def add_dead(commands: Subcommands, *, whole: bool) -> None:
    words = "list, show, retry and drop messages that were set aside"
    epilog = "Works with no bot running, and beside one."
    sub = commands.add_parser("dead", help=words, description=words, epilog=epilog)
    if whole:
        add_dead_commands(sub)


def add_dead_commands(sub: argparse.ArgumentParser) -> None:
    kinds = sub.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (add_list, add_show, add_retry, add_drop):
        add(kinds)


def add_list(kinds: Subcommands) -> None:
    words = "messages that were set aside: whose, when, why"
    add_command(kinds, "list", words, list_dead)


def add_show(kinds: Subcommands) -> None:
    words = "one of them with its text"
    sub = add_command(kinds, "show", words, show_dead)
    sub.add_argument("id", metavar="ID", help=NAMED)


def add_retry(kinds: Subcommands) -> None:
    words = "have them answered after all"
    description = (
        "Have them answered after all: by the bot that runs within some seconds, or at its next "
        "start. The three tries begin anew, and nothing is counted against the person again."
    )
    sub = add_command(kinds, "retry", words, retry_dead, description)
    add_which(sub)


def add_drop(kinds: Subcommands) -> None:
    words = "erase their content; they will never be answered"
    sub = add_command(kinds, "drop", words, drop_dead)
    add_which(sub)


def add_which(sub: argparse.ArgumentParser) -> None:
    which = sub.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", metavar="ID", nargs="*", default=[], help=NAMED)
    which.add_argument("--all", action="store_true", help="all that are set aside")


def list_dead(options: argparse.Namespace) -> int:
    from bots.dead.dead import list_dead as run

    return run(options)


def show_dead(options: argparse.Namespace) -> int:
    from bots.dead.dead import show_dead as run

    return run(options)


def retry_dead(options: argparse.Namespace) -> int:
    from bots.dead.dead import retry_dead as run

    return run(options)


def drop_dead(options: argparse.Namespace) -> int:
    from bots.dead.dead import drop_dead as run

    return run(options)
