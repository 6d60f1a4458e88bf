"""`parley batch …` and `parley finetune …` as argparse has them."""

import argparse
from pathlib import Path

from bots.arguments import Subcommands, add_command

NAMED = "a relay's name, as in [relays.NAME] of the configuration"


def add_batch_commands(sub: argparse.ArgumentParser) -> None:
    kinds = sub.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (add_submit, add_batch_status, add_fetch, add_list):
        add(kinds)


def add_finetune_commands(sub: argparse.ArgumentParser) -> None:
    kinds = sub.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (add_start, add_finetune_status):
        add(kinds)


def add_submit(kinds: Subcommands) -> None:
    words = "give a batch to a relay"
    description = (
        "Give a batch to a relay: a file of requests, one JSON object a line with custom_id, "
        "method, url and body; or a text with a prompt a line. The same file given again is not "
        "submitted again, so the same command goes on where it was stopped."
    )
    sub = add_command(kinds, "submit", words, submit, description)
    sub.add_argument("relay", metavar="NAME", help=NAMED)
    sub.add_argument("file", metavar="FILE", type=Path, nargs="?", help="JSON Lines")
    words = "a text with a prompt a line instead; their custom_ids are line-1, line-2, …"
    sub.add_argument("--prompts", type=Path, metavar="FILE", help=words)
    words = "for --prompts (default: the usual one of the relay's profile)"
    sub.add_argument("--model", metavar="MODEL", default="", help=words)
    words = "for --prompts: a system message before each"
    sub.add_argument("--system", metavar="TEXT", default="", help=words)
    words = "make several batches where the file is larger than the relay takes"
    sub.add_argument("--split", action="store_true", help=words)
    add_doubts(sub)


def add_doubts(sub: argparse.ArgumentParser) -> None:
    group = sub.add_argument_group("when it was tried before")
    words = "an attempt whose outcome is not known: create it again, which may be billed twice"
    group.add_argument("--again", action="store_true", help=words)
    words = "an attempt whose outcome is not known: the relay runs it under this id"
    group.add_argument("--id", dest="remote_id", default="", metavar="ID", help=words)
    words = "one that is over: ask for it all once more, at its price"
    group.add_argument("--anew", action="store_true", help=words)


def add_batch_status(kinds: Subcommands) -> None:
    words = "ask the relays how far batches are"
    sub = add_command(kinds, "status", words, batch_status)
    add_number(sub, nargs="?")
    words = "until all are over; their output is kept as soon as it is there"
    sub.add_argument("--wait", action="store_true", help=words)


def add_fetch(kinds: Subcommands) -> None:
    words = "give a batch's answers, in the order of what was asked"
    description = (
        "Give a batch's answers in the order of what was asked, matched by custom_id, each a line "
        '{"custom_id", "text", "usage", "error"}. What the relay gave is kept, so that this works '
        "again at any time. Ends with 1 where answers are missing."
    )
    sub = add_command(kinds, "fetch", words, fetch, description)
    add_number(sub)
    words = "write them here (default: standard output)"
    sub.add_argument("-o", "--output", type=Path, metavar="FILE", help=words)
    sub.add_argument("--wait", action="store_true", help="until it has ended")


def add_list(kinds: Subcommands) -> None:
    words = "list all batches as they are noted here, without asking anybody"
    add_command(kinds, "list", words, show_list)


def add_start(kinds: Subcommands) -> None:
    words = "start a fine-tuning job"
    description = (
        "Upload a file of examples, one JSON object a line, and start a fine-tuning job with it. "
        "The same thing asked again is not started again."
    )
    sub = add_command(kinds, "start", words, start, description)
    sub.add_argument("relay", metavar="NAME", help=NAMED)
    sub.add_argument("file", metavar="FILE", type=Path, help="JSON Lines")
    sub.add_argument("--model", required=True, metavar="MODEL", help="to start from")
    sub.add_argument("--suffix", default="", metavar="TEXT", help="of the new model's name")
    words = "further examples, to measure by"
    sub.add_argument("--validation", type=Path, metavar="FILE", help=words)
    words = "how often to go through the examples (default: the relay's choice)"
    sub.add_argument("--epochs", type=number, default=0, metavar="N", help=words)
    add_doubts(sub)


def add_finetune_status(kinds: Subcommands) -> None:
    words = "ask the relays how far fine-tuning jobs are"
    sub = add_command(kinds, "status", words, finetune_status)
    add_number(sub, nargs="?")
    sub.add_argument("--wait", action="store_true", help="until all are over")


def add_number(sub: argparse.ArgumentParser, nargs: str | None = None) -> None:
    words = "its number, as submit and list tell it" + (" (default: all)" if nargs else "")
    sub.add_argument("number", type=number, metavar="N", nargs=nargs, help=words)


def number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, got {text}")
    return int(text)


def submit(options: argparse.Namespace) -> int:
    from bots.jobs.batch import submit as give

    return give(options)


def batch_status(options: argparse.Namespace) -> int:
    from bots.jobs.status import status

    return status(options.config, "batch", options.number, wait=options.wait)


def fetch(options: argparse.Namespace) -> int:
    from bots.jobs.fetch import fetch as give

    return give(options.config, options.number, options.output, wait=options.wait)


def show_list(options: argparse.Namespace) -> int:
    from bots.jobs.status import noted

    return noted(options.config, "batch")


def start(options: argparse.Namespace) -> int:
    from bots.jobs.finetune import start as begin

    return begin(options)


def finetune_status(options: argparse.Namespace) -> int:
    from bots.jobs.status import status

    return status(options.config, "fine_tune", options.number, wait=options.wait)
