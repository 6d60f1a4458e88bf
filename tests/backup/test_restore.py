"""`parley restore`: all of a backup or nothing, and held."""

import io
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bots.backup.archive import DATABASE, MANIFEST, Manifest, Member, Reading
from bots.backup.backup import write
from bots.backup.plan import complete, decide
from bots.backup.restore import put
from bots.cli import main
from bots.instance import sole_use
from core.errors import ConfigError, NewerSchema, StoreError
from storage.sqlite.holding import held, left_over
from tests.backup.stage import PICTURE, Installation, content, installation, one, rows
from tests.jobs.stage import ROOT
from tests.store.talk import NOW


@pytest.fixture
async def file(old: Installation, tmp_path: Path) -> Path:
    write(old.places, tmp_path / "b.tar", NOW)
    return tmp_path / "b.tar"


async def test_what_was_kept_is_there_again(old, new, file):
    put(new.places, file, NOW, replace=False)
    assert rows(new.database) == rows(old.database)
    assert rows(new.data / "jobs.db") == rows(old.data / "jobs.db")
    assert content(new.data) == content(old.data)
    assert PICTURE in content(new.data).values()
    assert not list(new.data.glob(".*"))


async def test_it_is_held_from_the_beginning_and_says_what_is_left_over(new, file, capsys):
    assert main(["restore", str(file), "--config", str(new.path)]) == 0
    hold = held(new.database)
    assert hold is not None
    assert hold.made_at == NOW
    left = left_over(new.database)
    assert (left.unanswered, left.unsent, left.later) == (1, 1, 1)
    told = capsys.readouterr().out
    assert "3 messages, 1 file, as it was on" in told
    assert "1 unanswered message, 1 unsent part of an answer, 1 part that waits" in told
    assert "until you decide with parley release" in told


async def test_a_database_that_is_there_is_not_replaced_unasked(old, file, capsys):
    before = content(old.data) | {"": old.database.read_bytes()}
    assert main(["restore", str(file), "--config", str(old.path)]) == 1
    assert "give --replace" in capsys.readouterr().err
    assert content(old.data) | {"": old.database.read_bytes()} == before


async def test_replacing_moves_all_of_the_old_aside(old, file):
    before, was = content(old.data), rows(old.database)
    _, plan = put(old.places, file, NOW, replace=True)
    (aside,) = plan.aside
    assert content(Path(aside)) == before
    assert rows(Path(aside) / "parley.db") == was
    assert held(old.database) is not None


async def test_two_restores_in_one_second_move_two_things_aside(old, file):
    """A folder of the first one's name would pass for what the second has moved."""
    put(old.places, file, NOW, replace=True)
    (old.data / "instance.key").write_text("in between")
    _, plan = put(old.places, file, NOW, replace=True)
    assert (old.data / "instance.key").read_text() != "in between"
    assert (Path(plan.aside[0]) / "instance.key").read_text() == "in between"


async def test_stopped_by_hand_once_it_was_decided_it_is_finished_later(
    new, old, file, monkeypatch
):
    def interrupted(*decision: object) -> None:
        decide(*decision)
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr("bots.backup.restore.decide", interrupted)
        with pytest.raises(KeyboardInterrupt):
            put(new.places, file, NOW, replace=False)
    assert complete(new.data)
    assert rows(new.database) == rows(old.database)
    assert held(new.database) is not None


async def test_files_that_stood_there_without_a_database_are_moved_aside_too(new, file):
    new.data.mkdir()
    (new.data / "instance.key").write_text("of its own")
    _, plan = put(new.places, file, NOW, replace=False)
    assert (Path(plan.aside[0]) / "instance.key").read_text() == "of its own"


async def test_beside_a_running_bot_it_is_refused(new, file, capsys):
    with sole_use(new.data):
        assert main(["restore", str(file), "--config", str(new.path)]) == 1
    assert "another Parley works with it" in capsys.readouterr().err
    assert not new.database.exists()


async def test_a_database_and_media_elsewhere_come_to_their_places(old, file, tmp_path):
    storage = f'url = "sqlite:///{tmp_path}/there/bot.db"\nmedia = "{tmp_path}/files"'
    at = installation(tmp_path, "apart", storage)
    put(at.places, file, NOW, replace=False)
    assert rows(tmp_path / "there/bot.db") == rows(old.database)
    assert PICTURE in content(tmp_path / "files").values()
    before = content(tmp_path / "files")
    _, plan = put(at.places, file, NOW, replace=True)
    assert content(tmp_path / "files" / Path(plan.aside[-1]).name / "media") == before
    assert len(plan.aside) == 3


# -- files that are none ---------------------------------------------------------------


def again(file: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]) -> Path:
    """The same tar with other members."""
    with tarfile.open(file) as tar:
        found = [(info, tar.extractfile(info).read()) for info in tar]
    change(found)
    changed = file.with_name("changed.tar")
    with tarfile.open(changed, "w") as tar:
        for info, bytes_of in found:
            info.size = len(bytes_of) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(bytes_of))
    return changed


def named(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd"
    return info


def refused(at: Installation, file: Path, words: str, error: type = StoreError) -> None:
    with pytest.raises(error, match=words):
        put(at.places, file, NOW, replace=False)
    assert not at.database.exists()
    assert [path.name for path in at.data.rglob("*")] == []


@pytest.mark.parametrize(
    "info",
    [
        named("../outside"),
        named("/etc/cron.d/outside"),
        named("jobs/../../outside"),
        named("jobs/.."),
        named("relays/a/b"),
        named("media/ab/cd"),
        named("config.toml"),
        named("instance.key", tarfile.SYMTYPE),
        named("jobs", tarfile.DIRTYPE),
        named("instance.key", tarfile.FIFOTYPE),
    ],
    ids=lambda info: f"{info.name}-{info.type.decode()}",
)
async def test_a_name_or_kind_that_parley_does_not_write_is_refused(new, file, info):
    refused(new, again(file, lambda found: found.insert(1, (info, b"x"))), "the names that Parley")


async def test_every_changed_byte_of_a_member_is_found(new, file):
    for number in range(6):

        def change(found, number=number):
            info, bytes_of = found[number]
            found[number] = (info, bytes_of[:-1] + bytes([bytes_of[-1] ^ 1]))

        refused(new, again(file, change), "other content, more or less")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found.pop(2), "other content, more or less"),
        (lambda found: found.pop(), "got none: it was cut short"),
        (lambda found: found.append(found[0]), "each name once"),
        (lambda found: found.insert(1, found[0]), "each name once"),
        (lambda found: found.__setitem__(-1, (found[-1][0], b"{}")), "cannot be read"),
    ],
)
async def test_a_member_too_few_or_too_many_is_found(new, file, change, words):
    refused(new, again(file, change), words)


async def test_a_file_that_was_cut_short_anywhere_is_refused(new, file):
    whole = file.read_bytes()
    for length in (0, 100, 512, len(whole) // 2, len(whole) - 12_000):
        file.write_bytes(whole[:length])
        refused(new, file, "backup ")


async def test_a_file_that_is_not_there_changes_nothing(new, tmp_path):
    refused(new, tmp_path / "none.tar", "No such file")


def with_database(file: Path, change: Callable[[Path], object]) -> Path:
    """A backup that is right in itself, of a database that is not."""

    def replace(found: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        path = file.with_name("inside.db")
        path.write_bytes(found[0][1])
        change(path)
        found[0] = (found[0][0], path.read_bytes())
        manifest = msgspec.json.decode(found[-1][1], type=Manifest)
        reading = Reading(path.open("rb"))
        size = len(reading.read())
        reading._source.close()
        member = Member(name=DATABASE, size_bytes=size, sha256=reading.sha256)
        told = msgspec.structs.replace(manifest, members=(member, *manifest.members[1:]))
        found[-1] = (found[-1][0], msgspec.json.encode(told))

    return again(file, replace)


def sql(statement: str) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(statement)

    return change


def damage(path: Path) -> None:
    """A page of an index that says nothing true any more."""
    (page,) = one(path, "SELECT rootpage FROM sqlite_master WHERE name = 'ix_inbox_person'")[0]
    pages = bytearray(path.read_bytes())
    size = int.from_bytes(pages[16:18], "big")
    pages[int(page) * size - 64 : int(page) * size] = b"\x00" * 64
    path.write_bytes(pages)


async def test_a_newer_schema_is_refused(new, file):
    newer = with_database(file, sql("UPDATE alembic_version SET version_num = '9999'"))
    refused(new, newer, "got 9999: a newer Parley", NewerSchema)


async def test_a_damaged_database_is_refused(new, file):
    refused(new, with_database(file, damage), "expected one that is whole")


async def test_another_programs_database_is_refused(new, file):
    refused(new, with_database(file, sql("DROP TABLE alembic_version")), "a database of Parley")


async def test_another_format_names_the_version_that_wrote_it(new, file):
    def change(found):
        manifest = msgspec.json.decode(found[-1][1], type=Manifest)
        other = msgspec.structs.replace(manifest, format=2, parley="9.9")
        found[-1] = (found[-1][0], msgspec.json.encode(other))

    refused(new, again(file, change), "got 2: Parley 9.9 wrote it")


async def test_the_manifest_names_every_member(file):
    with tarfile.open(file) as tar:
        names = tar.getnames()
        manifest = msgspec.json.decode(tar.extractfile(MANIFEST).read(), type=Manifest)
    assert [member.name for member in manifest.members] == names[:-1]


async def test_a_restore_that_was_cut_short_is_finished_and_told(new, file, monkeypatch):
    monkeypatch.setattr("bots.backup.restore.complete", lambda _: False)
    put(new.places, file, NOW, replace=False)
    assert not new.database.exists()
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="was finished now"):
        put(new.places, file, NOW, replace=False)
    assert held(new.database) is not None


def killed(at: Installation, file: Path) -> list[str]:
    command = (sys.executable, "-m", "tests.backup.killed", str(at.path), str(file), str(at.data))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


async def test_a_restore_that_is_killed_at_any_step_is_all_or_nothing(old, file):
    *kills, end = killed(old, file)
    assert end.startswith("ended 0 after")
    assert len(kills) > 40
    assert {line.split()[1] for line in kills} == {"whole"}
    assert list(dict.fromkeys(kills)) == ["old whole", "new whole decided"]
