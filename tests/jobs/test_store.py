"""The jobs' own database: real files, and real processes at the same time."""

import random
import sqlite3
import subprocess
import sys

import pytest
from msgspec.structs import replace

from core.errors import NewerSchema, StoreError, StoreInvalid
from storage.jobs import SqlJobs
from storage.jobs.schema import steps
from tests.jobs.stage import ROOT, job


@pytest.fixture
def jobs(tmp_path):
    opened = SqlJobs.open(tmp_path)
    yield opened
    opened.close()


def test_what_is_noted_is_there_after_a_restart(tmp_path, jobs):
    added = jobs.add(job(total=3, input_until=job().at), after=0)
    noted = jobs.put(replace(added, state="uploaded", told="完成", trouble="a'b"))
    jobs.close()
    again = SqlJobs.open(tmp_path)
    assert again.get(1) == noted
    assert again.all("batch") == [noted]
    assert again.all("fine_tune") == []
    again.close()


def test_the_same_thing_is_added_once(jobs):
    first = jobs.add(job(), after=0)
    assert jobs.add(job(file="another name"), after=0) == first
    second = jobs.add(job(), after=first.number)
    assert (second.number, second.after) == (2, 1)
    assert jobs.latest(job()) == second
    assert jobs.latest(job(relay="spare")) is None


def test_a_job_that_another_process_changed_is_not_written_over(jobs):
    added = jobs.add(job(), after=0)
    jobs.put(replace(added, told="first"))
    with pytest.raises(StoreInvalid, match="job 1: expected it as it was read"):
        jobs.put(replace(added, told="second"))
    assert jobs.get(1).told == "first"


def test_a_number_whose_output_is_there_is_not_given_again(jobs):
    jobs.keep_output("7.errors.jsonl", b"of a database that is gone")
    assert jobs.add(job(), after=0).number == 8


def test_files_are_kept_by_their_content_and_for_this_user_alone(tmp_path, jobs):
    blob = jobs.keep_input(b"asked")
    assert jobs.keep_input(b"asked") == blob
    assert jobs.input(blob) == b"asked"
    jobs.keep_output("1.jsonl", b"answered")
    assert jobs.output("1.jsonl") == b"answered"
    assert jobs.output("2.jsonl") is None
    kept = [tmp_path / "jobs.db", *(tmp_path / "jobs").rglob("*")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    with pytest.raises(StoreError, match="got no such file"):
        jobs.input("0" * 64)


def test_no_write_ahead_log_is_used_and_every_commit_is_on_the_disk(tmp_path, jobs):
    jobs.add(job(), after=0)
    assert {path.name for path in tmp_path.iterdir()} == {"jobs.db"}
    connection = sqlite3.connect(tmp_path / "jobs.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(steps()),)
    connection.close()


def test_a_newer_database_is_refused_with_the_remedy(tmp_path, jobs):
    connection = sqlite3.connect(tmp_path / "jobs.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerSchema, match="a newer Parley wrote it"):
        SqlJobs.open(tmp_path)


def test_somebody_elses_database_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "jobs.db")
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    with pytest.raises(StoreError, match="one with other tables"):
        SqlJobs.open(tmp_path)


def test_a_database_that_another_process_holds_is_told(tmp_path):
    impatient = SqlJobs.open(tmp_path, busy_timeout_s=0.05)
    holder = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="another process holds its lock"):
        impatient.add(job(), after=0)
    holder.close()
    impatient.close()


def test_a_creation_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    broken = (*steps(), "CREATE TABLE jobs (again)")
    monkeypatch.setattr("storage.jobs.schema.steps", lambda: broken)
    with pytest.raises(StoreError):
        SqlJobs.open(tmp_path)
    monkeypatch.undo()
    jobs = SqlJobs.open(tmp_path)
    assert jobs.all("batch") == []
    jobs.close()


def test_an_older_database_is_upgraded_and_keeps_its_rows(tmp_path, jobs, monkeypatch):
    added = jobs.add(job(), after=0)
    further = (*steps(), "CREATE TABLE further (x)")
    monkeypatch.setattr("storage.jobs.schema.steps", lambda: further)
    again = SqlJobs.open(tmp_path)
    assert again.get(1) == added
    again.close()
    connection = sqlite3.connect(tmp_path / "jobs.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (len(further),)
    connection.close()


WORKER = """
import sys
from pathlib import Path
from msgspec.structs import replace
from core.errors import StoreInvalid
from storage.jobs import SqlJobs
from tests.jobs.stage import job
jobs = SqlJobs.open(Path(sys.argv[1]))
added = jobs.add(job(), after=0)
for _ in range(int(sys.argv[2])):
    while True:
        now = jobs.get(added.number)
        try:
            jobs.put(replace(now, total=now.total + 1))
            break
        except StoreInvalid:
            continue
    print("done", flush=True)
"""


def worker(folder, times):
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(times)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_at_once_make_one_database_one_job_and_lose_no_change(tmp_path):
    workers = [worker(tmp_path, 15) for _ in range(3)]
    assert [one.communicate(timeout=60)[0].count("done") for one in workers] == [15] * 3
    jobs = SqlJobs.open(tmp_path)
    (only,) = jobs.all("batch")
    assert (only.number, only.total) == (1, 45)
    jobs.close()


@pytest.mark.parametrize("seed", range(3))
def test_what_was_noted_survives_kill_9(tmp_path, seed):
    process = worker(tmp_path, 1_000_000)
    told = random.Random(seed).randrange(1, 60)
    for _ in range(told):
        assert process.stdout.readline() == "done\n"
    process.kill()
    told += process.communicate()[0].count("done\n")
    jobs = SqlJobs.open(tmp_path)
    assert jobs.get(1).total in (told, told + 1)
    jobs.close()
    connection = sqlite3.connect(tmp_path / "jobs.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
