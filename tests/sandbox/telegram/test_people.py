"""What people do, as a bot is told of it."""

import asyncio
from pathlib import Path

import pytest
from aiogram.types import Update

from bots.sandbox.header import look
from bots.sandbox.png import encode_png
from bots.sandbox.telegram.updates import KINDS
from bots.sandbox.town.town import Unspoken, Utterance
from core.sound import sniff, to_amr, to_silk, to_wav
from tests.sandbox.telegram.conftest import ANN, BEN, FORUM, GARDEN, staged
from tests.sandbox.telegram.peers import strangers

CLIPS = Path(__file__).parents[2] / "clips"
VOICE = (CLIPS / "garden.ogg").read_bytes()
PICTURE = (CLIPS / "picture.png").read_bytes()
NAME = "@parley_sandbox_bot"


async def heard(aio):
    """The messages that the bot is shown, once."""
    updates = await aio.get_updates()
    if updates:
        await aio.get_updates(offset=updates[-1].update_id + 1)
    return [update.event for update in updates]


async def test_entities_are_found_in_what_people_write(stage, aio):
    await stage.say("😀 /image@parley_sandbox_bot #cat for @ann: https://example.org/a?b=c.")
    (message,) = await heard(aio)
    found = {entity.type: entity.extract_from(message.text) for entity in message.entities}
    assert found == {
        "bot_command": "/image@parley_sandbox_bot",
        "hashtag": "#cat",
        "mention": "@ann",
        "url": "https://example.org/a?b=c",
    }


async def test_somebody_is_named_without_a_username_as_an_app_does(stage, aio):
    await stage.say("😀 /block Ben now", names={"Ben": BEN})
    (message,) = await heard(aio)
    command, named = message.entities
    assert (command.type, named.type) == ("bot_command", "text_mention")
    assert named.extract_from(message.text) == "Ben"
    assert named.user.id == int(BEN)


async def test_a_path_or_an_address_is_no_command_or_mention(stage, aio):
    await stage.say("see a/b or //x or ann@example.org")
    (message,) = await heard(aio)
    assert [entity.type for entity in message.entities] == ["email"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("just talk", False),
        ("/help", True),
        ("/help@parley_sandbox_bot", True),
        ("/help@other_bot", False),
        (f"hello {NAME}", True),
        (f"hello {NAME.upper()}", True),
        ("hello @parley_sandbox_bot2", False),
    ],
)
async def test_in_groups_the_bot_sees_only_what_is_for_it(stage, aio, text, seen):
    line = await stage.say(text, place=GARDEN)
    assert bool(await heard(aio)) is seen
    assert line.status == ("" if seen else "unseen")


async def test_a_reply_to_the_bot_is_seen(stage, aio):
    await aio.send_message(GARDEN, "ask me")
    await stage.say("why?", place=GARDEN, reply_to=stage.shown(GARDEN)[0].number)
    await stage.say("and you?", place=GARDEN, reply_to=stage.telegram.town.lines(GARDEN)[-1].number)
    (message,) = await heard(aio)
    assert message.reply_to_message.text == "ask me"
    assert message.reply_to_message.from_user.id == stage.telegram.me["id"]


async def test_an_administrator_sees_all(stage, aio):
    stage.telegram.stand(GARDEN, "administrator")
    await stage.say("just talk", place=GARDEN)
    change, message = await heard(aio)
    assert change.new_chat_member.status == "administrator"
    assert message.text == "just talk"


async def test_without_privacy_mode_a_bot_sees_all(aio):
    async with staged(privacy=False) as stage:
        await stage.say("just talk", place=GARDEN)
        assert (await stage.call("getUpdates"))["result"][0]["message"]["text"] == "just talk"


async def test_a_mention_stands_in_front(stage, aio):
    await stage.say("help", place=GARDEN, mention=True)
    (message,) = await heard(aio)
    assert message.text == f"{NAME} help"


async def test_a_topic_is_told_by_its_thread(stage, aio):
    await stage.say("/one", place=f"{FORUM}/2")
    await stage.say("/two", place=FORUM)
    topic, general = await heard(aio)
    assert (topic.message_thread_id, topic.is_topic_message) == (2, True)
    assert (general.message_thread_id, general.chat.is_forum) == (None, True)
    assert topic.chat.id == general.chat.id


async def test_a_photo_comes_in_sizes_the_largest_last(stage, aio):
    content = encode_png(400, 200, [b"\x10\x20\x30" * 400] * 200)
    line = await stage.say("what is this?", kind="image", content=content)
    (message,) = await heard(aio)
    small, large = message.photo
    assert (large.width, large.height) == (400, 200)
    assert (small.width, small.height) == (90, 45)
    assert message.caption == "what is this?"
    fetched = await aio.download(large)
    assert fetched.read() == stage.telegram.town.file(line.file) == content
    thumb = (await aio.download(small)).read()
    assert (look(thumb).width, look(thumb).height) == (small.width, small.height)


@pytest.mark.parametrize("made", [bytes, to_wav, to_silk, to_amr])
async def test_any_sound_becomes_what_the_app_records(stage, aio, made):
    content = await asyncio.to_thread(made, VOICE)
    await stage.say("", kind="voice", content=content)
    (message,) = await heard(aio)
    fetched = (await aio.download(message.voice)).read()
    assert sniff(fetched) == "ogg"
    assert b"OpusHead" in fetched[:200]
    assert message.voice.duration == 2
    assert message.voice.file_size == len(fetched)


async def test_files_and_sounds_keep_their_names_and_types(stage, aio):
    await stage.say("", kind="file", content=b"%PDF-1.7", name="paper.pdf")
    await stage.say("", kind="audio", content=VOICE, name="song.ogg")
    await stage.say("", kind="video", content=b"\0\0\0\x18ftypisom", name="film.mp4")
    paper, song, film = await heard(aio)
    assert (paper.document.file_name, paper.document.mime_type) == ("paper.pdf", "application/pdf")
    assert (song.audio.file_name, song.audio.duration) == ("song.ogg", 2)
    assert film.video.mime_type


async def test_an_album_is_an_update_each(stage, aio, ptb):
    items = [
        Utterance(place=ANN, person=ANN, kind="image", content=PICTURE, text=text)
        for text in ("three views", "", "")
    ]
    await stage.telegram.album(items)
    assert list(strangers(await ptb.get_updates())) == []
    messages = await heard(aio)
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["three views", None, None]


async def test_what_people_pass_on_tells_whose_it_was(stage, aio):
    line = await stage.say("from Ben", place=BEN, person=BEN)
    await stage.telegram.forward(ANN, ANN, line.number)
    _, passed = await heard(aio)
    assert passed.text == "from Ben"
    assert passed.chat.id == int(ANN)
    assert passed.forward_origin.sender_user.id == int(BEN)


async def test_stickers_round_videos_and_places_come_too(stage, aio, ptb):
    await stage.telegram.send_file(ANN, ANN, PICTURE, "sticker")
    await stage.telegram.send_file(ANN, ANN, b"\0\0\0\x18ftypisom", "video_note")
    await stage.telegram.share(ANN, ANN, {"location": {"latitude": 1.5, "longitude": 2.5}})
    assert list(strangers(await ptb.get_updates())) == []
    sticker, note, place = await heard(aio)
    assert sticker.sticker.emoji
    assert note.video_note.length
    assert place.location.latitude == 1.5


async def test_an_edit_comes_as_such_even_if_nothing_is_to_be_seen(stage, aio):
    line = await stage.say("frist")
    await stage.telegram.edit(line.number, "first /help")
    await stage.telegram.edit(line.number, "first /help")
    _, once, twice = await heard(aio)
    assert once.text == twice.text == "first /help"
    assert once.message_id == twice.message_id
    assert once.edit_date
    assert [entity.type for entity in once.entities] == ["bot_command"]


async def test_who_stops_the_bot_is_told_to_it(stage, aio):
    stage.telegram.block(ANN)
    stage.telegram.block(ANN, blocked=False)
    gone, back = await heard(aio)
    assert (gone.new_chat_member.status, back.new_chat_member.status) == ("kicked", "member")
    assert gone.chat.id == int(ANN)


async def test_a_group_that_moves_says_where(stage, aio):
    stage.telegram.migrate(GARDEN, -1002000000099)
    old, new = await heard(aio)
    assert old.migrate_to_chat_id == new.chat.id == -1002000000099
    assert new.migrate_from_chat_id == old.chat.id == int(GARDEN)
    await stage.say("/here", place="-1002000000099")
    assert (await heard(aio))[0].chat.id == -1002000000099


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"text": " "}, "expected some text"),
        ({"text": "x" * 4097}, "at most 4096"),
        ({"text": "x", "place": "nowhere"}, "expected one of the places"),
        ({"text": "x", "person": "nobody"}, "expected one of"),
        ({"kind": "image", "content": b"x"}, "expected a picture"),
        ({"kind": "voice", "content": b"x"}, "expected a recording"),
        ({"kind": "file"}, "expected the file's content"),
        ({"kind": "notice"}, "nobody can say a notice"),
        ({"text": "x", "reply_to": 99}, "number of a message"),
    ],
)
async def test_what_cannot_be_said_is_told(stage, said, why):
    with pytest.raises(Unspoken, match=why):
        await stage.telegram.speak(Utterance(**({"place": ANN, "person": ANN} | said)))
    assert not stage.telegram.updates.pending()


async def test_who_blocked_the_bot_cannot_speak_to_it(stage):
    stage.telegram.block(ANN)
    with pytest.raises(Unspoken, match="blocked"):
        await stage.say("hello?")


def test_the_kinds_of_updates_are_those_that_the_peers_know():
    assert set(Update.model_fields) - {"update_id"} == KINDS
