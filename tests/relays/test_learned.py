"""What is kept of what a relay was seen to do."""

import asyncio
import logging
import os
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.relay.learned import Learned
from core.relay.profile import load_dialect
from tests.relays.stage import FakeClock

DAY_S = 86_400.0
HOME = "https://burn.hair"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relays" / "main.toml"


def stamp(path: Path) -> tuple[int, int]:
    """It changes whenever the file is written."""
    found = path.stat()
    return found.st_mtime_ns, found.st_ino


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


async def test_what_was_seen_lies_upon_the_profile(path: Path, clock: FakeClock) -> None:
    learned = Learned(path, clock)
    await learned.note_capability("translation", "no")
    await learned.note_capability("stream", "yes")
    await learned.note_path("edit", "/v1/edits/v1/edits")
    await learned.note_refused_audio("ogg")
    burnhair = load_dialect("burnhair", over=Learned(path, clock).over())
    assert burnhair.capabilities.translation == "no"
    assert burnhair.capabilities.stream == "yes"
    assert burnhair.capabilities.fine_tune_create == "unknown"
    assert burnhair.path("edit") == "/v1/edits/v1/edits"
    assert burnhair.audio_refused == ("ogg",)
    assert burnhair.seen["translation"] == clock.now()
    assert burnhair.checked == load_dialect("burnhair").checked


async def test_the_file_is_a_partial_profile_that_says_when(path: Path, clock: FakeClock) -> None:
    await Learned(path, clock, HOME).note_capability("translation", "no")
    told = read(path)
    assert told["capabilities"] == {"translation": "no"}
    assert told["checked"] == clock.now().date()
    assert told["source"] == HOME
    assert load_dialect("burnhair", over=told).capabilities.translation == "no"


async def test_nothing_is_written_where_nothing_is_new(path: Path, clock: FakeClock) -> None:
    learned = Learned(path, clock)
    await learned.note_capability("translation", "no")
    await learned.note_refused_audio("ogg")
    before = stamp(path)
    clock.pass_(60)
    await learned.note_capability("translation", "no")
    await learned.note_refused_audio("ogg")
    assert stamp(path) == before


async def test_each_thing_is_believed_for_seven_days(path: Path, clock: FakeClock) -> None:
    learned = Learned(path, clock)
    await learned.note_capability("translation", "no")
    await learned.note_refused_audio("ogg")
    clock.pass_(4 * DAY_S)
    await learned.note_capability("edit", "yes")
    clock.pass_(2 * DAY_S)
    assert learned.over()["capabilities"] == {"translation": "no", "edit": "yes"}
    clock.pass_(2 * DAY_S)
    assert learned.over()["capabilities"] == {"edit": "yes"}
    assert learned.over()["audio_refused"] == []
    await learned.note_capability("translation", "no")
    assert learned.over()["capabilities"] == {"translation": "no", "edit": "yes"}


async def test_what_another_process_wrote_is_kept(path: Path, clock: FakeClock) -> None:
    mine, other = Learned(path, clock), Learned(path, clock)
    assert mine.over()["capabilities"] == {}
    await other.note_capability("speech", "no")
    await mine.note_capability("edit", "yes")
    assert other.over()["capabilities"] == {"speech": "no", "edit": "yes"}


def test_many_that_write_at_once_lose_nothing(path: Path, clock: FakeClock) -> None:
    endings = [f"e{number}" for number in range(24)]

    def note(ending: str) -> None:
        asyncio.run(Learned(path, clock).note_refused_audio(ending))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(note, endings))
    assert sorted(Learned(path, clock).over()["audio_refused"]) == sorted(endings)
    assert not [left for left in path.parent.iterdir() if "." + str(os.getpid()) in left.name]


def test_lines_that_a_trial_wrote_are_as_old_as_the_file(path: Path, clock: FakeClock) -> None:
    path.parent.mkdir()
    path.write_text('[capabilities]\nspeech = "no"\n')
    written = clock.now() - timedelta(days=6)
    os.utime(path, (written.timestamp(), written.timestamp()))
    assert Learned(path, clock).over()["capabilities"] == {"speech": "no"}
    assert Learned(path, clock).over()["seen"] == {"speech": written}
    clock.pass_(2 * DAY_S)
    assert Learned(path, clock).over()["capabilities"] == {}


async def test_what_was_seen_at_another_address_is_not_believed(
    path: Path, clock: FakeClock
) -> None:
    await Learned(path, clock, HOME).note_capability("speech", "no")
    elsewhere = Learned(path, clock, "https://relay.test")
    assert elsewhere.over()["capabilities"] == {}
    await elsewhere.note_capability("edit", "yes")
    assert elsewhere.over()["capabilities"] == {"edit": "yes"}
    assert Learned(path, clock, HOME).over()["capabilities"] == {}


@pytest.mark.parametrize(
    "text",
    [
        "no toml",
        '[capabilities]\nspeech = "perhaps"\nsinging = "no"\n',
        'capabilities = 3\npaths = []\naudio_refused = "ogg"\nseen = 1\n',
        "[paths]\nspeech = 1\n\n[seen]\nspeech = 2026-11-20\n",
        "\xff",
    ],
)
def test_a_file_of_another_form_teaches_nothing(path: Path, clock: FakeClock, text: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    over = Learned(path, clock).over()
    assert load_dialect("openai", over=over) == load_dialect("openai")


async def test_a_folder_that_cannot_be_written_is_warned_of_and_done_without(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    learned = Learned(tmp_path / "file" / "main.toml", clock)
    with caplog.at_level(logging.WARNING, "core.relay.learned"):
        await learned.note_capability("speech", "no")
    assert "done without" in caplog.text
    assert learned.over()["capabilities"] == {}


@given(ending=st.text(max_size=10).filter(lambda text: text.isprintable() or text == "\x7f"))
def test_any_text_is_read_back(tmp_path_factory: pytest.TempPathFactory, ending: str) -> None:
    place = tmp_path_factory.mktemp("learned") / "main.toml"
    asyncio.run(Learned(place, FakeClock()).note_path("edit", f"/{ending}"))
    over = Learned(place, FakeClock()).over()
    assert over["paths"] == {"edit": f"/{ending}"}
    assert isinstance(over["seen"]["path.edit"], datetime)
