"""The command `parley`. Each command's own code is imported only when it is run."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bots import __version__
from bots.arguments import Subcommands, add_config
from bots.dead.arguments import add_dead
from bots.quota.arguments import add_quota
from bots.sandbox.dialects import NAMES as DIALECTS
from bots.trace.arguments import add_trace
from core.errors import ParleyError

BESIDE = "Works with no bot running, and beside one."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the answer is the exit code: 0, 1 for a problem, 130 for Ctrl-C."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser(given).parse_args(given)
    try:
        code: int = options.command(options)
    except ParleyError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
    return code


def parser(given: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """With `given`, commands that have many of their own get them only where it names them."""
    top = argparse.ArgumentParser(
        prog="parley",
        description="A chat-bot integration framework, answered by any OpenAI-style relay.",
        epilog="Begin with: parley demo (nothing needed), or: parley init, then parley run.",
    )
    top.add_argument("--version", action="version", version=f"parley {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (add_run, add_demo, add_init, add_check):
        add(commands)
    for name, add_whole in LARGE.items():
        add_whole(commands, whole=given is None or name in given)
    add_trace(commands)
    for add in (add_backup, add_restore, add_release):
        add(commands)
    for add in (add_sandbox, add_version):
        add(commands)
    return top


def add_run(commands: Subcommands) -> None:
    words = "run the bots of a configuration until stopped"
    sub = commands.add_parser("run", help=words, description=words)
    add_config(sub)
    sub.set_defaults(command=run)


def add_demo(commands: Subcommands) -> None:
    words = "try Parley with a sandbox relay: no account, no key"
    sub = commands.add_parser("demo", help=words, description=words)
    words = "of the chat page (default: 8700, or the next free one)"
    sub.add_argument("--port", type=open_port, metavar="N", help=words)
    sub.add_argument("--data", type=Path, metavar="DIR", help="what is kept (default: .parley)")
    sub.add_argument(
        "--say", type=message, metavar="TEXT", help="send one message, print the answer, end"
    )
    add_platforms(sub)
    sub.set_defaults(command=demo)


def add_init(commands: Subcommands) -> None:
    words = "ask a few questions and write a configuration"
    epilog = (
        "What is not given is asked at a terminal. Without a terminal give at least --relay, "
        "and --key where the relay wants one."
    )
    sub = commands.add_parser("init", help=words, description=words, epilog=epilog)
    add_config(sub)
    sub.add_argument("--language", choices=("en", "zh"), help="of questions, comments and the bot")
    sub.add_argument(
        "--relay",
        metavar="RELAY",
        help="openai, burnhair, zhizengzeng, rcouyi, aiwhistle, oneapi (with --address), "
        "or the address of an OpenAI-style server",
    )
    words = "another than the relay's own, as in https://cn-test.burn.hair"
    sub.add_argument("--address", metavar="ADDRESS", help=words)
    words = "let key and messages travel unencrypted, which zhizengzeng needs"
    sub.add_argument("--allow-plain-http", action="store_true", help=words)
    sub.add_argument("--key", metavar="SOURCE", help="env:NAME, file:PATH, or - for standard input")
    sub.add_argument("--proxy", metavar="ADDRESS", help="as in socks5h://127.0.0.1:1080")
    sub.add_argument("--model", help="for chat")
    add_places(sub)
    sub.add_argument(
        "--who", metavar="WHO", help="me, everyone, or ids as in telegram:1,telegram:2"
    )
    sub.add_argument("--daily", type=limit, metavar="N", help='messages a day, or "unlimited"')
    sub.add_argument("--no-try", action="store_true", help="write without calling anybody")
    sub.add_argument("--force", action="store_true", help="replace a configuration that is there")
    sub.set_defaults(command=init)


def add_places(sub: argparse.ArgumentParser) -> None:
    group = sub.add_argument_group(
        "where people reach the bot, beside the chat page",
        "SOURCE is as for --key. --qq and --wechat without one: a token is made, into secrets/.",
    )
    group.add_argument("--telegram", metavar="SOURCE", help="the token that @BotFather gave")
    for name in ("qq", "wechat"):
        words = "a token that is also entered on its side"
        group.add_argument(f"--{name}", nargs="?", const="new", metavar="SOURCE", help=words)
    group.add_argument("--wechat-app-id", metavar="ID", help="the account's AppID")
    group.add_argument("--wechat-secret", metavar="SOURCE", help="its AppSecret")
    group.add_argument("--wechat-aes-key", metavar="SOURCE", help="its EncodingAESKey")
    for name, port in (("telegram", 8771), ("wechat", 8773)):
        words = f"another server than its own; the sandbox's is http://127.0.0.1:{port}"
        group.add_argument(f"--{name}-api", metavar="ADDRESS", help=words)


def add_check(commands: Subcommands) -> None:
    words = "say what is wrong with a configuration and its surroundings"
    sub = commands.add_parser("check", help=words, description=words)
    add_config(sub)
    sub.add_argument("--offline", action="store_true", help="call nobody")
    sub.set_defaults(command=check)


def add_relay(commands: Subcommands, *, whole: bool) -> None:
    words = "list the relays of a configuration, call one by hand, try all that it serves"
    sub = commands.add_parser("relay", help=words, description=words, epilog=BESIDE)
    if whole:
        from bots.relays.arguments import add_relay_commands

        add_relay_commands(sub)


def add_batch(commands: Subcommands, *, whole: bool) -> None:
    words = "ask many questions at once, at a batch's price, and fetch the answers later"
    epilog = f"{BESIDE} What is noted survives any stop."
    sub = commands.add_parser("batch", help=words, description=words, epilog=epilog)
    if whole:
        from bots.jobs.arguments import add_batch_commands

        add_batch_commands(sub)


def add_finetune(commands: Subcommands, *, whole: bool) -> None:
    words = "have a relay make a model of its own from examples"
    epilog = f"{BESIDE} What is noted survives any stop."
    sub = commands.add_parser("finetune", help=words, description=words, epilog=epilog)
    if whole:
        from bots.jobs.arguments import add_finetune_commands

        add_finetune_commands(sub)


def add_backup(commands: Subcommands) -> None:
    words = "copy what the bots keep into one file, also while they run"
    epilog = f"{BESIDE} The configuration and secrets/ are not in the file."
    sub = commands.add_parser("backup", help=words, description=words, epilog=epilog)
    words = "(default: parley-YYYYMMDDTHHMMSSZ.tar here)"
    sub.add_argument("file", metavar="FILE", type=Path, nargs="?", help=words)
    add_config(sub)
    sub.set_defaults(command=backup)


def add_restore(commands: Subcommands) -> None:
    words = "put a backup into an empty data folder, where it is held until parley release"
    sub = commands.add_parser("restore", help=words, description=words)
    sub.add_argument("file", metavar="FILE", type=Path, help="of parley backup")
    words = "move what is there into a folder before-restore-… in the data folder first"
    sub.add_argument("--replace", action="store_true", help=words)
    add_config(sub)
    sub.set_defaults(command=restore)


def add_release(commands: Subcommands) -> None:
    words = "let a restored copy go to work, and decide on what is left over in it"
    sub = commands.add_parser("release", help=words, description=words, epilog=BESIDE)
    choice = sub.add_mutually_exclusive_group()
    words = "answer and send it now, or tell people that it came too late"
    choice.add_argument("--answer", action="store_true", help=words)
    words = "set it aside, and begin with what comes in from now on"
    choice.add_argument("--drop", action="store_true", help=words)
    add_config(sub)
    sub.set_defaults(command=release)


def add_sandbox(commands: Subcommands) -> None:
    words = "run an OpenAI-style relay and chat platforms on this machine, for trying and for tests"
    sub = commands.add_parser("sandbox", help=words, description=words)
    sub.add_argument("--host", default="127.0.0.1", help="(default: 127.0.0.1)")
    sub.add_argument("--port", type=open_port, default=8765, metavar="N", help="(default: 8765)")
    words = "let other machines reach it; it answers anyone, without a key"
    sub.add_argument("--off-loopback", action="store_true", help=words)
    words = f"stand for a relay, strictly: {', '.join(DIALECTS)}"
    sub.add_argument("--dialect", choices=DIALECTS, metavar="NAME", help=words)
    words = "between two pieces of a streamed answer (default: %(default)s)"
    sub.add_argument("--pace", type=seconds, default=0.02, metavar="SECONDS", help=words)
    add_platforms(sub)
    words = "the bot's public listener, for QQ and WeChat (default: %(default)s)"
    sub.add_argument("--bot", default="127.0.0.1:8701", metavar="HOST:PORT", help=words)
    sub.set_defaults(command=sandbox)


LARGE = {
    "relay": add_relay,
    "batch": add_batch,
    "finetune": add_finetune,
    "dead": add_dead,
    "quota": add_quota,
}

PLATFORMS = {
    "telegram": "Telegram's Bot API, on port 8771",
    "onebot": "a QQ account that dials in to the bot, its page on port 8772",
    "wechat": "a WeChat official account, on port 8773",
}


def add_platforms(sub: argparse.ArgumentParser) -> None:
    words = "simulated platforms, each with a page where you are whom you like"
    group = sub.add_argument_group(words)
    for name, about in PLATFORMS.items():
        group.add_argument(
            f"--{name}", action="append_const", dest="platforms", const=name, default=[], help=about
        )


def add_version(commands: Subcommands) -> None:
    words = "print the version"
    sub = commands.add_parser("version", help=words, description=words)
    sub.set_defaults(command=version)


def open_port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, got {text}")
    return int(text)


def message(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a message, got no words")
    return text


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 60:
        raise argparse.ArgumentTypeError(f"expected seconds from 0 to 60, got {text}")
    return number


def limit(text: str) -> int | str:
    if text == "unlimited":
        return text
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'expected a number or "unlimited", got {text}')
    return int(text)


def run(options: argparse.Namespace) -> int:
    from bots.announcement import announce, announce_held
    from bots.app import run as serve
    from bots.config import load
    from bots.loop import run_async

    config = load(options.config)
    run_async(serve(config, ready=lambda: announce(config), told_held=announce_held))
    return 0


def demo(options: argparse.Namespace) -> int:
    from bots.demo import demo as show

    return show(options.port, options.data, options.say, options.platforms)


def init(options: argparse.Namespace) -> int:
    from bots.init import init as ask

    return ask(options)


def check(options: argparse.Namespace) -> int:
    from bots.check import check as examine

    return examine(options.config, offline=options.offline)


def backup(options: argparse.Namespace) -> int:
    from bots.backup.backup import backup as copy

    return copy(options.config, options.file)


def restore(options: argparse.Namespace) -> int:
    from bots.backup.restore import restore as put

    return put(options.config, options.file, replace=options.replace)


def release(options: argparse.Namespace) -> int:
    from bots.release import release as decide

    return decide(options)


def sandbox(options: argparse.Namespace) -> int:
    from bots.demo import sandbox as serve

    return serve(
        options.host,
        options.port,
        options.pace,
        options.platforms,
        options.bot,
        dialect=options.dialect,
        off_loopback=options.off_loopback,
    )


def version(options: argparse.Namespace) -> int:
    del options
    sys.stdout.write(f"parley {__version__}\n")
    return 0
