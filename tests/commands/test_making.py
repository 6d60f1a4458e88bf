"""image, say, transcribe, translate."""

import pytest

from core.errors import MediaError, RelayUsedUp
from core.model import Media, Quote, Text
from core.people import PeopleRules
from storage.media import FileMedia
from tests.commands.talk import Talk

VOICE = Media(kind="voice", remote="file-1", mime="audio/ogg", duration_s=2.0)


@pytest.fixture
def listener(talk) -> Talk:
    talk.platform_files["file-1"] = b"ogg"
    return talk


def quoting(*parts: Text | Media) -> Quote:
    return Quote(key="k", parts=parts)


# -- image ---------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/image", "/画图", "/draw"])
async def test_an_image_is_drawn_kept_and_accounted(talk, command):
    await talk.say(f"{command} a red fox")
    (picture,) = talk.files
    assert await talk.media.get(picture.blob) == b"\x89PNG a red fox"
    assert (picture.kind, picture.mime, picture.name) == ("image", "image/png", "image.png")
    assert picture.size_bytes == len(b"\x89PNG a red fox")
    (spend,) = talk.spends
    assert (spend.kind, spend.relay, spend.model, spend.images) == ("image", "main", "m-large", 1)


async def test_an_image_can_be_drawn_from_a_message_replied_to(talk):
    await talk.say("/image", quote=quoting(Text(text="a red fox")))
    assert talk.relays.asked[0].prompt == "a red fox"


async def test_image_without_words_says_how(talk):
    assert "`/image a fox" in await talk.say("/image")
    assert "`/画图 路灯" in await talk.say("/画图", language="zh")
    assert not talk.relays.asked


async def test_a_drawing_is_in_the_history_but_never_sent_to_the_model(talk):
    await talk.say("/image a red fox")
    await talk.say("hello")
    assert talk.sent == [("user", "hello")]
    assert "/image a red fox" in await talk.say("/history")


async def test_a_refused_image_tells_the_person_why(talk):
    talk.relays.fault = RelayUsedUp("403")
    assert "credit for the AI service is used up" in await talk.say("/image a fox")


async def test_who_asked_for_what_cannot_be_kept_is_not_told_of_a_file_of_theirs(talk, tmp_path):
    in_the_way = tmp_path / "media"
    in_the_way.write_text("a file, where the folder should be")
    talk.media = FileMedia(in_the_way)
    for command in ("/image a fox", "/say hello"):
        assert "I cannot save files right now" in await talk.say(command)


# -- say -----------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/say", "/朗读", "/tts"])
async def test_text_is_spoken_kept_and_accounted(talk, command):
    await talk.say(f"{command} good morning")
    (speech,) = talk.files
    assert await talk.media.get(speech.blob) == b"ID3 good morning"
    assert (speech.kind, speech.mime, speech.name) == ("voice", "audio/mpeg", "speech.mp3")
    (spend,) = talk.spends
    assert (spend.kind, spend.characters) == ("speech", 12)
    assert talk.relays.asked[0].voice == "alloy"


async def test_without_text_the_latest_answer_is_spoken_without_its_markup(talk):
    talk.relays.answer = "**Hello** there, `Amy`"
    await talk.say("hi")
    await talk.say("/say")
    assert talk.relays.asked[-1].text == "Hello there, Amy"


async def test_a_drawing_in_between_does_not_hide_the_latest_answer(talk):
    await talk.say("hi")
    await talk.say("/image a fox")
    await talk.say("/say")
    assert talk.relays.asked[-1].text == "answer 1"


async def test_a_message_replied_to_goes_before_the_latest_answer(talk):
    await talk.say("hi")
    await talk.say("/say", quote=quoting(Text(text="read me")))
    assert talk.relays.asked[-1].text == "read me"


async def test_an_answer_that_was_replaced_is_not_spoken(talk):
    await talk.say("hi")
    await talk.say("/retry")
    await talk.say("/say")
    assert talk.relays.asked[-1].text == "answer 2"


async def test_say_with_nothing_to_say_says_how(talk):
    assert "`/say Good morning!`" in await talk.say("/say")
    assert not talk.relays.asked


async def test_say_takes_4096_characters_and_no_more(talk):
    await talk.say("/say " + "a" * 4096)
    assert talk.files
    answer = await talk.say("/say " + "a" * 4097)
    assert "4097" in answer
    assert "4096" in answer
    assert len(talk.relays.asked) == 1


# -- transcribe and translate --------------------------------------------------


@pytest.mark.parametrize("command", ["/transcribe", "/转写", "/stt"])
async def test_an_attached_recording_is_transcribed(listener, command):
    assert await listener.say(command, VOICE) == "hello there"
    assert listener.relays.asked[0].audio == b"ogg"
    (spend,) = listener.spends
    assert (spend.kind, spend.audio_s) == ("transcription", 2.0)


@pytest.mark.parametrize("command", ["/translate", "/翻译"])
async def test_a_recording_replied_to_is_translated(listener, command):
    assert await listener.say(command, quote=quoting(VOICE)) == "hello there in English"
    assert listener.spends[0].kind == "translation"


async def test_an_attached_recording_goes_before_the_one_replied_to(listener):
    listener.platform_files["file-2"] = b"other"
    other = Media(kind="audio", remote="file-2")
    await listener.say("/transcribe", other, quote=quoting(VOICE))
    assert listener.relays.asked[0].audio == b"other"


@pytest.mark.parametrize(
    "file",
    [
        Media(kind="video", remote="file-1", mime="video/mp4"),
        Media(kind="file", remote="file-1", mime="audio/x-m4a"),
    ],
)
async def test_videos_and_sound_files_are_recordings_too(listener, file):
    assert await listener.say("/transcribe", file) == "hello there"


async def test_a_picture_is_no_recording(listener):
    picture = Media(kind="image", remote="file-1", mime="image/png")
    assert "`/transcribe`" in await listener.say("/transcribe", picture)


async def test_a_transcript_is_in_the_history_but_not_sent_to_the_model(listener):
    await listener.say("/transcribe", VOICE)
    await listener.say("hello")
    assert listener.sent == [("user", "hello")]
    assert "[voice]" in await listener.say("/history")


@pytest.mark.parametrize("command", ["/transcribe", "/translate"])
async def test_without_a_recording_they_say_how(talk, command):
    assert "reply to one with it" in await talk.say(command)
    assert f"`{command}`" in await talk.say(command)
    assert not talk.relays.asked


async def test_translate_with_text_says_that_it_is_for_recordings(talk):
    assert "just ask me" in await talk.say("/translate bonjour")
    assert "直接跟我说" in await talk.say("/翻译 bonjour", language="zh")


async def test_a_recording_that_is_gone_tells_the_person(talk):
    async def gone(message, media):
        raise MediaError("404")

    talk._fetch = gone
    assert "could not open that file" in await talk.say("/transcribe", VOICE)


async def test_making_works_in_a_group():
    talk = Talk(platform="qq", group=True, rules=PeopleRules(guests=True))
    await talk.say("/image a fox")
    assert talk.files
