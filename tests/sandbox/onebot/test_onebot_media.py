"""Pictures, voices and files through the simulated account."""

import base64
from pathlib import Path

import httpx
import pytest

from bots.sandbox.onebot.flavour import FLAVOURS, GO_CQHTTP, LAGRANGE, NAPCAT
from bots.sandbox.onebot.serve import serving
from bots.sandbox.town.town import BOT, Unspoken, Utterance
from core import sound
from tests.sandbox.onebot.raw_bot import pair

CLIPS = Path(__file__).parents[2] / "clips"
PNG = (CLIPS / "picture.png").read_bytes()
OGG = (CLIPS / "river.ogg").read_bytes()


def encoded(content: bytes) -> str:
    return "base64://" + base64.b64encode(content).decode()


async def fetched(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url)


async def segment_of(bot, onebot, kind, content, **fields):
    said = Utterance(place="700001", person="10001", kind=kind, content=content, **fields)
    await onebot.speak(said)
    return (await bot.event())["message"][-1]


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_picture_is_fetched_from_its_address(flavour):
    fields = {"flavour": FLAVOURS[flavour], "message_format": "array"}
    async with pair(**fields) as (bot, onebot), serving(onebot):
        segment = await segment_of(bot, onebot, "image", PNG)
        answer = await fetched(segment["data"]["url"])
        assert answer.content == PNG
        assert answer.headers["content-type"] == "image/png"
        onebot.files.expire()
        assert (await fetched(segment["data"]["url"])).status_code == 400
        again = await bot.data("get_msg", message_id=(await bot.event())["message_id"])
        assert (await fetched(again["message"][0]["data"]["url"])).content == PNG


@pytest.mark.parametrize(
    ("flavour", "codec"), [(NAPCAT, "silk"), (LAGRANGE, "silk"), (GO_CQHTTP, "amr")]
)
async def test_what_a_person_speaks_is_carried_in_qqs_own_codecs(flavour, codec):
    async with pair(flavour=flavour, message_format="array") as (bot, onebot), serving(onebot):
        segment = await segment_of(bot, onebot, "voice", OGG)
        assert segment["type"] == "record"
        content = (await fetched(segment["data"]["url"])).content
        assert sound.sniff(content) == codec
        assert sound.duration_s(content) == pytest.approx(sound.duration_s(OGG), abs=0.3)
        [line] = onebot.town.lines("700001")
        assert onebot.town.file(line.file) == OGG


@pytest.mark.parametrize("wanted", ["mp3", "wav", "amr", "ogg"])
async def test_a_recording_is_given_in_another_format(wanted):
    async with pair() as (bot, onebot):
        segment = await segment_of(bot, onebot, "voice", OGG)
        name = segment["data"]["file"]
        assert name.endswith(".amr")
        got = await bot.data("get_record", file=name, out_format=wanted)
        assert sound.sniff(base64.b64decode(got["base64"])) == wanted
        assert got["file"].endswith(f".amr.{wanted}")


async def test_a_format_that_the_machines_ffmpeg_lacks_fails():
    async with pair() as (bot, onebot):
        segment = await segment_of(bot, onebot, "voice", OGG)
        for wanted, told in (("spx", "ffmpeg"), ("hologram", "out_format")):
            answer = await bot.call("get_record", file=segment["data"]["file"], out_format=wanted)
            assert answer["status"] == "failed"
            assert told in answer["message"]
        assert (await bot.call("get_record", file="gone"))["message"] == "file not found"


@pytest.mark.parametrize(
    ("content", "codec", "status"),
    [
        (sound.to_silk(OGG), "silk", "sent as silk"),
        (sound.to_amr(OGG), "amr", "sent as amr"),
        (OGG, "silk", "sent as silk, made from ogg"),
        (sound.to_wav(OGG), "silk", "sent as silk, made from wav"),
    ],
)
async def test_the_bots_voice_arrives_and_tells_what_it_was(content, codec, status):
    async with pair() as (bot, onebot):
        message = [{"type": "record", "data": {"file": encoded(content)}}]
        await bot.data("send_private_msg", user_id=10001, message=message)
        [line] = onebot.town.lines("10001", BOT)
        assert (line.kind, line.status) == ("voice", status)
        assert sound.sniff(onebot.town.file(line.file) or b"") == codec


async def test_the_bots_picture_arrives_with_its_words():
    async with pair() as (bot, onebot), serving(onebot):
        message = [
            {"type": "text", "data": {"text": "look"}},
            {"type": "image", "data": {"file": encoded(PNG)}},
        ]
        sent = await bot.data("send_group_msg", group_id=700001, message=message)
        [line] = onebot.town.lines("700001", BOT)
        assert (line.kind, line.text) == ("image", "look")
        assert line.raw["group_id"] == 700001
        assert onebot.town.file(line.file) == PNG
        got = await bot.data("get_msg", message_id=sent["message_id"])
        url = got["message"][1]["data"]["url"]
        message = [{"type": "image", "data": {"file": url}}]
        await bot.data("send_private_msg", user_id=10001, message=message)
        assert onebot.town.lines("10001", BOT)[0].file == line.file


async def test_a_file_without_an_address_is_asked_for():
    async with pair() as (bot, onebot), serving(onebot):
        segment = await segment_of(bot, onebot, "file", b"a,b\n1,2\n", name="table.csv")
        assert segment["data"]["file"] == "table.csv"
        assert "url" not in segment["data"]
        file_id = segment["data"]["file_id"]
        got = await bot.data("get_group_file_url", group_id=700001, file_id=file_id)
        assert (await fetched(got["url"])).content == b"a,b\n1,2\n"


async def test_go_cqhttp_tells_of_files_by_a_notice():
    async with pair(flavour=GO_CQHTTP) as (bot, onebot), serving(onebot):
        said = Utterance(
            place="700001", person="10001", kind="file", content=b"abc", name="abc.txt"
        )
        await onebot.speak(said)
        notice = await bot.event("notice")
        assert notice["notice_type"] == "group_upload"
        assert (await fetched(notice["file"]["url"])).content == b"abc"


async def test_the_bot_uploads_a_file():
    async with pair() as (bot, onebot):
        await bot.data("upload_group_file", group_id=700001, file=encoded(b"abc"), name="abc.txt")
        [line] = onebot.town.lines("700001", BOT)
        assert (line.kind, line.name) == ("file", "abc.txt")


@pytest.mark.parametrize(("kind", "told"), [("image", "picture"), ("voice", "recording")])
async def test_what_is_no_picture_and_no_sound_is_not_sent(kind, told):
    async with pair() as (bot, onebot):
        with pytest.raises(Unspoken, match=told):
            await segment_of(bot, onebot, kind, b"hello, this is text")
        assert not onebot.town.lines()
