import asyncio
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import MediaError, MediaNotKept
from storage.media import FileMedia


@pytest.fixture
def media(tmp_path):
    return FileMedia(tmp_path / "media")


def files(media):
    return sorted(p for p in media._folder.rglob("*") if p.is_file())


async def test_content_is_found_by_its_hash(media):
    blob = await media.put(b"hello")
    assert blob == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert await media.get(blob) == b"hello"


async def test_the_same_content_is_one_file(media):
    blobs = await asyncio.gather(*(media.put(b"x" * 100_000) for _ in range(8)))
    assert len(set(blobs)) == 1
    assert len(files(media)) == 1


async def test_nothing_at_all_can_be_kept(media):
    assert await media.get(await media.put(b"")) == b""


async def test_files_are_their_owners_alone(media):
    await media.put(b"private")
    [file] = files(media)
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


async def test_a_file_that_is_gone_is_a_media_error(media):
    with pytest.raises(MediaError, match="none"):
        await media.get("0" * 64)


@given(name=st.text() | st.sampled_from(["../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"]))
def test_no_other_name_reaches_the_disk(name, tmp_path_factory):
    media = FileMedia(tmp_path_factory.getbasetemp())
    with pytest.raises(MediaError, match="SHA-256"):
        asyncio.run(media.get(name))


async def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "media").write_text("a file where a folder should be")
    with pytest.raises(MediaError, match="cannot write"):
        await FileMedia(tmp_path / "media").put(b"x")


async def test_a_sweep_spares_what_is_needed_and_what_is_young(media):
    needed, idle, young = [await media.put(name) for name in (b"needed", b"idle", b"young")]
    for blob in (needed, idle):
        os.utime(media._path(blob), (0, 0))
    half_written = media._path(idle).with_name(".new-left-by-a-crash")
    half_written.write_bytes(b"half")
    os.utime(half_written, (0, 0))

    async def referenced(blobs):
        return frozenset({needed} & set(blobs))

    assert await media.sweep(referenced, grace_s=60, now_s=time.time()) == 1
    assert {path.name for path in files(media)} == {needed, young}


async def test_a_file_put_again_during_a_sweep_is_young_again(media):
    blob = await media.put(b"sticker")
    os.utime(media._path(blob), (0, 0))

    async def referenced(_blobs):
        await media.put(b"sticker")
        return frozenset()

    assert await media.sweep(referenced, grace_s=60, now_s=time.time()) == 0
    assert await media.get(blob) == b"sticker"


async def test_a_sweep_of_nothing_is_no_error(media):
    async def referenced(blobs):
        return frozenset(blobs)

    assert await media.sweep(referenced, grace_s=0, now_s=time.time()) == 0


async def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    media = FileMedia(tmp_path / "media")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MediaNotKept, match="No space left"):
        await media.put(b"x")
    assert files(media) == []
