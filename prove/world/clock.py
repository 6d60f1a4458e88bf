"""The wall clock of a bot's process, which can be set while it runs.

libfaketime 0.9.10 does it from outside, but makes each wait for Python's own lock return at
once, monotonic clock or not: the process then does little else. So what reads the wall clock
is replaced inside; the monotonic clock goes on, as on a machine whose clock is set.
"""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from importlib import import_module
from pathlib import Path

VARIABLE = "PROVE_CLOCK"
READERS = ("bots.clock", "bots.schedules", "storage.store", "apscheduler.schedulers.base")
"""Modules that ask `datetime` for the time; all others are given a clock, or ask `time`."""

_time, _time_ns = time.time, time.time_ns


class WallClock:
    """`file` holds how many seconds it is from the true time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(datetime.now(UTC))

    @property
    def environ(self) -> Mapping[str, str]:
        """What a process is to be started with."""
        return {VARIABLE: str(self._file)}

    def set(self, now: datetime) -> None:
        """From now on."""
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(f"{(now - datetime.now(UTC)).total_seconds():+f}\n")
        draft.replace(self._file)


def follow(file: Path) -> None:
    """In the process itself, before it starts: it has the time that is set there."""

    def offset_s() -> float:
        return float(file.read_text())

    class Set(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(_time() + offset_s(), tz)

    for name in READERS:
        vars(import_module(name))["datetime"] = Set
    time.time = lambda: _time() + offset_s()
    time.time_ns = lambda: _time_ns() + round(offset_s() * 1e9)
