"""An orderly end: within its bound, and nothing is lost."""

import asyncio

from core.ports.store import Commit
from tests.core.held import Held
from tests.core.house import Site


async def test_closing_lets_running_answers_end(site: Site) -> None:
    await site.open()
    held = site.relays.hold("slow")
    amy = site.person()
    await amy.says("slow")
    await amy.says("queued")
    await held.reached()
    closing = asyncio.create_task(site.house.lanes.close(10))
    held.release()
    await closing
    assert amy.reads == ["re: slow", "re: queued"]


async def test_closing_gives_a_hung_call_up_and_resumes_it_later(site: Site) -> None:
    await site.open()
    held = site.relays.hold("hang")
    amy, bob = site.person("amy"), site.person("bob")
    await amy.says("hang")
    await amy.says("queued")
    await held.reached()
    await bob.says("hello")
    started = asyncio.get_running_loop().time()
    await site.house.lanes.close(0.05)
    assert asyncio.get_running_loop().time() - started < 1
    assert site.house.lanes.depth == 0
    assert bob.reads == ["re: hello"]
    held.release()
    await site.restart()
    await site.house.settled()
    assert amy.reads == ["re: hang", "re: queued"]


async def test_closing_gives_up_waiting_for_a_locked_database(site: Site) -> None:
    await site.open()
    held = site.relays.hold("hello")
    await site.person().says("hello")
    await held.reached()
    with site.locked():
        held.release()
        await site.house.lanes.close(0.05)
    await site.restart()
    await site.house.settled()
    assert site.person().reads == ["re: hello"]


async def test_closing_gives_up_a_hung_delivery_and_goes_on_with_it_later(site: Site) -> None:
    await site.open()
    held = Held()
    site.platform.results.append(held)
    await site.person().says("hello")
    await held.reached()
    await site.house.lanes.close(0.01)
    assert len(site.platform.tries) == 1
    await site.restart()
    await site.house.settled()
    assert site.person().reads == ["re: hello"]
    assert site.relays.questions == ["hello"]


async def test_what_is_on_its_way_as_the_process_ends_is_noted(site: Site) -> None:
    await site.open()
    held = Held()
    site.platform.results.append(held)
    await site.person().says("hello")
    await held.reached()
    closing = asyncio.create_task(site.house.lanes.close(0))
    await asyncio.sleep(0.01)
    held.release()
    await closing
    await site.restart()
    await site.house.settled()
    assert site.person().reads == ["re: hello"]
    assert len(site.platform.tries) == 1


async def test_an_orderly_end_is_no_stop(site: Site) -> None:
    """What was shown so far is no answer: after the restart the whole one comes."""
    site.live_bot()
    await site.open()
    held = Held()
    site.relays.script["tell"] = ("half an", held, " answer")
    amy = site.person()
    await amy.says("tell")
    await held.reached()
    await site.house.lanes.close(0)
    held.release()
    await site.restart()
    await site.house.settled()
    assert amy.reads == ["half an answer"]


async def test_orderly_restarts_are_no_attempts(site: Site) -> None:
    await site.open()
    amy = site.person()
    held = site.relays.hold("hello")
    await amy.says("hello")
    for _ in range(5):
        await held.reached()
        held = site.relays.hold("hello")
        await site.restart_in_order()
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: hello"]
    assert site.house.seen.ended[0].attempt == 1
    assert (await site.house.store.used(f"person:{amy.identity}", "2026-11-03")).messages == 1


async def test_what_was_asked_before_an_orderly_restart_counts(site: Site) -> None:
    await site.open()
    held = site.relays.hold("hello")
    await site.person().says("hello")
    await held.reached()
    site.relays.script.clear()
    await site.restart_in_order()
    await site.house.settled()
    assert site.rows("SELECT kind, estimated FROM spends") == [("chat", 1), ("chat", 0)]


async def test_an_answer_that_was_being_stored_as_the_process_ended_counts_once(
    site: Site,
) -> None:
    await site.open()
    commit = site.house.store.commit

    async def end_meanwhile(done: Commit) -> None:
        await commit(done)
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    site.house.store.commit = end_meanwhile
    await site.person().says("hello")
    await site.house.settled()
    await site.restart_in_order()
    await site.house.settled()
    assert site.person().reads == ["re: hello"]
    assert site.rows("SELECT kind FROM spends") == [("chat",)]
