"""Transcription: English that was really spoken is really recognised."""

import asyncio
import io
import json
import random
from array import array
from pathlib import Path
from typing import Any

import av
import openai
import pytest
from openai import AsyncOpenAI

from bots.sandbox.ears import Heard, Word
from bots.sandbox.machine import Machine
from bots.sandbox.transcript import as_srt, as_vtt, segments_of
from core.sound.pcm import Pcm, write_wav
from tests.sandbox.client import client_of
from tests.sandbox.needs import need_program
from tests.sandbox.server import Sandbox, sandbox
from tests.sandbox.wer import word_error_rate

CLIPS = Path(__file__).parent.parent / "clips"
PHRASES: dict[str, str] = json.loads((CLIPS / "phrases.json").read_text())
RIVER = (CLIPS / "river.ogg").read_bytes()

SAID = [
    "there are seven days in a week",
    "we should leave before it gets dark",
    "i would like a cup of coffee with milk",
    "good morning please tell me the time",
]


async def heard(client: AsyncOpenAI, name: str, sound: bytes) -> str:
    answer = await client.audio.transcriptions.create(model="whisper-1", file=(name, sound))
    return answer.text


async def test_spoken_clips_are_recognised(client: AsyncOpenAI) -> None:
    texts = await asyncio.gather(
        *(heard(client, name, (CLIPS / name).read_bytes()) for name in PHRASES)
    )
    assert word_error_rate(list(zip(PHRASES.values(), texts, strict=True))) <= 0.1, texts


@pytest.mark.parametrize("form", ["mp3", "opus"])
async def test_what_is_spoken_is_heard(client: AsyncOpenAI, form: str) -> None:
    need_program("flite", "flite")

    async def round_trip(text: str) -> str:
        speech = await client.audio.speech.create(
            model="tts-1",
            voice="alloy",
            input=text,
            response_format=form,  # type: ignore[arg-type]
        )
        return await heard(client, f"speech.{form}", speech.content)

    texts = await asyncio.gather(*map(round_trip, SAID))
    assert word_error_rate(list(zip(SAID, texts, strict=True))) <= 0.2, texts


def repacked(container_name: str, codec: str, rate_hz: int) -> bytes:
    """The river clip in another form."""
    made = io.BytesIO()
    with av.open(io.BytesIO(RIVER), "r") as source, av.open(made, "w", container_name) as target:
        stream = target.add_stream(codec, rate=rate_hz)
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return made.getvalue()


async def test_any_container_is_read(client: AsyncOpenAI) -> None:
    forms = [("webm", "libopus", 48_000), ("mp4", "aac", 44_100), ("flac", "flac", 22_050)]
    texts = await asyncio.gather(
        *(heard(client, f"river.{form[0]}", repacked(*form)) for form in forms)
    )
    assert word_error_rate([(PHRASES["river.ogg"], text) for text in texts]) <= 0.2, texts


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # the client's own word
async def test_a_translation_is_the_english_that_was_said(client: AsyncOpenAI) -> None:
    answer = await client.audio.translations.create(model="whisper-1", file=("river.ogg", RIVER))
    assert word_error_rate([(PHRASES["river.ogg"], answer.text)]) <= 0.2


@pytest.mark.parametrize("loudness", [0, 30])
async def test_silence_and_hiss_are_empty_text(client: AsyncOpenAI, loudness: int) -> None:
    chance = random.Random(7)
    samples = array("h", (chance.randint(-loudness, loudness) for _ in range(32_000)))
    wav = write_wav(Pcm(rate_hz=16_000, samples=samples.tobytes()))
    assert await heard(client, "nothing.wav", wav) == ""


async def test_verbose_json_tells_words_and_when(client: AsyncOpenAI) -> None:
    answer = await client.audio.transcriptions.create(
        model="whisper-1",
        file=("river.ogg", RIVER),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        temperature=0.4,
    )
    assert answer.duration == pytest.approx(3.1, abs=0.5)
    assert answer.language == "english"
    assert answer.words is not None
    assert answer.segments is not None
    assert [word.word for word in answer.words] == answer.text.split()
    starts = [word.start for word in answer.words]
    assert starts == sorted(starts)
    assert 0 <= starts[0] < starts[-1] < answer.duration
    assert " ".join(segment.text for segment in answer.segments) == answer.text
    assert {segment.temperature for segment in answer.segments} == {0.4}
    assert all(0 < segment.compression_ratio < 2 for segment in answer.segments)
    assert answer.usage is not None
    assert answer.duration <= answer.usage.seconds < answer.duration + 1


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # the client's own word
async def test_a_translation_comes_in_every_form(client: AsyncOpenAI) -> None:
    async def told(form: str) -> Any:
        return await client.audio.translations.create(
            model="whisper-1",
            file=("river.ogg", RIVER),
            response_format=form,  # type: ignore[call-overload]
        )

    names = ["json", "text", "srt", "verbose_json", "vtt"]
    plain, text, srt, verbose, vtt = await asyncio.gather(*map(told, names))
    assert text.strip() == plain.text == verbose.text
    assert verbose.duration == pytest.approx(3.1, abs=0.5)
    assert [segment.text for segment in verbose.segments] == srt.splitlines()[2::4]
    assert [line for line in srt.splitlines() if "-->" in line] == [
        line.replace(".", ",") for line in vtt.splitlines() if "-->" in line
    ]


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"response_format": "xml"}, "response_format"),
        ({"temperature": 1.1}, "temperature"),
        ({"language": "English"}, "language"),
    ],
)
async def test_a_wrong_transcription_request_is_refused_by_the_field(
    client: AsyncOpenAI, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.audio.transcriptions.create(
            **{"model": "whisper-1", "file": ("river.ogg", RIVER), **wrong}
        )
    assert caught.value.param == param


async def test_text_and_subtitles_are_plain(client: AsyncOpenAI) -> None:
    async def told(form: str) -> str:
        answer = await client.audio.transcriptions.create(
            model="whisper-1",
            file=("river.ogg", RIVER),
            response_format=form,  # type: ignore[call-overload]
        )
        return str(answer)

    text, srt, vtt = await asyncio.gather(told("text"), told("srt"), told("vtt"))
    assert text.split()[:3] == PHRASES["river.ogg"].split()[:3]
    assert srt.startswith("1\n00:00:00,")
    assert vtt.startswith("WEBVTT\n\n00:00:00.")


async def test_the_relay_answers_others_while_it_listens(client: AsyncOpenAI) -> None:
    unheard = repacked("flac", "flac", 16_000)
    listening = asyncio.create_task(heard(client, "river.flac", unheard))
    for _ in range(20):
        await client.models.list()
    assert not listening.done()
    assert await listening


@pytest.mark.parametrize("sound", [b"not a sound at all", RIVER[:40], b"RIFF\xff\xff\xff\xffWAVE"])
async def test_what_is_no_sound_is_refused(client: AsyncOpenAI, sound: bytes) -> None:
    with pytest.raises(openai.BadRequestError, match="not readable as sound") as caught:
        await heard(client, "noise.ogg", sound)
    assert caught.value.param == "file"


async def test_an_empty_file_and_a_wrong_model_are_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="empty"):
        await heard(client, "empty.ogg", b"")
    with pytest.raises(openai.NotFoundError):
        await client.audio.transcriptions.create(model="tts-1", file=("a.ogg", RIVER))


async def test_without_the_extra_a_clear_error_names_it() -> None:
    with sandbox(machine=Machine(package=lambda name: name != "pocketsphinx")) as relay:
        async with client_of(relay) as client:
            with pytest.raises(openai.InternalServerError) as caught:
                await heard(client, "river.ogg", RIVER)
    assert caught.value.status_code == 501
    assert "pip install 'parley[sandbox]'" in caught.value.message
    assert "pocketsphinx" in caught.value.message
    assert "av" not in caught.value.message.split("needs ")[1].split(",")[0].split()


async def test_the_journal_has_the_form_but_not_the_sound(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    await client.audio.transcriptions.create(
        model="whisper-1", file=("河.ogg", RIVER, "audio/ogg"), prompt="rivers"
    )
    entry = relay.journal.entries("transcription")[0]
    assert entry.fields["prompt"] == "rivers"
    assert entry.fields["file"] == {
        "filename": "河.ogg",
        "content_type": "audio/ogg",
        "size_bytes": len(RIVER),
    }
    assert entry.content == b""


def said(*words: tuple[str, float, float]) -> Heard:
    return Heard(
        duration_s=9.0,
        words=[Word(word=word, start=start, end=end) for word, start, end in words],
    )


def test_a_pause_begins_a_new_subtitle() -> None:
    talk = said(("good", 0.1, 0.4), ("day", 0.4, 0.9), ("bye", 2.0, 2.5))
    assert [segment.text for segment in segments_of(talk)] == ["good day", "bye"]
    assert as_srt(talk) == (
        "1\n00:00:00,100 --> 00:00:00,900\ngood day\n\n2\n00:00:02,000 --> 00:00:02,500\nbye\n\n"
    )
    assert as_vtt(said(("late", 3661.5, 3662.0))) == (
        "WEBVTT\n\n01:01:01.500 --> 01:01:02.000\nlate\n\n"
    )
    assert (as_srt(said()), as_vtt(said())) == ("", "WEBVTT\n\n")
