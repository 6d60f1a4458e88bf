"""A configuration run as a process: from its ports to its signals."""

import asyncio
import io
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Protocol, Self, runtime_checkable

from msgspec import structs

from bots.backup.held import Patience, StoppedWhileHeld, Tell, until_released
from bots.backup.plan import complete
from bots.clock import SystemClock
from bots.collector import look_seldom
from bots.config import BotEntry, Config
from bots.config.notes import notes
from bots.config.platforms import NoSettings
from bots.house import House, Kept
from bots.instance import derive, instance_secret, sole_use
from bots.listener import bind
from bots.logs import Level, log_uncaught, secrets_in, set_up
from bots.platforms import Terminal
from core.relay.opening import open_routes
from storage.media import FileMedia
from storage.store import SqlStore

log = logging.getLogger(__name__)

CLOSE_S = 1.0
"""For the store to write what waits, at the end of the 10 s that a stop may take."""


@runtime_checkable
class Interruptible(Protocol):
    """An adapter that has a use for Ctrl-C."""

    def interrupt(self) -> bool:
        """True if it was for the adapter; False if the process is meant."""
        ...


async def run(
    config: Config, ready: Callable[[], None] | None = None, told_held: Tell | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, or until every adapter has come to its end.

    `ready` is called once messages are received and signals heard; `told_held` before, where
    a restored copy waits for its release. Raises ConfigError or StoreError if it cannot start.
    """
    set_up(_log_level(config), config.log.format, secrets_in(config))
    log_uncaught()
    for setting, words in notes(config):
        log.warning("%s: %s", setting, words)
    with Signals() as signals, suppress(StoppedWhileHeld):
        patience = Patience(stopping=signals.told_to_stop, tell=told_held or (lambda *_: None))
        async with opened(config, patience=patience) as house:
            signals.house = house
            look_seldom()
            if ready:
                ready()
            waits = {
                asyncio.create_task(signals.told_to_stop.wait()),
                asyncio.create_task(house.finished()),
            }
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()


def _log_level(config: Config) -> Level:
    """At a terminal where somebody talks, a line a message would stand between the answers."""
    talks = any(entry.bot.platform == "console" for entry in config.bots)
    if talks and sys.stderr.isatty() and config.log.level == "info":
        return "warning"
    return config.log.level


async def say(config: Config, text: str) -> str:
    """Send one message through the engine and the store of `config`; the answer as it is.

    Files in the answer are kept in the data folder and named by their paths.
    """
    set_up(config.log.level, config.log.format, secrets_in(config))
    told = io.StringIO()
    line = " " + text.replace("\n", "\\\n") + "\n"  # a leading space: "@" names no file
    terminal = Terminal(stdin=io.StringIO(line), stdout=told)
    async with opened(_only_console(config), terminal) as house:
        await house.finished()
    return told.getvalue().strip()


def _only_console(config: Config) -> Config:
    """The first bot's persona and limits, spoken to by the terminal."""
    first = config.bots[0].bot
    console = structs.replace(first, name="console", platform="console", outage_wait_s=0.0)
    return structs.replace(config, bots=(BotEntry(bot=console, settings=NoSettings()),))


@asynccontextmanager
async def opened(
    config: Config, terminal: Terminal | None = None, patience: Patience | None = None
) -> AsyncIterator[House]:
    """A house at work; on leaving it is stopped in order, within 10 s.

    Raises ConfigError where a restored copy is held and there is no `patience` to wait with.
    """
    async with AsyncExitStack() as stack:
        private = bind(config.server.private.host, config.server.private.port)
        stack.callback(private.close)
        stack.enter_context(sole_use(config.storage.data))
        complete(config.storage.data)
        await until_released(config, private, patience)
        house = House(config, await _open(config, stack), private, terminal or Terminal())
        stack.push_async_callback(house.stop)
        await house.start()
        yield house


async def _open(config: Config, stack: AsyncExitStack) -> Kept:
    secret = instance_secret(config.storage.data)
    media = FileMedia(config.storage.media)
    store = await SqlStore.open(config.storage.url.reveal(), media)
    stack.push_async_callback(store.close, CLOSE_S)
    relays = open_routes(
        config.relays,
        config.routes,
        clock=SystemClock(),
        hash_key=derive(secret, "relay tokens").reveal().encode()[:64],
        learned=config.storage.data / "relays",
    )
    stack.push_async_callback(relays.aclose)
    return Kept(store=store, media=media, relays=relays, secret=secret)


class Signals:
    """SIGTERM and Ctrl-C, heard until everything is stopped.

    The first stops, unless a Ctrl-C was for an answer; a second one hurries.
    """

    def __init__(self) -> None:
        self.told_to_stop = asyncio.Event()
        self.house: House | None = None

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *exception: object) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)

    def _stop(self) -> None:
        if self.told_to_stop.is_set() and self.house:
            self.house.hurry()
        self.told_to_stop.set()

    def _interrupt(self) -> None:
        stopping = self.told_to_stop.is_set()
        if stopping or not self.house or not _interrupts_an_answer(self.house):
            self._stop()


def _interrupts_an_answer(house: House) -> bool:
    """Whether Ctrl-C was for an answer that is running in the terminal."""
    return any(
        adapter.interrupt()
        for adapter in house.adapters.values()
        if isinstance(adapter, Interruptible)
    )
