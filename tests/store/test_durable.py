"""Files that are there as a whole, or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bots.backup.plan import Plan, decide
from bots.init.files import keep_config
from bots.instance import instance_secret
from bots.orders import leave
from core.errors import ParleyError
from storage.durable import write_once, write_whole
from storage.jobs.files import JobFiles


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_written_replaces_what_was_there_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    for content in (b"old", b"new"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert names(tmp_path) == ["plan"]
    assert path.stat().st_mode & 0o77 == 0


def test_a_draft_may_stand_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "drafts").mkdir()
    write_whole(tmp_path / "plan", b"new", within=tmp_path / "drafts")
    assert names(tmp_path) == ["plan"]


def test_what_is_written_once_stays(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for content in (b"first", b"second"):
        write_once(path, content)
    assert (path.read_bytes(), names(tmp_path)) == (b"first", ["key"])


def _key(folder: Path) -> object:
    return instance_secret(folder)


def _order(folder: Path) -> object:
    return leave(folder, "echo", {})


def _plan(folder: Path) -> object:
    (folder / ".restoring").mkdir()
    return decide(folder, Plan(moves=(), drafts=(), aside=()))


def _output(folder: Path) -> object:
    return JobFiles(folder / "jobs").keep_output("1.jsonl", b"{}")


def _config(folder: Path) -> object:
    return keep_config(folder / "config.toml", "")


@pytest.mark.parametrize("write", [_key, _order, _plan, _output, _config])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], object]
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises((OSError, ParleyError), match="No space left"):
        write(tmp_path)
    assert names(tmp_path) == []
