"""A program at a real terminal, with somebody who reads and types."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

DEADLINE_S = 20.0


class Terminal:
    def __init__(self, *command: str, cwd: Path, env: Mapping[str, str]) -> None:
        self._side, program = pty.openpty()
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=program,
            stdout=program,
            stderr=program,
            start_new_session=True,
        )
        os.close(program)
        self._waiting = ""
        self.seen = ""

    def expect(self, words: str) -> str:
        """Read until `words` have come; what came before and with them."""
        ends = time.monotonic() + DEADLINE_S
        while words not in self._waiting:
            if not self._read(ends - time.monotonic()):
                raise AssertionError(f"expected {words!r}, got {self._waiting!r}")
        before, _, self._waiting = self._waiting.partition(words)
        return before + words

    def type(self, line: str) -> None:
        os.write(self._side, f"{line}\n".encode())

    def answer(self, words: str, line: str) -> None:
        self.expect(words)
        self.type(line)

    def end_of_input(self) -> None:
        os.write(self._side, b"\x04")

    def wait(self) -> int:
        """The exit code, once all it wrote was read."""
        ends = time.monotonic() + DEADLINE_S
        while self._read(ends - time.monotonic()):
            continue
        code = self._process.wait(DEADLINE_S)
        os.close(self._side)
        return code

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._side], [], [], max(timeout_s, 0.0))[0]:
            return False
        try:
            came = os.read(self._side, 65536).decode()
        except OSError:  # Linux's way to say that the other side was closed
            return False
        self.seen += came
        self._waiting += came
        return bool(came)
