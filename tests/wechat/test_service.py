"""Verified accounts: what takes long comes by customer service; files go both ways."""

import asyncio
import logging
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from adapters.wechat.api import Api, Unreached
from adapters.wechat.format import Words
from adapters.wechat.introduction import Forgetful
from adapters.wechat.push import Remote
from adapters.wechat.service import Service
from adapters.wechat.settings import MenuItem
from bots.sandbox.png import encode_png
from bots.sandbox.town.town import BOT, Utterance
from bots.sandbox.wechat.faults import FailCall, OldKey
from core.errors import MediaError
from core.model import Address, Media
from core.ports.sending import Later, Refused, Sent
from core.response import Image, Images, Speech
from core.secret import Secret
from core.sound import sniff
from tests.core.relays import SERVED
from tests.wechat.stage import (
    AES_KEY,
    ANN,
    APP_SECRET,
    CALLING,
    OTHER_KEY,
    SAFE,
    TOKEN,
    VERIFIED,
    staged,
)

SPOKEN = (Path(__file__).parents[1] / "clips" / "garden.ogg").read_bytes()
PNG = encode_png(2, 2, [b"\x00\x10\x20" * 2] * 2)
LONG = "A sentence of some length stands here. " * 40 * 9


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path, VERIFIED, account={"verified": True}) as stage:
        yield stage


def ways(stage):
    return [line.status for line in stage.wechat.town.lines(ANN, BOT)]


async def test_a_quick_answer_is_passive_and_costs_no_call(stage):
    assert await stage.ask("hello") == "re: hello"
    assert ways(stage) == ["passive"]


async def test_a_slow_answer_comes_by_itself(stage):
    held = stage.relays.hold("slow")
    push = await stage.push("slow")
    assert [done.outcome for done in push.tries] == ["success"]
    held.release()
    await stage.hears("re: slow")
    assert ways(stage) != ["passive"]


async def test_more_parts_than_may_be_sent_wait_for_more(stage):
    stage.relays.script["long"] = (LONG,)
    await stage.ask("long")
    await stage.house.settled()
    told = stage.told()
    assert len(told) == 6  # one passive, five by customer service
    assert "continue" in told[-1]
    assert not any("continue" in text for text in told[1:-1])
    assert "continue" in await stage.ask("continue")


async def test_a_closed_window_keeps_the_answer(stage):
    stage.wechat.faults.add(FailCall(errcode=45015, call="message/custom/send"))
    held = stage.relays.hold("slow")
    await stage.push("slow")
    held.release()
    await stage.house.settled()
    assert stage.told() == []
    assert (await stage.ask("next")).startswith("re: next")
    assert "earlier answer" in stage.told()[-1]
    assert await stage.ask("continue") == "re: slow"


async def test_what_wechat_refused_is_not_counted_as_sent(stage):
    service = Service(api=stage.adapter._api, monotonic=stage.clock.monotonic)
    stage.wechat.faults.add(FailCall(errcode=-1, call="message/custom/send", count=6))
    await stage.ask("hello")
    tries = [await service.send(ANN, Words(text="one more")) for _ in range(12)]
    assert [type(result) for result in tries] == [Refused] * 6 + [Sent] * 5 + [Later]


async def test_without_a_token_nothing_was_sent(stage):
    """However its call ended: what it was for cannot have arrived."""

    async def hang_up(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        settings = structs.replace(VERIFIED, api_base=f"http://127.0.0.1:{port}")
        api = Api(settings, Forgetful(), stage.clock)
        with pytest.raises(Unreached):
            await api.call("message/custom/send", {})
        await api.close()


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_stale_token_is_renewed_once(stage, errcode):
    stage.wechat.faults.add(FailCall(errcode=errcode, call="message/custom/send"))
    held = stage.relays.hold("slow")
    await stage.push("slow")
    held.release()
    await stage.hears("re: slow")


async def test_an_expired_token_is_renewed(stage):
    for name in ("one", "two"):
        held = stage.relays.hold(name)
        await stage.push(name)
        stage.wechat.tokens.expire()
        held.release()
        await stage.hears(f"re: {name}")


async def test_an_account_that_may_not_send_keeps_the_answer_and_says_why(tmp_path, caplog):
    async with staged(tmp_path, VERIFIED, account={"verified": False}) as stage:
        held = stage.relays.hold("slow")
        await stage.push("slow")
        held.release()
        await stage.house.settled()
        assert "48001" in caplog.text
        assert await stage.ask("continue") == "re: slow"


async def test_the_token_is_kept_over_restarts(stage):
    async def slow(name):
        held = stage.relays.hold(name)
        await stage.push(name)
        held.release()
        await stage.hears(f"re: {name}")

    await slow("one")
    kept = await stage.house.store.memo("w").recall("access_token")
    await stage.restart()
    await slow("two")
    assert kept
    assert await stage.house.store.memo("w").recall("access_token") == kept


async def test_a_menu_is_set_once_and_again_when_it_changed(stage):
    item = MenuItem(name="帮助", send="/帮助")
    stage.settings = structs.replace(stage.settings, menu=(item,))
    await stage.restart()
    await stage.until(lambda: stage.wechat.menu is not None)
    (button,) = stage.wechat.menu.button
    assert (button.type, button.name, button.key) == ("click", "帮助", "/帮助")
    memo = stage.house.store.memo("w")
    async with asyncio.timeout(5):
        while not await memo.recall("menu"):  # noqa: ASYNC110 - till then it would be set again
            await asyncio.sleep(0.005)
    stage.wechat.menu = None
    await stage.restart()
    assert await stage.ask("hello") == "re: hello"
    assert stage.wechat.menu is None


async def test_typing_is_shown_and_its_refusal_does_no_harm(stage):
    await stage.ask("hello")
    to = Address(platform="wechat", bot="w", chat=ANN, sender=ANN)
    await stage.adapter.typing(to)
    await stage.adapter.typing(to)  # WeChat refuses the second: 45081
    assert await stage.ask("still there?") == "re: still there?"


# -- files -------------------------------------------------------------------


async def test_a_picture_is_seen(stage):
    line = await stage.wechat.speak(
        Utterance(place=ANN, person=ANN, kind="image", content=PNG, name="a.png")
    )
    await stage.wechat.outcome(line)
    assert stage.relays.asked[-1].messages[-1].pictures[0].content == PNG


async def test_a_picture_is_seen_without_a_secret_by_its_own_address(tmp_path):
    async with staged(tmp_path) as stage:
        line = await stage.wechat.speak(
            Utterance(place=ANN, person=ANN, kind="image", content=PNG, name="a.png")
        )
        await stage.wechat.outcome(line)
        assert stage.relays.asked[-1].messages[-1].pictures[0].content == PNG


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://qpic.cn.example.org/0",
        "http://mmbiz.qpic.cn@169.254.169.254/0",
        "http://mmbiz.qpic.cn:99999/0",
        "http://mmbiz.qpic.cn/\0",
        f"http://{'a' * 64}.qpic.cn/0",
        "http://[",
        "file:///etc/passwd",
        "",
    ],
)
async def test_no_address_but_wechats_own_is_fetched(stage, url):
    remote = msgspec.json.encode(Remote(url=url)).decode()
    with pytest.raises(MediaError, match="only its name"):
        await stage.adapter.fetch(Media(kind="image", remote=remote))


async def test_voice_is_fetched_and_transcribed_where_wechat_heard_nothing(stage):
    stage.relays.heard = "what grows in the garden"
    line = await stage.wechat.speak(
        Utterance(place=ANN, person=ANN, kind="voice", content=SPOKEN, name="a.ogg")
    )
    push = await stage.wechat.outcome(line)
    await stage.hears("re: what grows in the garden")
    assert stage.relays.listened == 1
    assert push.ended


async def test_a_picture_goes_out_passively(tmp_path):
    async with staged(tmp_path, CALLING) as stage:
        stage.relays.images = _images(PNG)
        push = await stage.push("/image a fox")
        (line,) = stage.wechat.town.lines(ANN, BOT)
        assert [done.outcome for done in push.tries] == ["reply"]
        assert line.kind == "image"
        assert stage.wechat.town.file(line.file) == PNG


async def test_speech_goes_out_as_mp3(tmp_path):
    async with staged(tmp_path, CALLING) as stage:
        stage.relays.speech = _speech(SPOKEN)
        await stage.push("/say hello")
        (line,) = stage.wechat.town.lines(ANN, BOT)
        assert line.kind == "voice"
        assert sniff(stage.wechat.town.file(line.file)) == "mp3"


async def test_without_a_secret_files_are_named(tmp_path):
    async with staged(tmp_path) as stage:
        stage.relays.images = _images(PNG)
        assert (await stage.ask("/image a fox")).startswith("🖼")


def _images(content):
    async def images(request, errand):
        return Images(images=(Image(content=content, mime="image/png"),)), SERVED

    return images


def _speech(content):
    async def speech(request, errand):
        return Speech(content=content, mime="audio/ogg"), SERVED

    return speech


# -- modes -------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["compatible", "safe"])
async def test_encrypted_pushes_are_answered_in_kind(tmp_path, mode):
    settings = structs.replace(SAFE, mode=mode)
    async with staged(tmp_path, settings, account={"mode": mode, "aes_key": AES_KEY}) as stage:
        push = await stage.push("hello ]]> \N{GRINNING FACE}")
        assert stage.shown(push) == "re: hello ]]> \N{GRINNING FACE}"
        again = await stage.wechat.redeliver(push, times=2)
        assert {done.answer for done in again} == push.answers


async def test_a_push_under_the_old_key_is_read_and_answered_with_it(tmp_path):
    settings = structs.replace(SAFE, aes_key=Secret(OTHER_KEY), previous_aes_key=Secret(AES_KEY))
    async with staged(tmp_path, settings, account={"mode": "safe", "aes_key": AES_KEY}) as stage:
        stage.wechat.rotate(OTHER_KEY)
        stage.wechat.faults.add(OldKey())
        assert await stage.ask("under the old") == "re: under the old"
        assert await stage.ask("under the new") == "re: under the new"


# -- secrets -----------------------------------------------------------------


async def test_no_secret_is_ever_logged(stage, caplog):
    caplog.set_level(logging.DEBUG)
    for errcode in (45015, 48001, 40001, 40164, 45009):
        stage.wechat.faults.add(FailCall(errcode=errcode, call="message/custom/send", count=2))
        held = stage.relays.hold(f"slow {errcode}")
        await stage.push(f"slow {errcode}")
        held.release()
        await stage.house.settled()
    stage.wechat.faults.clear()
    token = await stage.house.store.memo("w").recall("access_token")
    assert "access_token" in token
    # The simulated WeChat runs in this process, and its listener notes what it was asked.
    ours = [record for record in caplog.records if record.name != "uvicorn.access"]
    told = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
    told += repr(stage.settings)
    assert "errcode" in told
    for secret in (APP_SECRET, TOKEN, token.split('"')[3]):
        assert secret not in told
