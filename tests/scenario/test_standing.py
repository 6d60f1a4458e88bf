"""What a monitor sees of work that stands still: over a real socket, of the running product."""

import re
from pathlib import Path

import httpx

from bots.clock import SystemClock
from bots.observation import Observation
from bots.sandbox.faults import Stall, Status
from bots.standing import Standing
from core.errors import StoreError
from storage.aside import Backlog
from tests.scenario.stage import client, playing
from tests.scenario.test_operations import figures


async def measured(http: httpx.AsyncClient, name: str) -> float:
    told = (await http.get("/metrics")).text
    (value,) = re.findall(rf"^{name} (\S+)$", told, re.MULTILINE)
    return float(value)


async def test_the_oldest_unanswered_message_grows_older_until_it_is_answered(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path) as stage, client(stage.url) as http:
        assert await measured(http, "parley_oldest_unanswered_seconds") == 0
        held = stage.faults.add(Stall(call="chat"))
        person = await stage.person()
        async with person.tab() as tab:
            question = await tab.say("hello")
            await held.struck()
            before = await measured(http, "parley_oldest_unanswered_seconds")
            after = await measured(http, "parley_oldest_unanswered_seconds")
            assert 0 < before < after < 60
            assert await measured(http, "parley_store_writes_waiting") == 0
            assert (await http.get("/readyz")).json() == {"ready": True}
            await tab.ask("/stop")
            await tab.answer(question)
        await figures(http, "parley_oldest_unanswered_seconds 0.0")
        await person.close()


async def test_a_relay_that_refuses_the_key_has_an_open_breaker(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage, client(stage.url) as http:
        assert "parley_relay_breaker{" not in (await http.get("/metrics")).text
        stage.faults.add(Status(status=401, call="chat"))
        person = await stage.person()
        async with person.tab() as tab:
            await tab.ask("hello")
        told = (await http.get("/metrics")).text
        assert 'parley_relay_breaker{name="main, key 1",scope="key",state="open"} 1.0' in told
        await person.close()


async def test_while_the_database_cannot_be_read_its_figures_are_left_out() -> None:
    well = True

    async def backlog() -> Backlog:
        if well:
            return Backlog(oldest_at=None, set_aside=3)
        raise StoreError("the disk failed")

    standing = Standing(backlog, lambda: 7, lambda: (), SystemClock())
    observation = Observation(lambda: 0, standing)
    await standing.look()
    assert "\nparley_messages_set_aside 3.0" in observation.exposition().decode()
    well = False
    await standing.look()
    told = observation.exposition().decode()
    assert "\nparley_oldest_unanswered_seconds" not in told
    assert "\nparley_messages_set_aside" not in told
    assert "\nparley_store_writes_waiting 7.0" in told
