"""The real time, and ids that sort by it."""

import time
from datetime import UTC, datetime
from random import getrandbits


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def new_id() -> str:
    """28 hexadecimal digits: the milliseconds since 1970, then 64 random bits. No secret."""
    return f"{time.time_ns() // 1_000_000:012x}{getrandbits(64):016x}"
