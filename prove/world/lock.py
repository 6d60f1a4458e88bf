"""Another process that locks the bot's database."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

TAKES_S = 30.0
PROGRAM = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], timeout=float(sys.argv[2]), isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
other.execute("ROLLBACK")
"""


@asynccontextmanager
async def locked(database: Path) -> AsyncIterator[None]:
    """While an exclusive transaction is open: nobody else can write. Raises RuntimeError."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(database), str(TAKES_S), stdin=pipe, stdout=pipe
    )
    try:
        if process.stdout is None or await process.stdout.readline() != b"locked\n":
            raise RuntimeError(f"expected to lock {database}, it was not to be had")
        yield
    finally:
        await process.communicate(b"\n")
