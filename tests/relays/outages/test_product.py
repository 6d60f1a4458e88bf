"""The whole product: a relay dies under twenty people, and everyone is answered once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bots.app import opened
from bots.config import parse
from bots.sandbox.faults import Stall
from core.relay.entry import RouteTable
from tests.relays.outages.front import Front, before
from tests.relays.servers import swallowed
from tests.sandbox.server import Sandbox, sandbox
from tests.scenario.stage import CONFIG, Person, Stage, Talk

PEOPLE = 20
SPARE = """
[relays.spare]
profile = "sandbox"
base_url = "{base}"
[routes]
chat = ["main", "spare"]
"""


@dataclass(frozen=True, kw_only=True)
class Product:
    stage: Stage
    main: Sandbox
    spare: Sandbox
    front: Front
    folder: Path

    @asynccontextmanager
    async def talks(self) -> AsyncIterator[list[tuple[Person, Talk]]]:
        """Everyone with an open tab."""
        async with AsyncExitStack() as stack:
            people = [await self.stage.person() for _ in range(PEOPLE)]
            for person in people:
                stack.push_async_callback(person.close)
            yield [(person, await stack.enter_async_context(person.tab())) for person in people]

    def spends(self) -> list[tuple[str, int, int]]:
        """Relay, whether estimated, and how often."""
        with sqlite3.connect(self.folder / "parley.db") as store:
            return store.execute(
                "SELECT relay, estimated, count(*) FROM spends GROUP BY 1, 2 ORDER BY 1, 2"
            ).fetchall()


@asynccontextmanager
async def product(folder: Path, main_port: int = 0) -> AsyncIterator[Product]:
    """`main_port`: where the first relay is thought to be, if not behind its front."""
    with sandbox() as main, sandbox() as spare:
        async with before(main.port) as front:
            more = SPARE.format(base=spare.origin)
            at = main_port or front.port
            text = CONFIG.format(port=0, relay_port=at, server="", relay=more, bot="")
            config = parse(text, folder, "the test", {"KEY": "sk-x", "STAT_TOKEN": "x"})
            async with opened(config) as house:
                host = f"127.0.0.1:{house.port}"
                stage = Stage(host=host, journal=main.journal, faults=main.faults)
                yield Product(stage=stage, main=main, spare=spare, front=front, folder=folder)


async def ask_all(talks: list[tuple[Person, Talk]], text: str) -> list[str]:
    answers = await asyncio.gather(*(talk.ask(text) for _, talk in talks))
    return ["".join(part["text"] for part in parts) for parts in answers]


async def test_everyone_is_answered_once_while_a_relay_dies(tmp_path: Path) -> None:
    async with product(tmp_path) as made, made.talks() as talks:
        first = await ask_all(talks, "number one")
        made.main.faults.add(Stall(call="chat", count="unlimited"))
        asking = asyncio.create_task(ask_all(talks, "number two"))
        await made.main.journal.until(
            lambda entries: len([one for one in entries if one.call == "chat"]) == 2 * PEOPLE
        )
        await made.front.close()
        second = await asking
        third = await ask_all(talks, "number three")
        for answers, said in (
            (first, "number one"),
            (second, "number two"),
            (third, "number three"),
        ):
            assert all(f"{said}”" in answer for answer in answers)
        for person, _ in talks:
            assert [len(one["answer"]) for one in await person.history()] == [1, 1, 1]
        assert len(made.spare.journal.entries("chat")) == 2 * PEOPLE
    assert made.spends() == [("main", 0, PEOPLE), ("main", 1, PEOPLE), ("spare", 0, 2 * PEOPLE)]


async def test_where_nobody_can_connect_everyone_is_answered_before_a_stall(tmp_path: Path) -> None:
    with swallowed() as port:
        async with product(tmp_path, port) as made, made.talks() as talks:
            began = asyncio.get_running_loop().time()
            answers = await ask_all(talks, "number one")
            took_s = asyncio.get_running_loop().time() - began
            assert all("number one”" in answer for answer in answers)
            assert 2.0 <= took_s < RouteTable().stall_s
    assert made.spends() == [("spare", 0, PEOPLE)]
