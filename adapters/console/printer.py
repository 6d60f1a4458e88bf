"""What is printed, in order, without waiting for a terminal that is slow or paused."""

import asyncio
from typing import TextIO

from adapters.console.daemon import in_daemon_thread


class Printer:
    """Writes in a daemon thread, all that waits at once."""

    def __init__(self, stdout: TextIO) -> None:
        self._stdout = stdout
        self._waiting: list[str] = []
        self._writing: asyncio.Task[None] | None = None
        self._failure: OSError | ValueError | None = None

    def put(self, text: str) -> None:
        self._waiting.append(text)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._drain())

    async def written(self) -> None:
        """Return once all that was put is written. Raises OSError if it cannot be."""
        if self._writing:
            await asyncio.shield(self._writing)
        if self._failure:
            raise OSError(f"the terminal takes nothing more: {self._failure}") from self._failure

    async def _drain(self) -> None:
        while self._waiting:
            text = "".join(self._waiting)
            self._waiting.clear()
            try:
                await in_daemon_thread(lambda: self._write(text))  # noqa: B023 - awaited here
            except (OSError, ValueError) as error:  # hung up, a closed pipe
                self._failure = error

    def _write(self, text: str) -> None:
        self._stdout.write(text)
        self._stdout.flush()
