"""`parley quota …` as argparse has it."""

import argparse
from datetime import date
from pathlib import Path

from bots.arguments import Subcommands, add_command

WHO = 'an id as in "telegram:123456"'
TARGET = (
    f"{WHO}, group:PLATFORM:CHAT, bot:NAME, all, or each of the members, guests, groups or bots"
)


def add_quota(commands: Subcommands, *, whole: bool) -> None:
    words = "who spends what: limits, gifts, keys and roles of people, reports and exports"
    epilog = "Works with no bot running, and beside one."
    sub = commands.add_parser("quota", help=words, description=words, epilog=epilog)
    if whole:
        add_quota_commands(sub)


def add_quota_commands(sub: argparse.ArgumentParser) -> None:
    kinds = sub.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (add_show, add_bind, add_limit, add_grant, add_role, add_report, add_export):
        add(kinds)


def add_show(kinds: Subcommands) -> None:
    words = "what people used, and what they may use"
    sub = add_command(kinds, "show", words, show)
    sub.add_argument(
        "who",
        metavar="PERSON",
        nargs="?",
        help=f"{WHO}, or terminal: what was called by hand (default: all)",
    )


def add_bind(kinds: Subcommands) -> None:
    words = "have somebody's calls go by a token of their own"
    description = (
        "Have somebody's calls go by a token that is named under [relays.NAME.tokens]. With "
        "--key, which one it is is found by the key itself, read from standard input and not kept."
    )
    sub = add_command(kinds, "bind", words, bind, description)
    sub.add_argument("who", metavar="PERSON", help=WHO)
    words = 'as in "main:alice", or "none" to take a binding back; with --key the relay alone'
    sub.add_argument("token", metavar="RELAY:NAME", help=words)
    sub.add_argument("--key", action="store_true", help="read the token's key from standard input")


def add_limit(kinds: Subcommands) -> None:
    words = "how much may be used"
    sub = add_command(kinds, "limit", words, limit)
    sub.add_argument("target", metavar="TARGET", help=TARGET)
    words = "unit (usd, messages, tokens, images, seconds), day or month, and a number, "
    words += '"unlimited" or "default"; as in: usd month 5'
    sub.add_argument("words", metavar="WORDS", nargs="+", help=words)


def add_grant(kinds: Subcommands) -> None:
    words = "more for the running day or month, and for it alone"
    sub = add_command(kinds, "grant", words, grant)
    sub.add_argument("target", metavar="TARGET", help=f"{WHO}, group:PLATFORM:CHAT, bot:NAME, all")
    words = "an amount with its unit, and perhaps day or month; as in: 5 usd month"
    sub.add_argument("words", metavar="WORDS", nargs="+", help=words)


def add_role(kinds: Subcommands) -> None:
    words = "who somebody is: admin, member, guest, blocked"
    sub = add_command(kinds, "role", words, role)
    sub.add_argument("who", metavar="PERSON", help=WHO)
    roles = ("admin", "member", "guest", "blocked", "auto")
    words = 'what to make of them; "auto" is what the configuration says'
    sub.add_argument("role", choices=roles, metavar="ROLE", help=f"{', '.join(roles)}: {words}")


def add_report(kinds: Subcommands) -> None:
    words = "what was spent, by person, model and kind"
    sub = add_command(kinds, "report", words, report)
    add_days(sub)


def add_export(kinds: Subcommands) -> None:
    words = "each relay call as a row, for a spreadsheet or a program"
    sub = add_command(kinds, "export", words, export)
    form = sub.add_mutually_exclusive_group()
    words = "for spreadsheets: no cell is a formula (default)"
    form.add_argument("--csv", action="store_true", help=words)
    form.add_argument("--json", action="store_true", help="an object a row")
    words = "(default: standard output)"
    sub.add_argument("file", metavar="FILE", type=Path, nargs="?", help=words)
    add_days(sub)


def add_days(sub: argparse.ArgumentParser) -> None:
    words = "the first day (default: the first of this month)"
    sub.add_argument("--from", dest="since", type=day, metavar="YYYY-MM-DD", help=words)
    words = "the last day, itself included (default: today)"
    sub.add_argument("--to", dest="until", type=day, metavar="YYYY-MM-DD", help=words)


def day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a day as in 2026-11-21, got {text}") from error


def show(options: argparse.Namespace) -> int:
    from bots.quota.show import show as run

    return run(options)


def bind(options: argparse.Namespace) -> int:
    from bots.quota.decide import bind as run

    return run(options)


def limit(options: argparse.Namespace) -> int:
    from bots.quota.decide import limit as run

    return run(options)


def grant(options: argparse.Namespace) -> int:
    from bots.quota.decide import grant as run

    return run(options)


def role(options: argparse.Namespace) -> int:
    from bots.quota.decide import role as run

    return run(options)


def report(options: argparse.Namespace) -> int:
    from bots.quota.report import report as run

    return run(options)


def export(options: argparse.Namespace) -> int:
    from bots.quota.export import export as run

    return run(options)
