"""What a bot may say, and what it is told when it may not."""

import asyncio
from pathlib import Path

import httpx
import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InputMediaDocument,
    InputMediaPhoto,
    MessageEntity,
    ReplyParameters,
)
from telegram import InputFile
from telegram.error import BadRequest

from bots.sandbox.png import encode_png
from core.sound import to_mp3
from tests.sandbox.telegram.conftest import ANN, BEN, FORUM, GARDEN
from tests.sandbox.telegram.peers import strangers

CLIPS = Path(__file__).parents[2] / "clips"
VOICE = (CLIPS / "garden.ogg").read_bytes()
PICTURE = (CLIPS / "picture.png").read_bytes()


def upload(content, name="file.bin"):
    return BufferedInputFile(content, name)


async def test_a_text_is_sent_and_noted(stage, aio):
    sent = await aio.send_message(ANN, "  Hello, /help or @somebody  ")
    assert sent.text == "Hello, /help or @somebody"
    assert [entity.type for entity in sent.entities] == ["bot_command", "mention"]
    (line,) = stage.shown()
    assert (line.text, line.place, line.sender) == (sent.text, ANN, "bot")
    assert line.raw["message_id"] == sent.message_id


async def test_it_is_of_the_documented_types_for_both(stage, ptb):
    line = await stage.say("ask me")
    sent = await ptb.send_message(ANN, "*bold*", "MarkdownV2", reply_to_message_id=line.number)
    assert list(strangers(sent)) == []
    assert sent.reply_to_message.text == "ask me"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
        (" \n ", "message text is empty"),
    ],
)
async def test_a_text_has_its_limits(aio, text, why):
    with pytest.raises(TelegramBadRequest, match=why):
        await aio.send_message(ANN, text)


async def test_a_text_at_the_limit_is_whole(stage, aio):
    for text in ("x" * 4096, "😀" * 2048, "<b>" + "x" * 4096 + "</b>"):
        parse_mode = "HTML" if "<" in text else None
        await aio.send_message(ANN, text, parse_mode=parse_mode)
    assert [len(line.text) for line in stage.shown()] == [4096, 2048, 4096]


@pytest.mark.parametrize(
    ("offset", "length", "why"),
    [
        (9, 1, "entity begins after the end of the text at UTF-16 offset 9"),
        (0, 99, "entity beginning at UTF-16 offset 0 ends after the end of the text"),
        (7, 1, "in a middle of a UTF-16 symbol"),
        (-1, 1, "incorrect offset"),
    ],
)
async def test_entities_outside_the_text_are_refused(aio, offset, length, why):
    entity = MessageEntity(type="bold", offset=offset, length=length)
    with pytest.raises(TelegramBadRequest, match=why):
        await aio.send_message(ANN, "hello 😀x", entities=[entity])


async def test_an_unknown_kind_of_entity_is_refused(aio):
    with pytest.raises(TelegramBadRequest, match="Unsupported type specified"):
        await aio.send_message(ANN, "x", entities=[MessageEntity(type="loud", offset=0, length=1)])


async def test_a_reply_names_what_it_answers(stage, aio):
    line = await stage.say("the question, whole")
    number = line.raw["message_id"]
    sent = await aio.send_message(
        ANN, "yes", reply_parameters=ReplyParameters(message_id=number, quote="question")
    )
    assert (sent.reply_to_message.message_id, sent.quote.text) == (number, "question")
    assert sent.quote.position == 4
    assert stage.shown()[0].reply_to == line.number


async def test_a_reply_to_nothing_is_refused_unless_allowed(aio):
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await aio.send_message(ANN, "x", reply_parameters=ReplyParameters(message_id=77))
    parameters = ReplyParameters(message_id=77, allow_sending_without_reply=True)
    sent = await aio.send_message(ANN, "x", reply_parameters=parameters)
    assert sent.reply_to_message is None


async def test_a_quote_must_be_in_the_message(stage, aio):
    line = await stage.say("as it was said")
    parameters = ReplyParameters(message_id=line.raw["message_id"], quote="as it was not")
    with pytest.raises(TelegramBadRequest, match="QUOTE_TEXT_INVALID"):
        await aio.send_message(ANN, "x", reply_parameters=parameters)


async def test_a_topic_is_named_by_its_thread(stage, aio):
    sent = await aio.send_message(FORUM, "a poem", message_thread_id=2)
    assert (sent.message_thread_id, sent.is_topic_message) == (2, True)
    assert stage.shown(f"{FORUM}/2")[0].text == "a poem"
    general = await aio.send_message(FORUM, "for all")
    assert general.message_thread_id is None
    for chat, thread in ((FORUM, 1), (FORUM, 99), (GARDEN, 2)):
        with pytest.raises(TelegramBadRequest, match="message thread not found"):
            await aio.send_message(chat, "x", message_thread_id=thread)


async def test_a_reply_cannot_cross_topics(stage, aio):
    line = await stage.say("/ask", place=f"{FORUM}/2")
    parameters = ReplyParameters(
        message_id=line.raw["message_id"], allow_sending_without_reply=True
    )
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await aio.send_message(FORUM, "x", message_thread_id=3, reply_parameters=parameters)


@pytest.mark.parametrize("peer", ["aio", "ptb"])
async def test_each_kind_of_file_can_be_sent_and_sent_again(stage, aio, ptb, peer):
    bot = aio if peer == "aio" else ptb
    wrap = upload if peer == "aio" else InputFile
    kinds = {
        "photo": (PICTURE, "image"),
        "voice": (VOICE, "voice"),
        "audio": (await asyncio.to_thread(to_mp3, VOICE), "audio"),
        "document": (b"any bytes", "file"),
        "video": (b"\0\0\0\x18ftypisom", "video"),
    }
    for kind, (content, line_kind) in kinds.items():
        send = getattr(bot, f"send_{kind}")
        sent = await send(ANN, wrap(content, f"a.{kind}"), caption=f"a {kind}")
        assert list(strangers(sent)) == []
        line = stage.shown()[-1]
        assert (line.kind, line.text) == (line_kind, f"a {kind}")
        assert stage.telegram.town.file(line.file) == content
        media = getattr(sent, kind)
        media = media[-1] if kind == "photo" else media
        again = await send(ANN, media.file_id)
        assert stage.telegram.town.file(stage.shown()[-1].file) == content
        assert list(strangers(again)) == []


async def test_a_voice_message_knows_its_length(aio):
    sent = await aio.send_voice(ANN, upload(VOICE))
    assert (sent.voice.duration, sent.voice.mime_type) == (2, "audio/ogg")


async def test_what_is_no_opus_is_only_a_file(stage, aio):
    sent = await aio.send_voice(ANN, upload(b"RIFF\0\0\0\0WAVEfmt ", "voice.wav"))
    assert sent.voice is None
    assert sent.document.file_name == "voice.wav"
    assert stage.shown()[0].kind == "file"


async def test_who_refuses_voice_messages_still_takes_files(stage, aio):
    stage.telegram.refuse_voice(ANN)
    with pytest.raises(TelegramBadRequest, match="VOICE_MESSAGES_FORBIDDEN"):
        await aio.send_voice(ANN, upload(VOICE))
    assert (await aio.send_document(ANN, upload(VOICE, "voice.ogg"))).document
    assert (await aio.send_voice(BEN, upload(VOICE))).voice


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("photo", b"no picture", "IMAGE_PROCESS_FAILED"),
        ("photo", PICTURE + bytes(10 * 2**20), "file is too big"),
        ("photo", encode_png(500, 2, [b"\0\0\0" * 500] * 2), "PHOTO_INVALID_DIMENSIONS"),
        ("document", b"", "file must be non-empty"),
    ],
)
async def test_a_file_that_will_not_do_is_refused(aio, kind, content, why):
    with pytest.raises(TelegramBadRequest, match=why):
        await getattr(aio, f"send_{kind}")(ANN, upload(content))


async def test_an_upload_has_its_limit(stage):
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(
            f"{stage.origin}/bot{stage.telegram.token}/sendDocument",
            data={"chat_id": ANN},
            files={"document": ("big.bin", bytes(50 * 2**20 + 1))},
        )
    assert answer.json()["error_code"] == answer.status_code == 413


async def test_addresses_are_not_fetched_and_unknown_ids_not_found(aio):
    with pytest.raises(TelegramBadRequest, match="failed to get HTTP URL content"):
        await aio.send_photo(ANN, "https://example.org/cat.png")
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await aio.send_photo(ANN, "AgACAgIAAx0C-nothing")


async def test_a_caption_has_its_limit(aio):
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await aio.send_photo(ANN, upload(PICTURE), caption="x" * 1025)


async def test_an_album_is_several_messages_of_one_group(stage, aio):
    sent = await aio.send_media_group(
        ANN, [InputMediaPhoto(media=upload(PICTURE), caption=str(n)) for n in range(3)]
    )
    assert len({message.media_group_id for message in sent}) == 1
    assert [message.caption for message in sent] == ["0", "1", "2"]
    assert [line.kind for line in stage.shown()] == ["image"] * 3


async def test_an_album_has_its_rules(aio):
    photo = InputMediaPhoto(media=upload(PICTURE))
    with pytest.raises(TelegramBadRequest, match="2 to 10"):
        await aio.send_media_group(ANN, [photo])
    with pytest.raises(TelegramBadRequest, match="can't be sent"):
        await aio.send_media_group(ANN, [photo, InputMediaDocument(media=upload(b"x"))])


async def test_typing_is_seen_for_five_seconds(stage, aio):
    await aio.send_chat_action(ANN, "typing")
    assert stage.telegram.doing(ANN) == "typing"
    stage.clock.turn(5)
    assert stage.telegram.doing(ANN) == ""
    with pytest.raises(TelegramBadRequest, match="wrong parameter action"):
        await aio.send_chat_action(ANN, "dancing")


async def test_a_draft_is_shown_until_the_answer_comes(stage, ptb):
    await ptb.send_message_draft(int(ANN), 1, "The ans")
    assert stage.telegram.drafts.current(ANN).text == "The ans"
    await ptb.send_message(ANN, "The answer.")
    assert stage.telegram.drafts.current(ANN) is None
    assert [line.text for line in stage.shown()] == ["The answer."]


async def test_a_draft_vanishes_after_thirty_seconds(stage, aio):
    await aio.send_message_draft(int(ANN), 1, text="")
    assert stage.telegram.drafts.current(ANN).text == ""
    stage.clock.turn(30)
    assert stage.telegram.drafts.current(ANN) is None


async def test_drafts_are_for_private_chats_and_have_a_number(stage, aio):
    with pytest.raises(TelegramBadRequest, match="DRAFT_ID_INVALID"):
        await aio.send_message_draft(int(ANN), 0, text="x")
    with pytest.raises(TelegramBadRequest):
        await aio.send_message_draft(int(GARDEN), 1, text="x")
    assert not stage.telegram.drafts.shown


@pytest.mark.parametrize("chat", ["", "12345", "@nobody", "none"])
async def test_a_chat_that_is_not_there_is_not_found(ptb, chat):
    with pytest.raises(BadRequest, match=r"Chat not found|Chat_id is empty"):
        await ptb.send_message(chat, "x")


async def test_the_buttons_of_a_message_hold_little(stage, aio):
    keyboard = {"inline_keyboard": [[{"text": "x", "callback_data": "x" * 65}]]}
    answer = await stage.call("sendMessage", chat_id=ANN, text="x", reply_markup=keyboard)
    assert answer["description"] == "Bad Request: BUTTON_DATA_INVALID"
