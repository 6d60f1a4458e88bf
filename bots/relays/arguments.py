"""`parley relay …` as argparse has it. Each command's own code is imported when it is run."""

import argparse

from bots.arguments import Subcommands, add_config
from bots.relays.call_arguments import add_calls

NAMED = "a relay's name, as in [relays.NAME] of the configuration"


def add_relay_commands(sub: argparse.ArgumentParser) -> None:
    kinds = sub.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (add_list, add_call, add_test):
        add(kinds)


def add_list(kinds: Subcommands) -> None:
    words = "say which relays there are, and which calls each serves"
    epilog = (
        "yes: served; no: not served; off: documented, but not available now; "
        "unknown: not mentioned, so tried when asked for."
    )
    sub = kinds.add_parser("list", help=words, description=words, epilog=epilog)
    add_config(sub)
    sub.set_defaults(command=show_list)


def add_call(kinds: Subcommands) -> None:
    words = "make one call to a relay"
    description = (
        "Make one call to a relay. Text comes on standard output, files are named on standard "
        "error, as are tokens, time and model."
    )
    epilog = "parley relay call NAME CALL --help tells the options of each call."
    sub = kinds.add_parser("call", help=words, description=description, epilog=epilog)
    sub.add_argument("relay", metavar="NAME", help=NAMED)
    add_calls(sub.add_subparsers(title="calls", required=True, metavar="CALL"), call)


def add_test(kinds: Subcommands) -> None:
    words = "try every call of a relay, and note which it serves"
    description = (
        "Try every call of a relay with the cheapest request, print what was served, how fast "
        "and for how much, and note it where the relay's profile is kept. It spends a little: "
        "a few thousandths of a dollar for words and sound, and one picture."
    )
    epilog = (
        "Costs: by the difference in the account where the relay tells it; ≈ by the profile's "
        "prices; ? where neither is known. A call that failed for another reason than not being "
        "served changes nothing in the profile."
    )
    sub = kinds.add_parser("test", help=words, description=description, epilog=epilog)
    sub.add_argument("relay", metavar="NAME", help=NAMED)
    words = "these alone, as in chat,image (default: all)"
    sub.add_argument("--calls", type=listed, default=(), metavar="CALL,…", help=words)
    words = "create a batch of one line and a fine-tuning job too, which may cost a dollar and more"
    sub.add_argument("--costly", action="store_true", help=words)
    words = "keep the profile as it is: print its lines without writing them"
    sub.add_argument("--keep", action="store_true", help=words)
    words = "don't ask before spending; needed without a terminal"
    sub.add_argument("--yes", action="store_true", help=words)
    add_config(sub)
    sub.set_defaults(command=test)


def listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip().replace("-", "_") for word in text.split(",") if word.strip())


def show_list(options: argparse.Namespace) -> int:
    from bots.relays.listing import show

    return show(options.config)


def call(options: argparse.Namespace) -> int:
    from bots.relays.call import call as make

    return make(options)


def test(options: argparse.Namespace) -> int:
    from bots.relays.trying import run_trial

    return run_trial(options)
