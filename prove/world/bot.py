"""A real bot process, which can be killed at any moment and started again."""

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

START_S = 30.0
PRELOADED = ["prove.world.served"]
"""A fork of a process that has imported everything starts in 0.3 s instead of 1.5 s."""


class Bot:
    """`parley run --config FILE` in a process of its own.

    `log` is its standard error, of all its lives. `environ` are its secrets.
    """

    def __init__(self, config: Path, private: int, environ: Mapping[str, str]) -> None:
        self._config = config
        self._private = private
        self.environ = dict(environ)
        self._process: BaseProcess | None = None
        self.log = config.with_name("bot.log")
        self.starts = 0

    @property
    def pid(self) -> int:
        return self._living().pid or 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def begin(self, failpoint: str = "") -> None:
        """Start it and wait for nothing. `failpoint` is "NAME:N": killed when N times there."""
        if self.alive:
            raise RuntimeError("expected a bot that is not running")
        self.starts += 1
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self._process = context.Process(
            target=_live, args=(self._config, self.log, self.environ, failpoint), daemon=True
        )
        self._process.start()

    async def start(self, failpoint: str = "") -> None:
        """Start it, and return once it listens or, with a failpoint, has been killed already."""
        self.begin(failpoint)
        await self.until_up()

    async def until_up(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if not self.alive:
                if self.exit_code != -signal.SIGKILL:
                    raise RuntimeError(f"the bot ended by itself: {self.told()[-1500:]}")
                return
            if await _lives(self._private):
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"the bot did not listen within {START_S:.0f} s: {self.told()[-1500:]}")

    @property
    def exit_code(self) -> int | None:
        return self._living().exitcode

    def kill(self) -> None:
        """kill -9, now."""
        self._living().kill()

    def terminate(self) -> None:
        self._living().terminate()

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    async def ended(self, within_s: float = 30.0) -> int:
        """Wait for its end: the exit code, -9 if it was killed. Raises TimeoutError."""
        deadline = time.monotonic() + within_s
        while self.alive:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the bot still ran after {within_s:g} s")
            await asyncio.sleep(0.005)
        self._living().join()
        return self.exit_code or 0

    async def stop(self) -> int:
        """SIGTERM, and its exit code. Does nothing to one that has ended."""
        if self._process is None:
            return 0
        if self.alive:
            self.terminate()
        return await self.ended()

    def told(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def rss_mb(self) -> float:
        return self._status_kb("VmRSS") / 1024

    def limit_memory(self, more_mb: float) -> None:
        """From now on it gets so much more than it has: what it asks for past that fails."""
        limit = (self._status_kb("VmData") + int(more_mb * 1024)) * 1024
        resource.prlimit(self.pid, resource.RLIMIT_DATA, (limit, limit))

    def _status_kb(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0])

    def _living(self) -> BaseProcess:
        if self._process is None:
            raise RuntimeError("expected a bot that was started")
        return self._process


async def _lives(port: int) -> bool:
    """Whether it serves: the port itself is open some time before."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()


def _live(config: Path, log: Path, environ: Mapping[str, str], failpoint: str) -> None:
    """What the forked process does: everything that it says goes to the log."""
    from prove.world.served import serve  # noqa: PLC0415 - already imported where it forks from

    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(environ)
    sys.exit(serve(config, failpoint))
