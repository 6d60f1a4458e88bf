"""Files of people: fetched with the token, told to nobody with it."""

from pathlib import Path

import pytest

from bots.sandbox.faults import Reset, Status
from bots.sandbox.telegram.floods import UNLIMITED
from core.errors import MediaError
from core.model import Media
from tests.telegram.stage import ANN, Rules, staged

CLIP = (Path(__file__).parents[1] / "clips" / "garden.ogg").read_bytes()


async def test_a_voice_note_is_fetched_as_it_was_spoken():
    async with staged() as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        (voice,) = message.media
        assert (voice.kind, voice.mime) == ("voice", "audio/ogg")
        content = await stage.adapter.fetch(voice)
        assert content == stage.telegram.town.file(stage.telegram.town.lines(ANN, ANN)[0].file)


@pytest.mark.parametrize("fault", [Reset(call="file"), Status(call="getFile", status=502)])
async def test_a_broken_download_is_begun_again(fault):
    async with staged() as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        stage.telegram.faults.add(fault)
        assert await stage.adapter.fetch(message.media[0])


async def test_a_link_that_has_run_out_is_asked_for_anew():
    async with staged(rules=Rules(floods=UNLIMITED, link_lives_s=0)) as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        with pytest.raises(MediaError) as caught:
            await stage.adapter.fetch(message.media[0])
        assert len(stage.calls("getFile")) == 3
        assert stage.telegram.token not in str(caught.value)


async def test_a_file_that_telegram_forgot_is_a_media_error():
    async with staged() as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        stage.telegram.files.expire()
        with pytest.raises(MediaError, match="temporarily unavailable"):
            await stage.adapter.fetch(message.media[0])
        assert len(stage.calls("getFile")) == 1


async def test_a_file_too_large_for_bots_is_not_asked_for():
    async with staged() as stage:
        await stage.hear()
        large = Media(kind="file", remote="BQACAgIAAx0C000001-abc", size_bytes=21 * 2**20)
        with pytest.raises(MediaError, match="20 MB"):
            await stage.adapter.fetch(large)
        assert not stage.calls("getFile")


async def test_files_of_a_local_server_are_read_from_its_folder(tmp_path):
    rules = Rules(floods=UNLIMITED, local=tmp_path / "server")
    async with staged(rules=rules, local_files=str(tmp_path / "server")) as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        assert (await stage.adapter.fetch(message.media[0]))[:4] == b"OggS"


@pytest.mark.parametrize("folder", ["", "elsewhere"])
async def test_and_from_nowhere_else(tmp_path, folder):
    (tmp_path / "elsewhere").mkdir()
    rules = Rules(floods=UNLIMITED, local=tmp_path / "server")
    local_files = str(tmp_path / folder) if folder else ""
    async with staged(rules=rules, local_files=local_files) as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        with pytest.raises(MediaError, match="local_files") as caught:
            await stage.adapter.fetch(message.media[0])
        assert str(tmp_path) not in str(caught.value)


async def test_a_link_out_of_the_folder_leads_nowhere(tmp_path):
    server = tmp_path / "server"
    rules = Rules(floods=UNLIMITED, local=server)
    async with staged(rules=rules, local_files=str(server)) as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        (tmp_path / "secret").write_text("not yours")
        path = await stage.adapter._api.file_path(message.media[0].remote)
        lead(Path(path), tmp_path / "secret")
        with pytest.raises(MediaError, match="elsewhere"):
            stage.adapter._download._read(Path(path))


def lead(link: Path, to: Path) -> None:
    link.unlink()
    link.symlink_to(to)
