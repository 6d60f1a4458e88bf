"""Whatever was acknowledged is there after kill -9, and nothing is there by half."""

import asyncio
import random
import sqlite3
import sys
from pathlib import Path

import pytest

from storage.media import FileMedia
from storage.store import SqlStore
from tests.store.crashing import TALKERS

ROOT = Path(__file__).parents[2]


async def killed_after(folder: Path, acknowledgements: int) -> list[tuple[str, str]]:
    """What a process told before it was killed, soon after so many acknowledgements."""
    command = (sys.executable, "-m", "tests.store.crashing", str(folder))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    lines = [await process.stdout.readline() for _ in range(acknowledgements)]
    process.kill()
    lines += (await process.stdout.read()).splitlines(keepends=True)
    assert await process.wait() == -9
    whole = [line.decode().split() for line in lines if line.endswith(b"\n")]
    return [(what, name) for what, name in whole]


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_acknowledged_survives_kill_9(tmp_path, seed):
    told: list[tuple[str, str]] = []
    for _ in range(2):
        told += await killed_after(tmp_path, random.Random(seed).randrange(1, 900))
    store = await SqlStore.open(f"sqlite:///{tmp_path}/parley.db", FileMedia(tmp_path))
    unfinished = {u.message.id: u for u in await store.unfinished()}
    for what, name in told:
        match what:
            case "accepted":
                assert name in unfinished
            case "answered":
                delivery = unfinished[name].delivery
                assert delivery is not None
                assert delivery.reply.parts[0].text == f"answer to {name}"
    for name, left in unfinished.items():
        assert len(await store.pair(name)) == (2 if left.delivery else 0)
    for n in range(TALKERS):
        mine = [u for u in unfinished.values() if u.message.address.sender == f"talker{n}"]
        assert sum(u.delivery is None for u in mine) <= 2
    await store.close()
    connection = sqlite3.connect(tmp_path / "parley.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
