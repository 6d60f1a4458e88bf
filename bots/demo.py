"""`parley demo` and `parley sandbox`: Parley with a relay of its own, on this machine alone."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
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
from bots.sandbox.dialects.dialect import Dialect, dialect_named
from bots.sandbox.serve import running
from bots.sandbox.stand import STANDS, Stand
from bots.texts.terminal import terminal_texts
from core.errors import ConfigError

HOST = "127.0.0.1"
PORT = 8700
PUBLIC_PORT = 8701
PORTS_TRIED = 100
KEY = "sk-sandbox"
"""The sandbox takes any; this one's account is what /quota shows."""

CONFIG = """
[server]
private = "{host}:{port}"
public = "{host}:{public}"
[storage]
data = "."
[relays.sandbox]
profile = "sandbox"
base_url = "http://{host}:{relay_port}"
key = "env:KEY"
stat_token = "env:STAT_TOKEN"
[people]
owners = ["web:*", "console:*"]
guests = {guests}
[routes]
chat = ["sandbox:sandbox-chat", "sandbox:sandbox-reasoner"]
[bots.web]
platform = "web"
persona = "You are Parley, a friendly assistant. Answer briefly."
[log]
level = "warning"
{sections}"""


HOW_TO_JOIN = """\
A bot for them, in another terminal:

{exports}
parley run --config sandbox.toml

with this sandbox.toml:

{server}[relays.main]
profile = "sandbox"
base_url = "{relay}"

[people]
guests = true
# Whoever sets limits and roles is named here by the id that /whoami tells.
# owners = ["telegram:5000001"]

{sections}"""


def demo(
    port: int | None, data: Path | None, text: str | None, platforms: Sequence[str] = ()
) -> int:
    """Serve the chat page until stopped or, with `text`, answer it on standard output.

    `platforms` are simulated ones that the bot talks on as well. `port` None
    means the usual one, or the next that is free. Raises ConfigError.
    """
    folder = made(data or checkout() / ".parley")
    if text is None:
        run_async(serve(port, folder, platforms))
    else:
        sys.stdout.write(run_async(answer(folder, text)) + "\n")
    return 0


def sandbox(
    host: str,
    port: int,
    pace_s: float,
    platforms: Sequence[str],
    bot: str,
    *,
    dialect: str | None = None,
    off_loopback: bool,
) -> int:
    """The relay and these simulated platforms, until stopped. Raises ConfigError.

    `dialect` names the relay that it stands for.
    """
    told = dialect_named(dialect) if dialect else None
    served = serve_sandbox(
        host, port, pace_s, platforms, bot, dialect=told, off_loopback=off_loopback
    )
    run_async(served)
    return 0


async def serve(port: int | None, folder: Path, platforms: Sequence[str]) -> None:
    chosen = free_port(PORT) if port is None else port
    public = free_port(PUBLIC_PORT, chosen)
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(running(create_app()))
        bot = f"{HOST}:{public}"
        stands = [
            await stack.enter_async_context(STANDS[name](bot, free_port)) for name in platforms
        ]
        config = demo_config(folder, chosen, relay.port, public, stands)
        moved = port is None and chosen != PORT
        await run(config, ready=lambda: welcome(chosen, stands, moved=moved))


async def serve_sandbox(
    host: str,
    port: int,
    pace_s: float,
    platforms: Sequence[str],
    bot: str,
    *,
    dialect: Dialect | None,
    off_loopback: bool,
) -> None:
    app = create_app(pace_s=pace_s, local_only=not off_loopback, dialect=dialect)
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(running(app, host, port, off_loopback=off_loopback))
        where = f"http://{Listen(host=host, port=relay.port)}"
        tell(f"The sandbox relay is at {where}{stands_for(dialect)}. Ctrl-C stops it.")
        stands = [
            await stack.enter_async_context(STANDS[name](bot, lambda usual: usual))
            for name in platforms
        ]
        for stand in stands:
            tell(f"{stand.name} is at {stand.page}")
        if stands:
            tell("\n" + how_to_join(where, stands, bot))
        await told_to_stop()


def stands_for(dialect: Dialect | None) -> str:
    if dialect is None:
        return " and asks for no key"
    return f"{dialect.base_path}, answers as {dialect.name} does and takes any key"


def how_to_join(relay: str, stands: Sequence[Stand], bot: str) -> str:
    """What to type for a bot that talks on these platforms, its public listener being there."""
    environ = {name: value for stand in stands for name, value in stand.environ.items()}
    exports = "\n".join(f"export {name}={value}" for name, value in environ.items())
    sections = "\n".join(stand.section for stand in stands)
    usual = f"{HOST}:{PUBLIC_PORT}"
    server = "" if bot == usual else f'[server]\npublic = "{bot}"\n\n'
    return HOW_TO_JOIN.format(exports=exports, relay=relay, sections=sections, server=server)


def tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


async def told_to_stop() -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def welcome(port: int, stands: Sequence[Stand], *, moved: bool) -> None:
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
    for stand in stands:
        sys.stdout.write(f"{stand.name}: {stand.page}/\n")
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


def demo_config(
    folder: Path, port: int, relay_port: int, public: int = 0, stands: Sequence[Stand] = ()
) -> Config:
    """Whoever comes by a simulated platform may talk: nobody else can reach it."""
    text = CONFIG.format(
        host=HOST,
        port=port,
        public=public,
        relay_port=relay_port,
        guests="true" if stands else "false",
        sections="\n".join(stand.section for stand in stands),
    )
    environ = {"KEY": KEY, "STAT_TOKEN": STAT_TOKEN}
    for stand in stands:
        environ |= stand.environ
    return parse(text, folder, "the demo", environ)


def free_port(first: int, *taken: int) -> int:
    """`first`, or the next port up that nobody listens on."""
    for port in range(first, first + PORTS_TRIED):
        try:
            bind(HOST, port).close()
        except ConfigError:
            continue
        if port not in taken:
            return port
    raise ConfigError(
        f"ports {first} to {first + PORTS_TRIED - 1} are all taken: choose one, --port N"
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
