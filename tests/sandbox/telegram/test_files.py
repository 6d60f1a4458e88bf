"""Files: ids, links, and how long they last."""

from pathlib import Path

import httpx
import pytest
from aiogram.exceptions import TelegramBadRequest

from bots.sandbox.telegram.files import DOWNLOAD_LIMIT_BYTES
from tests.sandbox.telegram.conftest import ANN, staged
from tests.sandbox.telegram.peers import aiogram_bot


async def sent_file(stage, aio, content=b"content"):
    await stage.say("", kind="file", content=content, name="a.txt")
    (update,) = await aio.get_updates(offset=-1)
    return update.message.document.file_id


def size_of(path):
    return Path(path).stat().st_size


async def status_of(stage, path):
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{stage.origin}/file/bot{stage.telegram.token}/{path}")
    return answer.status_code


async def test_a_link_lasts_an_hour_and_can_be_had_anew(stage, aio):
    file = await aio.get_file(await sent_file(stage, aio))
    assert file.file_path.startswith("documents/")
    assert (await aio.download_file(file.file_path)).read() == b"content"
    stage.clock.turn(3601)
    assert await status_of(stage, file.file_path) == 404
    await aio.get_file(file.file_id)
    assert await status_of(stage, file.file_path) == 200


async def test_links_need_the_token(stage, aio):
    file = await aio.get_file(await sent_file(stage, aio))
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{stage.origin}/file/bot7000000001:wrong/{file.file_path}")
    assert answer.status_code == 401


async def test_an_id_expires_in_the_end(stage, aio):
    file_id = await sent_file(stage, aio)
    stage.telegram.files.expire()
    with pytest.raises(TelegramBadRequest, match="temporarily unavailable"):
        await aio.get_file(file_id)
    with pytest.raises(TelegramBadRequest, match="temporarily unavailable"):
        await aio.send_document(ANN, file_id)
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await aio.get_file("AAAA")


async def test_more_than_twenty_megabytes_cannot_be_fetched(stage, aio):
    at_limit = await sent_file(stage, aio, bytes(DOWNLOAD_LIMIT_BYTES))
    assert (await aio.get_file(at_limit)).file_path
    beyond = await sent_file(stage, aio, bytes(DOWNLOAD_LIMIT_BYTES + 1))
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await aio.get_file(beyond)


async def test_a_local_server_gives_paths_and_knows_no_limit(tmp_path):
    async with staged(local=tmp_path) as stage:
        async with aiogram_bot(stage.origin, stage.telegram.token) as aio:
            file_id = await sent_file(stage, aio, b"x" * (DOWNLOAD_LIMIT_BYTES + 1))
            file = await aio.get_file(file_id)
        assert file.file_path.startswith(str(tmp_path))
        assert size_of(file.file_path) == DOWNLOAD_LIMIT_BYTES + 1


async def test_a_file_id_is_good_for_its_own_kind(stage, aio):
    with pytest.raises(TelegramBadRequest, match="can't use file of type Document as Photo"):
        await aio.send_photo(ANN, await sent_file(stage, aio))
