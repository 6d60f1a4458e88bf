"""Where lines come from: a person at a terminal, a pipe, a file."""

import asyncio
import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

PROMPT, CONTINUED = "› ", "  "


class Keyboard:
    """Reads `stdin` in a daemon thread: a read that never returns holds up no exit."""

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        self.interactive = stdin.isatty() and stdout.isatty()
        if isinstance(stdin, io.TextIOWrapper):
            stdin.reconfigure(errors="replace")  # a stray byte ends no talk
        self._stdin = stdin
        self._stdout = stdout

    async def line(self) -> str | None:
        """The next line; one that ends in a backslash goes on in the next. None at the end."""
        line = await _in_daemon_thread(lambda: self._read(PROMPT))
        while line is not None and line.endswith("\\"):
            more = await _in_daemon_thread(lambda: self._read(CONTINUED))
            line = line[:-1] + ("" if more is None else "\n" + more)
        return line

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Arrow keys and history where there are any; the terminal is left as it was found."""
        if not self.interactive or self._stdin is not sys.stdin:
            yield
            return
        with _terminal_restored(self._stdin.fileno()), suppress(ImportError):
            import readline  # noqa: F401, PLC0415 - input() uses it once it is there; not on Windows

            yield

    def _read(self, prompt: str) -> str | None:
        if self.interactive and self._stdin is sys.stdin:
            try:
                return input(prompt)
            except EOFError:
                return None
        if self.interactive:
            self._stdout.write(prompt)
            self._stdout.flush()
        line = self._stdin.readline()
        return line.rstrip("\r\n") if line else None


async def _in_daemon_thread(read: Callable[[], str | None]) -> str | None:
    """asyncio.to_thread would wait for the read when the loop ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str | None] = loop.create_future()

    def settle(line: str | None, error: Exception | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(line)
        else:
            future.set_exception(error)

    def work() -> None:
        line, error = None, None
        try:
            line = read()
        except (OSError, ValueError) as failure:  # unplugged, or closed
            error = failure
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, line, error)

    threading.Thread(target=work, name="keyboard", daemon=True).start()
    return await future


@contextmanager
def _terminal_restored(fd: int) -> Iterator[None]:
    """readline, left in the middle of a line, would leave the shell without an echo."""
    try:
        import termios  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield
        return
    found = termios.tcgetattr(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, found)
