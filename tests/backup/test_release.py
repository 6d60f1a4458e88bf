"""`parley release`: a held copy goes to work, with or without what was left over in it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from bots.app import opened, say
from bots.backup.afresh import afresh
from bots.backup.backup import write
from bots.backup.held import Patience, StoppedWhileHeld
from bots.backup.leftovers import age
from bots.backup.restore import put
from bots.cli import main
from bots.house import House
from bots.listener import bind
from bots.orders import leave
from core.errors import ConfigError
from storage.migrations.upgrade import downgrade
from storage.sqlite.holding import WHY, Hold, Left, held, left_over, mark
from tests.backup.stage import SEEN, Installation, installation, one
from tests.store.talk import NOW


@pytest.fixture
async def copy(old: Installation, tmp_path: Path) -> Installation:
    """A restored one, on a port that is known."""
    with bind("127.0.0.1", 0) as sock:
        port = int(sock.getsockname()[1])
    at = installation(tmp_path, "copy", port=port)
    write(old.places, tmp_path / "b.tar", NOW)
    put(at.places, tmp_path / "b.tar", NOW, replace=False)
    return at


def release(at: Installation, *given: str) -> int:
    return main(["release", *given, "--config", str(at.path)])


def states(at: Installation) -> dict[str, list[str]]:
    return {
        table: [str(state) for (state,) in one(at.database, f"SELECT state FROM {table}")]  # noqa: S608
        for table in ("inbox", "parts")
    }


def seen(at: Installation) -> dict[str, int]:
    ((kept,),) = one(at.database, f"SELECT value FROM meta WHERE key = '{SEEN}'")  # noqa: S608
    return msgspec.json.decode(str(kept), type=dict[str, int])


async def test_with_something_left_over_a_choice_is_wanted(copy, capsys):
    before = copy.database.read_bytes()
    assert release(copy) == 1
    told = capsys.readouterr().err
    assert "expected --answer or --drop. Left over in it: 1 unanswered message," in told
    assert copy.database.read_bytes() == before


def test_a_check_notes_that_a_copy_is_held(copy, capsys):
    main(["check", "--offline", "--config", str(copy.path)])
    assert "note" in (line := line_about("held", capsys.readouterr().out))
    assert "decide with `parley release`" in line
    assert release(copy, "--drop") == 0
    capsys.readouterr()
    main(["check", "--offline", "--config", str(copy.path)])
    assert line_about("held", capsys.readouterr().out) == ""


def line_about(what: str, table: str) -> str:
    return next((line for line in table.splitlines() if line.split()[1:2] == [what]), "")


def test_both_choices_at_once_are_refused(tmp_path):
    with pytest.raises(SystemExit):
        release(installation(tmp_path, "any"), "--answer", "--drop")


def test_dropping_sets_aside_what_was_left_over(copy, capsys):
    before = states(copy)
    assert release(copy, "--drop") == 0
    assert "Set aside, and never to be sent: 1 unanswered message, " in capsys.readouterr().out
    assert held(copy.database) is None
    assert not left_over(copy.database)
    assert sorted(before["inbox"]) == ["answered", "answered", "new"]
    assert sorted(states(copy)["inbox"]) == ["answered", "answered", "dead"]
    assert sorted(before["parts"]) == ["later", "sent", "sent", "trying"]
    assert sorted(states(copy)["parts"]) == ["refused", "refused", "sent", "sent"]
    assert one(copy.database, "SELECT reason FROM inbox WHERE state = 'dead'") == [(WHY,)]
    assert one(copy.database, "SELECT DISTINCT receipt FROM parts WHERE state = 'refused'") == [
        (WHY,)
    ]


def test_what_was_set_aside_is_listed_and_can_be_retried(copy, capsys):
    assert release(copy, "--drop") == 0
    assert main(["dead", "list", "--config", str(copy.path)]) == 0
    assert WHY in capsys.readouterr().out
    assert main(["dead", "retry", "--all", "--config", str(copy.path)]) == 0
    assert sorted(states(copy)["inbox"]) == ["answered", "answered", "new"]


def test_dropping_passes_over_what_qq_kept_since(copy):
    now = datetime.now(UTC).timestamp()
    assert release(copy, "--drop") == 0
    assert seen(copy)["1/2"] >= now


def test_answering_leaves_all_as_it_was(copy, capsys):
    before = states(copy)
    assert release(copy, "--answer") == 0
    assert "Put to work: 1 unanswered message, " in capsys.readouterr().out
    assert held(copy.database) is None
    assert states(copy) == before
    assert seen(copy) == {"1/2": 1700000000}


async def test_with_nothing_left_over_no_choice_is_wanted_and_it_begins_with_now(tmp_path, capsys):
    at = installation(tmp_path, "quiet")
    store = await at.store()
    await store.memo("bot").keep("seen", '{"1/2": 1700000000}')
    await store.close()
    mark(at.database, Hold(made_at=NOW))
    assert await asyncio.to_thread(release, at) == 0
    assert "Nothing was left over" in capsys.readouterr().out
    assert seen(at)["1/2"] > 1700000000


def test_who_releases_it_with_nobody_at_work_is_told_to_start_it(copy, capsys):
    assert release(copy, "--drop") == 0
    assert capsys.readouterr().out.endswith("No Parley is running here: `parley run` starts it.\n")


async def test_a_parley_of_another_folder_on_its_port_is_told_of(copy, tmp_path, capsys):
    """The old one, mostly, with the same accounts."""
    other = installation(tmp_path, "other", port=copy.config.server.private.port)
    async with opened(other.config):
        assert await asyncio.to_thread(release, copy, "--drop") == 0
    told = capsys.readouterr().out
    assert f"On {copy.config.server.private} runs a Parley of another data folder: stop it" in told
    assert held(copy.database) is None


async def test_what_is_not_held_is_told_so_and_left_alone(old, capsys):
    before = old.database.read_bytes()
    assert release(old, "--drop") == 0
    assert capsys.readouterr().out == "Nothing is held here.\n"
    assert old.database.read_bytes() == before


def test_a_release_that_is_repeated_drops_nothing_more(copy):
    assert release(copy, "--answer") == 0
    before = states(copy)
    assert release(copy, "--drop") == 0
    assert states(copy) == before


def test_an_older_copy_is_upgraded_at_its_release(copy):
    with closing(sqlite3.connect(copy.database, isolation_level=None)) as connection:
        downgrade(connection, "0001")
    assert release(copy, "--drop") == 0
    assert sorted(states(copy)["inbox"]) == ["answered", "answered", "dead"]


# -- a process that is held --------------------------------------------------------------


class Starting:
    """A start that waits for a release."""

    def __init__(self) -> None:
        self.told: list[tuple[Hold, Left]] = []
        self.stopping = asyncio.Event()
        self.house: asyncio.Future[House] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()

    async def run(self, at: Installation) -> None:
        patience = Patience(stopping=self.stopping, tell=lambda *told: self.told.append(told))
        async with opened(at.config, patience=patience) as house:
            self.house.set_result(house)
            await self.over.wait()


@asynccontextmanager
async def starting(at: Installation) -> AsyncIterator[Starting]:
    """Once it says that it is held."""
    start = Starting()
    running = asyncio.create_task(start.run(at))
    async with asyncio.timeout(10):
        while not start.told and not running.done():  # noqa: ASYNC110 - one of two
            await asyncio.sleep(0.01)
    try:
        yield start
    finally:
        start.over.set()
        start.stopping.set()
        await asyncio.wait([running])
        if (error := running.exception()) and not isinstance(error, StoppedWhileHeld):
            raise error


async def asked(at: Installation, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(f"http://{at.config.server.private}{path}")


async def test_while_it_is_held_only_the_probes_answer(copy):
    async with starting(copy) as start:
        assert (await asked(copy, "/livez")).status_code == 200
        ready = await asked(copy, "/readyz")
        assert ready.status_code == 503
        assert ready.json()["held"] == (
            "restored from the backup of 2026-11-21 12:00:00 UTC; decide with `parley release`"
        )
        for path in ("/", "/metrics", "/history"):
            assert (await asked(copy, path)).status_code == 404
        ((hold, left),) = start.told
        assert hold.made_at == NOW
        assert (left.unanswered, left.unsent, left.later) == (1, 1, 1)
        assert not start.house.done()


@pytest.mark.parametrize("choice", ["--drop", "--answer"])
async def test_released_beside_it_it_goes_to_work_within_two_seconds(copy, choice, capsys):
    async with starting(copy) as start:
        assert await asyncio.to_thread(release, copy, choice) == 0
        async with asyncio.timeout(2):
            await asyncio.shield(start.house)
        assert (await asked(copy, "/readyz")).json() == {"ready": True}
        assert (await asked(copy, "/")).status_code == 200
    assert capsys.readouterr().out.endswith("The Parley that waited for it goes to work.\n")
    assert held(copy.database) is None
    assert ("dead" in states(copy)["inbox"]) is (choice == "--drop")


async def test_released_before_its_start_it_is_not_held(copy):
    leave(copy.data, "release", {"drop": True})
    start = Starting()
    start.over.set()
    await start.run(copy)
    assert start.house.done()
    assert "dead" in states(copy)["inbox"]


async def test_another_order_does_not_release_it(copy):
    ticket = leave(copy.data, "retry", {"ids": []})
    async with starting(copy) as start:
        async with asyncio.timeout(5):
            while not ticket.exists():  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.01)
        assert not start.house.done()
    assert held(copy.database) is not None


async def test_stopped_while_it_is_held_it_stays_held_and_changes_nothing(copy):
    before = states(copy)
    async with starting(copy) as start:
        start.stopping.set()
    assert held(copy.database) is not None
    assert states(copy) == before


async def test_one_message_by_hand_is_refused_while_it_is_held(copy):
    with pytest.raises(ConfigError, match="got one that is held: restored from the backup"):
        await say(copy.config, "hello")


# -- small parts ---------------------------------------------------------------------------


def test_places_in_other_histories_are_left_alone():
    kept = {"memo/qq/seen": '{"1/2": 5}', "memo/tg/moved": "{}", "memo/wx/token": "x"}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert afresh(kept, at) == {"memo/qq/seen": f'{{"1/2":{int(at.timestamp()) + 1}}}'}
    assert afresh({"memo/qq/seen": "unreadable"}, at) == {"memo/qq/seen": "{}"}


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (timedelta(seconds=-5), "0 seconds"),
        (timedelta(seconds=119), "119 seconds"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_an_age_is_told_in_a_unit_that_says_something(since, words):
    assert age(since) == words
