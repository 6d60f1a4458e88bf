"""`parley demo` and `parley sandbox`: Parley with a relay of its own, on this machine alone."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.console import language_of
from bots.app import run, say
from bots.config import Config, Listen, parse
from bots.instance import sole_use
from bots.launcher import command
from bots.listener import bind
from bots.loop import run_async
from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.app import create_app
from bots.sandbox.serve import running
from bots.texts.terminal import terminal_texts
from core.errors import ConfigError

HOST = "127.0.0.1"
PORT = 8700
PORTS_TRIED = 100
KEY = "sk-sandbox"
"""The sandbox takes any; this one's account is what /quota shows."""

CONFIG = """
[server]
private = "{host}:{port}"
public = "{host}:0"
[storage]
data = "."
[relays.sandbox]
profile = "sandbox"
base_url = "http://{host}:{relay_port}"
key = "env:KEY"
stat_token = "env:STAT_TOKEN"
[people]
owners = ["web:*", "console:*"]
[routes]
chat = ["sandbox:sandbox-chat", "sandbox:sandbox-reasoner"]
[bots.web]
platform = "web"
persona = "You are Parley, a friendly assistant. Answer briefly."
[log]
level = "warning"
"""


def demo(port: int | None, data: Path | None, text: str | None) -> int:
    """Serve the chat page until stopped or, with `text`, answer it on standard output.

    `port` None means the usual one, or the next that is free. Raises ConfigError.
    """
    folder = made(data or checkout() / ".parley")
    if text is None:
        run_async(serve(port, folder))
    else:
        sys.stdout.write(run_async(answer(folder, text)) + "\n")
    return 0


def sandbox(host: str, port: int, pace_s: float, *, off_loopback: bool) -> int:
    """The relay alone, until stopped. Raises ConfigError."""
    run_async(serve_relay(host, port, pace_s, off_loopback=off_loopback))
    return 0


async def serve(port: int | None, folder: Path) -> None:
    chosen = free_port() if port is None else port
    async with running(create_app()) as relay:
        config = demo_config(folder, chosen, relay.port)
        moved = port is None and chosen != PORT
        await run(config, ready=lambda: welcome(chosen, moved=moved))


async def serve_relay(host: str, port: int, pace_s: float, *, off_loopback: bool) -> None:
    app = create_app(pace_s=pace_s, local_only=not off_loopback)
    async with running(app, host, port, off_loopback=off_loopback) as relay:
        where = f"http://{Listen(host=host, port=relay.port)}"
        sys.stdout.write(f"The sandbox relay is at {where} and asks for no key. Ctrl-C stops it.\n")
        sys.stdout.flush()
        await told_to_stop()


async def told_to_stop() -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def welcome(port: int, *, moved: bool) -> None:
    """What to try, in both languages; the address stands out at a terminal."""
    texts = terminal_texts()
    address = f"http://{HOST}:{port}/"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        address = f"\x1b[1;36m{address}\x1b[0m"
    likely = language_of(os.environ)
    for language in sorted(("en", "zh"), key=lambda language: language != likely):
        if moved:
            sys.stdout.write(texts.say("demo_moved", language, wanted=PORT, port=port) + "\n")
        words = texts.say("demo_welcome", language, address=address, command=command(Path.cwd()))
        sys.stdout.write(words)
    sys.stdout.flush()


async def answer(folder: Path, text: str) -> str:
    async with running(create_app(pace_s=0.0)) as relay:
        with usable(folder) as data:
            return await say(demo_config(data, 0, relay.port), text)


@contextmanager
def usable(folder: Path) -> Iterator[Path]:
    """The folder, or while a demo runs with it an empty one for this message alone."""
    try:
        with sole_use(folder):
            free = True
    except ConfigError:
        free = False
    if free:
        yield folder
        return
    sys.stderr.write(f"A demo is running with {folder}: this message is kept apart from it.\n")
    with TemporaryDirectory() as apart:
        yield Path(apart)


def demo_config(folder: Path, port: int, relay_port: int) -> Config:
    text = CONFIG.format(host=HOST, port=port, relay_port=relay_port)
    return parse(text, folder, "the demo", {"KEY": KEY, "STAT_TOKEN": STAT_TOKEN})


def free_port() -> int:
    """The usual port, or the next one up that nobody listens on."""
    for port in range(PORT, PORT + PORTS_TRIED):
        try:
            bind(HOST, port).close()
        except ConfigError:
            continue
        return port
    raise ConfigError(
        f"ports {PORT} to {PORT + PORTS_TRIED - 1} are all taken: choose one, --port N"
    )


def made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {folder} ({error.strerror}): choose another, --data DIR"
        ) from error
    return folder.absolute()


def checkout() -> Path:
    """Where the project stands; for an installed one, the folder Parley was started in."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").exists() else Path.cwd()
