"""What an input costs, and what is wrong with it."""

import hashlib
import tempfile
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from prove.fuzz.target import Target

MS_A_KB = 50.0
FLOOR_MS = 100.0
"""Below it nothing is too slow: so much a machine under load adds to anything."""
EXTRA_BYTES = 64 << 20
SQUARE = 3.0
"""Times as long for twice as much; linear is 2, a square 4."""


class Cost(Struct, frozen=True, kw_only=True):
    """Of one input: CPU time, its size, and what was wrong, "" for nothing."""

    ms: float
    size: int
    wrong: str = ""

    @property
    def ms_a_kb(self) -> float:
        """Of less than 1 KB as of 1 KB."""
        return self.ms / max(1.0, self.size / 1024)

    @property
    def slow(self) -> bool:
        return self.ms > FLOOR_MS and self.ms_a_kb > MS_A_KB


def cost(target: Target, data: bytes) -> Cost:
    """The least of three times where the first is long: a collection may fall into one."""
    told = once(target, data)
    for _ in range(2):
        if told.wrong or told.ms_a_kb < MS_A_KB / 2:
            break
        told = min(told, once(target, data), key=lambda one: one.ms)
    return told


def least_ms(target: Target, data: bytes) -> float:
    """Of five times: what else the machine does only adds to them."""
    return min(once(target, data).ms for _ in range(5))


def once(target: Target, data: bytes) -> Cost:
    began = time.process_time()
    wrong = ""
    try:
        target.try_on(data)
    except Exception as error:
        wrong = f"{type(error).__name__}: {str(error)[:200]}"
    return Cost(ms=(time.process_time() - began) * 1000, size=len(data), wrong=wrong)


def extra_bytes(target: Target, data: bytes) -> int:
    """The most that was held beside the input, of what Python allocates."""
    tracemalloc.start()
    try:
        with suppress(Exception):  # `cost` tells of it
            target.try_on(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def kept(target: Target, data: bytes) -> str:
    """Puts the input into a file that stays; the command that tries it again."""
    folder = Path(tempfile.gettempdir()) / "parley-fuzz"
    folder.mkdir(exist_ok=True)
    file = folder / f"{target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    file.write_bytes(data)
    return f".venv/bin/python -m prove.fuzz {target.name} {file}"
