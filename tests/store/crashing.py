"""A process that stores whole messages and tells of each acknowledgement, until it is killed.

python -m tests.store.crashing FOLDER
"""

import asyncio
import os
import sys
from pathlib import Path

from storage.media import FileMedia
from storage.store import SqlStore
from tests.store.talk import NOW, answer, message

TALKERS = 8


async def talk(store: SqlStore, who: str) -> None:
    for n in range(1_000_000):
        asked = message(f"{os.getpid()}-{who}-{n}", who, f"question {n}")
        await store.accept(asked, f"web/bot/{who}", NOW)
        tell("accepted", asked.id)
        await store.claim(asked.id, "boot", None)
        await store.commit(answer(asked, f"answer to {asked.id}"))
        tell("answered", asked.id)


def tell(what: str, name: str) -> None:
    os.write(1, f"{what} {name}\n".encode())


async def main(folder: Path) -> None:
    store = await SqlStore.open(f"sqlite:///{folder}/parley.db", FileMedia(folder / "media"))
    await asyncio.gather(*(talk(store, f"talker{n}") for n in range(TALKERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
