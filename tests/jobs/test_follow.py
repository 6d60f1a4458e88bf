"""Waiting and fetching against a relay's own clock, which ours moves along with."""

import time

import pytest
from msgspec.structs import replace

from bots.jobs.fetch import give
from bots.jobs.served import check_served
from bots.jobs.status import show
from bots.relays.opened import entry_named
from bots.sandbox.faults import Status
from core.errors import RelayError
from core.jobs.submit import enter, fingerprint, submit
from tests.jobs.stage import Place, job, jsonl, line


@pytest.fixture(autouse=True)
def utc_on_the_wall(monkeypatch):
    with monkeypatch.context() as here:
        here.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def place(timed, tmp_path) -> Place:
    return Place(tmp_path, timed.origin, "burnhair-2024")


@pytest.fixture
async def desk(place, clock):
    jobs = place.jobs()
    yield place.desk(jobs, clock)
    jobs.close()


async def submitted(desk, *names):
    blob = desk.jobs.keep_input(jsonl([line(name) for name in names]))
    draft = job(input=blob, fingerprint=fingerprint(blob), total=len(names), at=desk.clock.now())
    async with desk.relay("main") as relay:
        return await submit(enter(desk.jobs, draft), relay, desk.jobs, desk.clock)


def calls(timed, call):
    return len(timed.journal.entries(call))


async def test_waiting_asks_less_and_less_often_and_keeps_the_output(desk, timed, clock, capsys):
    await submitted(desk, "one", "two")
    assert await give(desk, 1, None, wait=True) == 0
    assert clock.slept == [10, 15, 22.5, 33.75, 50.625, 60]
    assert desk.jobs.get(1).state == "fetched"
    said = capsys.readouterr()
    assert said.out.index('"one"') < said.out.index('"two"')
    assert [row.split()[1] for row in said.err.splitlines()][:4] == [
        "validating",
        "in_progress",
        "finalizing",
        "fetched",
    ]


async def test_one_that_waits_lets_no_other_ones_time_pass(desk, timed, clock):
    await submitted(desk, "one")
    clock.move(seconds=90)
    await submitted(desk, "two")
    assert await show(desk, desk.jobs.all("batch"), wait=True) == 0
    assert [one.state for one in desk.jobs.all("batch")] == ["fetched", "fetched"]
    assert all(one.fetched_at < one.output_until for one in desk.jobs.all("batch"))


async def test_a_relay_that_is_busy_is_waited_for_as_long_as_it_says(desk, timed, clock):
    await submitted(desk, "one")
    timed.faults.add(Status(call="batch_status", status=429, retry_after_s=45))
    timed.faults.add(Status(call="batch_status", status=502))
    timed.faults.add(Status(call="file_content", status=503))
    assert await give(desk, 1, None, wait=True) == 0
    assert clock.slept[0] == 45


async def test_a_key_that_is_refused_ends_the_waiting(desk, timed, clock):
    await submitted(desk, "one")
    timed.faults.add(Status(call="batch_status", status=401))
    with pytest.raises(RelayError):
        await give(desk, 1, None, wait=True)
    assert clock.slept == []


async def test_a_record_past_24_hours_is_not_asked_for(desk, timed, clock, capsys):
    await submitted(desk, "one")
    clock.move(hours=24)
    assert await show(desk, desk.jobs.all("batch"), wait=False) == 0
    assert calls(timed, "batch_status") == 0
    assert "keeps no record of it any longer" in capsys.readouterr().out
    assert desk.jobs.get(1).state == "lost"


async def test_an_output_past_its_time_is_asked_for_once_more_and_then_counts_as_lost(
    desk, timed, clock, capsys
):
    await submitted(desk, "one")
    clock.move(minutes=10)
    await show(desk, desk.jobs.all("batch"), wait=False)
    assert "fetch before 15:03, 2 h 53 min left" in capsys.readouterr().out
    clock.move(hours=4)
    await show(desk, desk.jobs.all("batch"), wait=False)
    assert "fetch at once: it was kept until 15:03 at least" in capsys.readouterr().out
    with pytest.raises(RelayError, match="404"):
        await give(desk, 1, None, wait=False)
    assert desk.jobs.get(1).state == "lost"


async def test_an_uploaded_file_that_expired_is_uploaded_again(desk, timed, clock):
    timed.faults.add(Status(call="batch_create", status=503))
    with pytest.raises(RelayError):
        await submitted(desk, "one")
    clock.move(minutes=59, seconds=30)
    await submitted(desk, "one")
    assert (calls(timed, "file_upload"), calls(timed, "batch_create")) == (2, 2)


async def test_a_file_that_the_relay_still_has_is_not_uploaded_again(desk, timed, clock):
    timed.faults.add(Status(call="batch_create", status=503))
    with pytest.raises(RelayError):
        await submitted(desk, "one")
    clock.move(minutes=30)
    await submitted(desk, "one")
    assert (calls(timed, "file_upload"), calls(timed, "batch_create")) == (1, 2)


async def test_answers_that_are_missing_are_named_and_the_exit_code_tells(
    desk, timed, clock, capsys
):
    await submitted(desk, "one", "two", "three")
    await give(desk, 1, None, wait=True)
    raw = desk.jobs.output("1.jsonl")
    desk.jobs.keep_output("1.jsonl", b"".join(raw.splitlines(keepends=True)[1:]))
    capsys.readouterr()
    assert await give(desk, 1, None, wait=False) == 1
    said = capsys.readouterr()
    assert "missing from the output: three" in said.err
    assert len(said.out.splitlines()) == 3


async def test_what_a_relay_refused_as_a_whole_is_given_again_without_a_word(desk, timed, clock):
    await submitted(desk, "one")
    desk.jobs.put(replace(desk.jobs.get(1), state="failed"))
    again = await submitted(desk, "one")
    assert (again.number, again.after, again.state) == (2, 1, "submitted")


async def test_the_profile_of_the_older_page_serves_batches(desk):
    entry = entry_named(desk.config, "main")
    async with desk.relay("main") as relay:
        check_served(entry, relay.dialect, "batch")
