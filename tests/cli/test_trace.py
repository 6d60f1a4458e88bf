"""`parley trace`: one message's stops, from a database that it only reads."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from core.model import Media, PartState, Spend
from storage.store import SqlStore
from tests.cli.kept import Watch, fill, folder, parley
from tests.store.talk import NOW, answer, ask, message

__all__ = ["folder"]

ID = "01a1fbc7d7b016469a5e434821d6"
OTHER = "01a1fbc7ffffffffffffffffffff"
SPEND = Spend(
    kind="chat", relay="main", model="gpt-4o", at=NOW, prompt_tokens=12, completion_tokens=9
)


async def whole(store: SqlStore, watch: Watch) -> None:
    """Claimed twice, answered in two parts: the second one refused after a try."""
    asked = structs.replace(message(ID, text="the canary is Piet"), key="update-7")
    await store.accept(asked, "c", NOW)
    watch.passes(5)
    await store.claim(ID, "boot", None)
    watch.passes(20)
    await store.claim(ID, "boot", None)
    spend = structs.replace(SPEND, at=watch.passes(300))
    picture = Media(kind="image", size_bytes=1234)
    await store.commit(
        answer(asked, "hi", media=(picture,), spends=(spend,), at=watch.passes(2), reply_id="r1")
    )
    watch.passes(10)
    await store.mark("r1", 0, PartState.TRYING)
    watch.passes(10)
    await store.mark("r1", 0, PartState.SENT, "receipt-1")
    watch.passes(10)
    await store.mark("r1", 1, PartState.TRYING)


def test_every_stop_is_told_with_the_milliseconds_between(folder: Path, capsys) -> None:
    fill(folder, whole)
    said = parley(capsys, "trace", ID, "--json")
    assert said.code == 0, said
    told = json.loads(said.out)
    assert told["state"] == "answered"
    assert told["waits_for"] == "the platform's word on part 2 of 2"
    assert [(stop["stop"], stop["ms"]) for stop in told["stops"]] == [
        ("sent", None),
        ("stored", None),
        ("first_claimed", 5.0),
        ("claimed", 20.0),
        ("relay_call", 300.0),
        ("answer_stored", 2.0),
        ("part_tried", 10.0),
        ("part", 10.0),
        ("part_tried", 10.0),
        ("part", None),
    ]
    by_name = {stop["stop"]: stop for stop in told["stops"]}
    assert (
        by_name["stored"].items() >= {"platform": "web", "bot": "bot", "chat": "one to one"}.items()
    )
    assert by_name["claimed"]["attempt"] == 2
    called = {"kind": "chat", "relay": "main", "model": "gpt-4o", "prompt_tokens": 12}
    assert by_name["relay_call"].items() >= called.items()
    first, second = (stop for stop in told["stops"] if stop["stop"] == "part")
    assert first.items() >= {"kind": "text", "characters": 2, "receipt": "receipt-1"}.items()
    assert second.items() >= {"kind": "image", "bytes": 1234, "state": "trying"}.items()
    assert second["at"] is None


def test_people_read_the_same_and_no_word_of_the_message(folder: Path, capsys) -> None:
    fill(folder, whole)
    said = parley(capsys, "trace", ID)
    blank = " " * 12
    assert f"2026-11-21 12:00:00.123{blank}received and stored (web, bot, one to one)" in said.out
    assert "12:00:00.448     300.0  chat by main, gpt-4o, 12 tokens in, 9 tokens out" in said.out
    assert "answer's part 1 of 2, text of 2 characters: sent (receipt-1)" in said.out
    assert "waits for the platform's word on part 2 of 2" in said.out
    assert "Piet" not in said.out
    assert "text: the canary is Piet" in parley(capsys, "trace", ID, "--text").out
    assert json.loads(parley(capsys, "trace", ID, "--text", "--json").out)["text"].endswith("Piet")


@pytest.mark.parametrize("given", [ID, ID[:8], ID[:20], "update-7"])
def test_a_message_is_found_by_its_id_its_first_digits_and_its_platforms_key(
    given: str, folder: Path, capsys
) -> None:
    fill(folder, whole)
    assert f"message {ID}: answered" in parley(capsys, "trace", given).out


def test_the_oldest_message_without_a_whole_answer_needs_no_name(folder: Path, capsys) -> None:
    async def both(store: SqlStore, watch: Watch) -> None:
        await whole(store, watch)
        await store.accept(message(OTHER), "d", watch.passes(5))

    async def sent(store: SqlStore, _watch: Watch) -> None:
        await store.mark("r1", 1, PartState.SENT)

    async def answered(store: SqlStore, _watch: Watch) -> None:
        await store.commit(answer(message(OTHER), "hi", reply_id="r2"))
        await store.mark("r2", 0, PartState.SENT)

    for more, told in (
        (both, f"message {ID}: answered"),
        (sent, f"message {OTHER}: unanswered"),
        (answered, "Every message has its whole answer."),
    ):
        fill(folder, more)
        said = parley(capsys, "trace", "--oldest")
        assert (said.code, said.out.splitlines()[0]) == (0, told)
    assert parley(capsys, "trace", "--oldest", "--json").out == "null\n"


@pytest.mark.parametrize("given", [(), (ID, "--oldest")])
def test_either_a_name_or_the_oldest_is_wanted(given: tuple[str, ...], capsys) -> None:
    with pytest.raises(SystemExit):
        parley(capsys, "trace", *given)


def test_what_is_named_by_nobody_or_by_several_is_an_error(folder: Path, capsys) -> None:
    async def two(store: SqlStore, _watch: Watch) -> None:
        for name in (ID, OTHER):
            await store.accept(message(name), "c", NOW)

    fill(folder, two)
    for given in ("01a1fbc", "ffffffffff", ""):  # the first is too short
        said = parley(capsys, "trace", given)
        assert (said.code, said.out) == (1, "")
        assert f'got "{given}", which no stored message has' in said.err
    said = parley(capsys, "trace", ID[:8])
    assert said.code == 1
    assert ID in said.err
    assert OTHER in said.err
    assert parley(capsys, "trace", ID[:9]).code == 0


async def unanswered(store: SqlStore, _watch: Watch) -> None:
    await store.accept(message(ID), "c", NOW)


async def behind_another(store: SqlStore, watch: Watch) -> None:
    await store.accept(message(OTHER), "c", NOW)
    await unanswered(store, watch)


async def at_work(store: SqlStore, watch: Watch) -> None:
    await unanswered(store, watch)
    await store.claim(ID, "boot", None)


async def given_back(store: SqlStore, watch: Watch) -> None:
    await at_work(store, watch)
    await store.release(ID, "boot")


async def for_later(store: SqlStore, watch: Watch) -> None:
    await at_work(store, watch)
    await store.commit(answer(message(ID), "hi", reply_id="r1"))
    await store.mark("r1", 0, PartState.LATER)


async def refused(store: SqlStore, watch: Watch) -> None:
    await at_work(store, watch)
    await store.commit(answer(message(ID), "hi", reply_id="r1"))
    await store.mark("r1", 0, PartState.REFUSED, "blocked by the person")


AWAITED = [
    (unanswered, "a bot that takes it up, now or at the next start"),
    (behind_another, "1 earlier message(s) of its conversation"),
    (at_work, "its answer; where its process has ended, the next start"),
    (given_back, "a relay that serves, or the next start"),
    (for_later, "the person's next request, which carries part 1 of 1"),
    (refused, ""),
]


@pytest.mark.parametrize(
    ("story", "awaited"), AWAITED, ids=lambda one: getattr(one, "__name__", "")
)
def test_an_unfinished_message_says_what_it_waits_for(
    story, awaited: str, folder: Path, capsys
) -> None:
    fill(folder, story)
    assert json.loads(parley(capsys, "trace", ID, "--json").out)["waits_for"] == awaited


def test_what_was_set_aside_says_why(folder: Path, capsys) -> None:
    async def poisoned(store: SqlStore, watch: Watch) -> None:
        await ask(store, message(ID))
        await store.commit(answer(message(ID), "sorry", dead="ValueError: \x1b[2J"))

    fill(folder, poisoned)
    said = parley(capsys, "trace", ID)
    assert f"message {ID}: set aside" in said.out
    assert "set aside: ValueError: \\x1b[2J" in said.out


def test_a_message_whose_content_is_erased_still_has_its_times(folder: Path, capsys) -> None:
    async def swept(store: SqlStore, watch: Watch) -> None:
        await whole(store, watch)
        await store.mark("r1", 1, PartState.SENT)
        await store.sweep(watch.passes(2 * 86_400_000), keep_days=1)

    fill(folder, swept)
    said = parley(capsys, "trace", ID, "--text")
    assert said.code == 0
    assert "text: (erased)" in said.out
    assert "claimed, attempt 2" in said.out


def test_a_database_is_neither_made_nor_upgraded_nor_taken_from_a_newer_version(
    folder: Path, capsys
) -> None:
    said = parley(capsys, "trace", ID)
    assert said.code == 1
    assert "expected one, found none" in said.err
    database = folder / "data/parley.db"
    assert not database.exists()
    fill(folder, whole)
    for version, words in (
        ("0002", "an older Parley wrote it"),
        ("9999", "a newer Parley wrote it"),
    ):
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        before = database.read_bytes()
        said = parley(capsys, "trace", ID)
        assert said.code == 1
        assert words in said.err
        assert database.read_bytes() == before


def test_what_is_in_the_write_ahead_log_is_read_and_left_there(folder: Path, capsys) -> None:
    """As beside a running bot: its connection is open and has not checkpointed."""
    fill(folder, whole)
    database, log = folder / "data/parley.db", folder / "data/parley.db-wal"
    with closing(sqlite3.connect(database, isolation_level=None)) as bot:
        bot.execute("UPDATE inbox SET reason = 'in the log', state = 'dead'")
        before = database.read_bytes(), log.read_bytes()
        assert "set aside: in the log" in parley(capsys, "trace", ID).out
        assert (database.read_bytes(), log.read_bytes()) == before
