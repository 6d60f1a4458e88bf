"""What people do, as it reaches a bot that others wrote."""

import socket

import httpx
import pytest

from bots.sandbox.town.town import BOT, Unspoken, Utterance
from bots.sandbox.wechat import acts
from bots.sandbox.wechat.faults import OldKey
from core.sound import sniff
from tests.sandbox.wechat.bot import (
    AES_KEY,
    OTHER_KEY,
    Bot,
    Client,
    account,
    call,
    crypto,
    echo,
    meeting,
    nothing,
    served,
)
from tests.sandbox.wechat.people import ANN, BEN, PNG, SPOKEN, says


def does(act, **fields):
    return act(person=ANN, **fields)


def browser() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False)


async def received(*done):
    """wechatpy's view of what somebody did."""
    bot = Bot(nothing)
    async with meeting(bot) as wechat:
        for act in done:
            await wechat.outcome(await wechat.act(act))
    return bot.messages


async def test_the_url_check_passes_with_a_bot_that_others_wrote():
    async with meeting(Bot(echo)) as wechat:
        assert await wechat.check() == ""


async def test_the_url_check_tells_what_is_wrong():
    async with meeting(Bot(echo)) as wechat:
        wechat.postman.url += "-elsewhere"
        assert await wechat.check() == "status 404"
        with socket.create_server(("127.0.0.1", 0)) as closed:
            wechat.postman.url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        assert await wechat.check() == "no connection: ClientConnectorError"


async def test_a_text_goes_there_and_its_answer_comes_back():
    bot = Bot(echo)
    async with meeting(bot) as wechat:
        line = await wechat.speak(says("你好 <b>&amp; 👋"))
        push = await wechat.outcome(line)
    message = bot.messages[0]
    assert message.content == "你好 <b>&amp; 👋"
    assert (message.source, message.target) == (ANN, wechat.account.original)
    assert message.id == int(push.msg_id)
    assert message.time == int(line.at.timestamp())
    answer = wechat.town.lines(ANN, BOT)[0]
    assert answer.text == "re: 你好 <b>&amp; 👋"
    assert answer.status == "passive"
    assert answer.raw == push.tries[0].answer
    assert push.shown == answer.number
    assert len(wechat.answers_s) == 1


async def test_what_ends_a_cdata_section_goes_through_inside_one():
    [message] = await received(acts.Text(person=ANN, text="a[b[0]]>1"))
    assert message.content == "a[b[0]]>1"


@pytest.mark.parametrize("mode", ["compatible", "safe"])
async def test_encrypted_pushes_are_read_and_encrypted_answers_taken(mode):
    bot = Bot(echo, crypto())
    async with meeting(bot, mode=mode, aes_key=AES_KEY) as wechat:
        await wechat.outcome(await wechat.speak(says("秘密")))
    assert bot.messages[0].content == "秘密"
    assert wechat.town.lines(ANN, BOT)[0].text == "re: 秘密"
    assert ("秘密" in bot.bodies[0].decode()) == (mode == "compatible")


async def test_in_compatible_mode_a_bot_that_knows_no_encryption_is_understood():
    async with meeting(Bot(echo), mode="compatible", aes_key=AES_KEY) as wechat:
        await wechat.outcome(await wechat.speak(says("plain")))
        assert wechat.town.lines(ANN, BOT)[0].text == "re: plain"


async def test_a_key_may_change_while_pushes_and_answers_in_the_old_one_are_under_way():
    bot = Bot(echo, crypto())
    async with meeting(bot, mode="safe", aes_key=AES_KEY) as wechat:
        wechat.rotate(OTHER_KEY)
        wechat.faults.add(OldKey())
        await wechat.outcome(await wechat.speak(says("old")))
        bot.crypto = crypto(OTHER_KEY)
        await wechat.outcome(await wechat.speak(says("new")))
    assert [line.text for line in wechat.town.lines(ANN, BOT)] == ["re: old", "re: new"]


async def test_who_has_another_key_cannot_read_a_push():
    bot = Bot(echo, crypto(OTHER_KEY))
    async with meeting(bot, mode="safe", aes_key=AES_KEY) as wechat:
        push = await wechat.outcome(await wechat.speak(says("secret")))
    assert {done.outcome for done in push.tries} == {"status"}
    assert not bot.messages
    assert b"secret" not in push.body


def test_a_mode_without_its_key_is_refused():
    with pytest.raises(ValueError, match="EncodingAESKey of 43"):
        account("", mode="safe", aes_key="short")


async def test_a_picture_comes_with_its_address_and_its_media_id():
    bot = Bot(nothing)
    async with meeting(bot) as wechat, served(wechat), browser() as http:
        line = await wechat.speak(says(kind="image", content=PNG))
        await wechat.outcome(line)
        message = bot.messages[0]
        assert (await http.get(message.image)).content == PNG
        answer = await call(Client(wechat).media.download, message.media_id)
        assert answer.content == PNG
        assert wechat.town.file(line.file) == PNG


async def test_a_picture_and_words_are_two_messages():
    bot = Bot(nothing)
    async with meeting(bot) as wechat:
        await wechat.speak(says("what is this?", kind="image", content=PNG))
        await wechat.settled()
    assert sorted(message.type for message in bot.messages) == ["image", "text"]


@pytest.mark.parametrize("recognition", [True, False])
async def test_sound_of_any_kind_becomes_amr_with_its_words_only_where_switched_on(recognition):
    bot = Bot(nothing)
    async with meeting(bot, recognition=recognition) as wechat, served(wechat):
        line = await wechat.speak(says("the garden", kind="voice", content=SPOKEN))
        await wechat.outcome(line)
        message = bot.messages[0]
        assert message.format == "amr"
        assert message.recognition == ("the garden" if recognition else None)
        answer = await call(Client(wechat).media.download, message.media_id)
        assert sniff(answer.content) == "amr"
        assert answer.headers["content-type"] == "voice/amr"
        assert wechat.town.file(line.file) == answer.content


async def test_a_video_is_found_by_an_address():
    bot = Bot(nothing)
    async with meeting(bot) as wechat, served(wechat), browser() as http:
        await wechat.outcome(await wechat.speak(says(kind="video", content=b"moving")))
        message = bot.messages[0]
        assert message.type == "video"
        told = await call(Client(wechat).media.download, message.media_id)
        assert (await http.get(told["video_url"])).content == b"moving"


async def test_a_file_is_told_of_but_not_handed_over():
    bot = Bot(nothing)
    async with meeting(bot) as wechat:
        await wechat.outcome(await wechat.speak(says(kind="file", content=b"x" * 9, name="a.pdf")))
    told = bot.messages[0]._data
    assert (told["MsgType"], told["Title"], told["FileTotalLen"]) == ("file", "a.pdf", "9")


async def test_a_location_a_link_and_a_short_video_are_read():
    place, link, video = await received(
        does(acts.Location, latitude=23.1, longitude=113.3, label="茶馆"),
        does(acts.Link, title="T", url="https://example.org/?a=1&b=2"),
        does(acts.Video, media_id="m", thumb_media_id="t", short=True),
    )
    assert (place.type, place.label, place.scale) == ("location", "茶馆", "15")
    assert tuple(map(float, place.location)) == (23.1, 113.3)
    assert (link.type, link.title, link.url) == ("link", "T", "https://example.org/?a=1&b=2")
    assert (video.type, video.thumb_media_id) == ("shortvideo", "t")


async def test_events_are_read():
    follow, by_code, scan, click, view, report, leave = await received(
        does(acts.Subscribe),
        does(acts.Subscribe, scene="12"),
        does(acts.Scan, scene="12"),
        does(acts.Click, key="V1_MENU"),
        does(acts.View, url="https://example.org"),
        does(acts.Report, latitude=23.1, longitude=113.3),
        does(acts.Unsubscribe),
    )
    assert follow.event == "subscribe"
    assert (by_code.event, by_code.scene_id) == ("subscribe_scan", "12")
    assert (scan.event, scan.scene_id) == ("scan", "12")
    assert (click.event, click.key, click.id) == ("click", "V1_MENU", 0)
    assert (view.event, view.url) == ("view", "https://example.org")
    assert (report.latitude, report.longitude, report.precision) == (23.1, 113.3, 30.0)
    assert leave.event == "unsubscribe"


async def test_an_answer_to_an_event_that_nobody_waits_for_is_not_shown():
    async def bye(_):
        return "bye"

    async with meeting(Bot(bye)) as wechat:
        push = await wechat.outcome(await wechat.act(does(acts.Unsubscribe)))
        assert push.ended
        assert not wechat.town.lines(ANN, BOT)


async def test_who_follows_no_more_says_nothing_until_coming_back():
    async with meeting(Bot(nothing)) as wechat:
        await wechat.act(does(acts.Unsubscribe))
        with pytest.raises(Unspoken):
            await wechat.speak(says("hello?"))
        await wechat.act(does(acts.Subscribe))
        await wechat.speak(says("hello again"))


@pytest.mark.parametrize(
    "said",
    [
        Utterance(place=BEN, person=ANN, text="in his place"),
        Utterance(place="nowhere", person=ANN, text="nowhere"),
        says("quoting", reply_to=1),
        says(kind="voice", content=b"no sound"),
        says(kind="notice"),
    ],
)
async def test_what_wechat_cannot_carry_is_not_said(said):
    async with meeting(Bot(nothing)) as wechat:
        with pytest.raises(Unspoken):
            await wechat.speak(said)
        assert not wechat.town.lines()
