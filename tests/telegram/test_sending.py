"""Parts on their way: each arrives as what it is, once, or it is known why not."""

import asyncio
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from bots.sandbox.faults import Lose, Reset, Status
from core.model import Media
from core.ports.sending import Refused, Sent, Unknown
from core.sound import sniff, to_wav
from prove.world.ports import free_port
from tests.contract.harness import part
from tests.relays.servers import http_proxy
from tests.telegram.stage import ANN, BEN, FORUM, GARDEN, Secret, outgoing, staged, until

CLIPS = Path(__file__).parents[1] / "clips"


async def test_a_text_arrives_with_its_entities_and_no_markup():
    async with staged() as stage:
        message = await stage.hear()
        sent = await stage.send(message, "This is **bold**: <b> [x] _y_ \\(a\\)")
        line = stage.shown()[0]
        assert sent == Sent(str(line.raw["message_id"]))
        assert line.text.startswith("This is bold: <b>")
        assert line.raw["entities"][0]["type"] == "bold"
        assert "parse_mode" not in stage.calls("sendMessage")[0]


async def test_in_a_group_the_first_part_shows_what_it_answers():
    async with staged() as stage:
        message = await stage.hear("hello", GARDEN, BEN, mention=True)
        await stage.send(message, "one", total=2)
        await stage.send(message, "two", index=1, total=2)
        first, second = stage.shown(GARDEN)
        asked = stage.telegram.town.lines(GARDEN, BEN)[0]
        assert (first.reply_to, second.reply_to) == (asked.number, 0)


async def test_alone_with_the_bot_nothing_is_quoted():
    async with staged() as stage:
        await stage.send(await stage.hear(), "one")
        assert stage.shown()[0].reply_to == 0


async def test_a_question_that_is_gone_is_answered_all_the_same():
    async with staged() as stage:
        message = await stage.hear("hello", GARDEN, BEN, mention=True)
        assert isinstance(await stage.send(message, "late", answers="7/99999"), Sent)


async def test_an_answer_stays_in_its_topic():
    async with staged() as stage:
        message = await stage.hear("hello", f"{FORUM}/2", BEN, mention=True)
        assert message.address.thread == "2"
        await stage.send(message, "one")
        assert [line.text for line in stage.shown(f"{FORUM}/2")] == ["one"]


async def test_a_topic_that_was_deleted_does_not_swallow_the_answer():
    async with staged() as stage:
        message = await stage.hear("hello", f"{FORUM}/2", BEN, mention=True)
        gone = msgspec.structs.replace(message.address, thread="77")
        assert isinstance(await stage.send(message, "one", to=gone, answers=""), Sent)
        assert [line.text for line in stage.shown(FORUM)] == ["one"]


async def test_a_part_that_may_have_arrived_says_so():
    async with staged() as stage:
        message = await stage.hear()
        await stage.send(message, "the answer", repeated=True)
        assert stage.shown()[0].text == "(This may have reached you already.)\n\nthe answer"
        stage.adapter._languages._spoken[ANN] = "zh"
        await stage.send(message, "答案", repeated=True)
        assert stage.shown()[1].text.startswith("（")


# -- what is refused, lost, too much ---------------------------------------------


@pytest.mark.parametrize(
    "fault", [Lose(call="sendMessage"), Reset(call="sendMessage")], ids=("lost", "reset")
)
async def test_of_a_broken_connection_nobody_knows(fault):
    async with staged() as stage:
        message = await stage.hear()
        stage.telegram.faults.add(fault)
        assert isinstance(await stage.send(message, "one"), Unknown)
        assert len(stage.calls("sendMessage")) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_in_trouble_may_have_sent_it(status):
    async with staged() as stage:
        message = await stage.hear()
        stage.telegram.faults.add(Status(call="sendMessage", status=status))
        assert isinstance(await stage.send(message, "one"), Unknown)


async def test_what_never_left_is_sent_again_for_a_while_and_is_no_unknown():
    async with staged(api_base=f"http://127.0.0.1:{free_port()}") as stage:
        sender = stage.adapter
        other = stage.make()
        running = asyncio.create_task(other.run(stage.core.emit))
        message = await stage.hear()
        result = await sender.send(outgoing(message, "one"))
        running.cancel()
        await asyncio.wait([running])
        assert isinstance(result, Refused)
        assert result.retry_after_s == 60
        assert sum(stage.time.slept) > 120


async def test_too_much_is_refused_with_its_wait_and_that_chat_alone_is_silent():
    async with staged() as stage:
        ann, ben = await stage.hear(), await stage.hear("hi", BEN, BEN)
        stage.telegram.faults.add(Status(call="sendMessage", status=429, retry_after_s=40))
        assert await stage.send(ann, "one") == Refused("too many requests: silence for 40 s", 40)
        asked = Refused("Telegram asked for silence in this chat", 40)
        assert await stage.adapter.turn(part(ann, "one")) == asked
        assert await stage.adapter.turn(part(ben, "for you")) is None
        await stage.adapter.typing(ann.address)
        assert not stage.calls("sendChatAction")
        await stage.adapter.typing(ben.address)
        assert len(stage.calls("sendChatAction")) == 1
        stage.time.slept.clear()
        await stage.send(ben, "for you")
        assert not stage.time.slept
        await stage.send(ann, "one")
        assert stage.time.slept == [40]


async def test_its_own_pace_keeps_within_what_telegram_allows():
    limits = {
        "sends_per_second": 30,
        "chat_sends_per_second": 1,
        "group_sends_per_minute": 20,
    }
    async with staged(**limits) as stage:
        message = await stage.hear("hello", GARDEN, BEN, mention=True)
        sent = []
        for n in range(45):
            await stage.send(message, f"{n}")
            sent.append(stage.time.now_s)
        assert all(late - early >= 60 for early, late in zip(sent, sent[20:], strict=False))
        assert all(late - early >= 3 for early, late in zip(sent, sent[3:], strict=False))
        assert all(late >= early for early, late in pairwise(sent))


async def test_who_blocked_the_bot_is_sent_nothing_more():
    async with staged() as stage:
        message = await stage.hear()
        stage.telegram.block(ANN)
        result = await stage.send(message, "one")
        assert isinstance(result, Refused)
        assert result.retry_after_s is None
        assert "blocked" in result.reason


async def test_a_group_that_moved_gets_its_answers_where_it_is_now():
    async with staged() as stage:
        message = await stage.hear("hello", GARDEN, BEN, mention=True)
        await stage.stop()
        moved = -1002000009999
        stage.telegram.migrate(GARDEN, moved)
        assert isinstance(await stage.send(message, "one"), Sent)
        assert isinstance(await stage.send(message, "two", index=1), Sent)
        assert [line.text for line in stage.shown(str(moved))] == ["one", "two"]
        tried = [call["chat_id"] for call in stage.calls("sendMessage")]
        assert tried == [int(GARDEN), moved, moved]
        assert stage.time.kept["moved"] == f'{{"{GARDEN}":"{moved}"}}'


async def test_where_a_group_moved_to_is_known_after_a_restart():
    async with staged() as stage:
        message = await stage.hear("hello", GARDEN, BEN, mention=True)
        moved = -1002000009999
        stage.telegram.migrate(GARDEN, moved)
        await until(lambda: stage.time.kept.get("moved"))
        await stage.stop()
        stage.start()
        await stage.hear("hello")
        await stage.send(message, "one")
        assert [call["chat_id"] for call in stage.calls("sendMessage")] == [moved]


# -- files -----------------------------------------------------------------------


async def test_a_recording_becomes_a_real_voice_note():
    async with staged() as stage:
        message = await stage.hear()
        wav = to_wav((CLIPS / "garden.ogg").read_bytes())
        await stage.send(message, await stage.media(wav, "voice", "answer.wav"))
        line = stage.shown()[0]
        content = stage.telegram.town.file(line.file)
        assert line.kind == "voice"
        assert sniff(content) == "ogg"
        assert b"OpusHead" in content[:64]


async def test_a_voice_note_is_left_as_it_is():
    async with staged() as stage:
        ogg = (CLIPS / "garden.ogg").read_bytes()
        await stage.send(await stage.hear(), await stage.media(ogg, "voice"))
        assert stage.telegram.town.file(stage.shown()[0].file) == ogg


async def test_who_wants_no_voice_notes_gets_a_file():
    async with staged() as stage:
        message = await stage.hear()
        stage.telegram.refuse_voice(ANN)
        ogg = (CLIPS / "garden.ogg").read_bytes()
        assert isinstance(await stage.send(message, await stage.media(ogg, "voice")), Sent)
        assert stage.shown()[0].kind == "file"


async def test_a_picture_is_a_photo_and_one_that_is_too_long_a_file():
    async with staged() as stage:
        message = await stage.hear()
        picture = (CLIPS / "picture.png").read_bytes()
        await stage.send(message, await stage.media(picture, "image", "a.png"))
        await stage.send(message, await stage.media(b"no picture at all", "image", "b.png"))
        await stage.send(message, await stage.media(picture + bytes(2**20 * 10), "image", "c.png"))
        assert [(line.kind, line.name) for line in stage.shown()] == [
            ("image", "a.png"),
            ("file", "b.png"),
            ("file", "c.png"),
        ]
        assert [len(stage.calls(name)) for name in ("sendPhoto", "sendDocument")] == [2, 2]


async def test_a_file_that_is_gone_is_refused():
    async with staged() as stage:
        message = await stage.hear()
        result = await stage.send(message, Media(kind="image", blob="0" * 64))
        assert isinstance(result, Refused)


# -- ways out ----------------------------------------------------------------------


async def test_calls_take_the_proxy_that_is_set():
    async with http_proxy() as proxy:
        way = Secret(f"http://127.0.0.1:{proxy.port}")
        async with staged(proxy=way) as stage:
            await stage.send(await stage.hear(), "one")
            assert len(stage.shown()) == 1
        assert proxy.reached
