"""Where lines come from: a person at a terminal, a pipe, a file."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from adapters.console.daemon import in_daemon_thread

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
        line = await in_daemon_thread(lambda: self._read(PROMPT))
        while line is not None and line.endswith("\\"):
            more = await in_daemon_thread(lambda: self._read(CONTINUED))
            if more is None:
                return line
            line = line[:-1] + "\n" + more
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
