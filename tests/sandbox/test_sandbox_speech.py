"""Speech: really spoken where the machine can, labelled where it cannot."""

import io

import av
import openai
import pytest
from openai import AsyncOpenAI

from bots.sandbox.machine import Machine
from tests.sandbox.client import client_of
from tests.sandbox.needs import need_program
from tests.sandbox.server import sandbox

TEXT = "The weather is fine today."
SILENT = Machine(program=lambda _: None)


def duration_s(sound: bytes) -> float:
    with av.open(io.BytesIO(sound), "r") as container:
        frames = list(container.decode(audio=0))
    return sum(frame.samples / frame.sample_rate for frame in frames)


async def spoken(client: AsyncOpenAI, text: str = TEXT, **more: object) -> tuple[str, bytes]:
    """(what made it, the sound)."""
    wanted = {"response_format": "wav", "voice": "alloy", "model": "tts-1", **more}
    answer = await client.audio.speech.with_raw_response.create(input=text, **wanted)  # type: ignore[arg-type]
    return answer.headers["x-sandbox-voice"], answer.content


@pytest.mark.parametrize(
    ("name", "container_name", "codec"),
    [
        ("mp3", "mp3", "mp3"),
        ("opus", "ogg", "opus"),
        ("aac", "aac", "aac"),
        ("flac", "flac", "flac"),
        ("wav", "wav", "pcm_s16le"),
    ],
)
async def test_speech_comes_in_the_format_asked_for(
    client: AsyncOpenAI, name: str, container_name: str, codec: str
) -> None:
    _, sound = await spoken(client, response_format=name)
    with av.open(io.BytesIO(sound), "r") as container:
        assert container.format.name == container_name
        assert container.streams.audio[0].codec_context.name.startswith(codec)
    assert 1.0 < duration_s(sound) < 4.0


async def test_pcm_is_bare_samples_at_24_khz(client: AsyncOpenAI) -> None:
    _, wav = await spoken(client)
    _, pcm = await spoken(client, response_format="pcm")
    assert len(pcm) / 2 / 24_000 == pytest.approx(duration_s(wav), abs=0.1)


async def test_english_is_spoken_by_flite(client: AsyncOpenAI) -> None:
    need_program("flite", "flite")
    assert (await spoken(client))[0] == "flite/slt"
    assert (await spoken(client, voice="onyx"))[0] == "flite/awb"


async def test_chinese_is_spoken_by_espeak(client: AsyncOpenAI) -> None:
    need_program("espeak-ng", "espeak-ng")
    by, sound = await spoken(client, "你好，今天天气很好。")
    assert by == "espeak-ng/cmn"
    assert duration_s(sound) > 1


async def test_without_flite_espeak_speaks_english() -> None:
    need_program("espeak-ng", "espeak-ng")
    with sandbox(machine=Machine(program={"espeak-ng": "espeak-ng"}.get)) as relay:
        async with client_of(relay) as client:
            by, sound = await spoken(client)
    assert by == "espeak-ng/en-us"
    assert duration_s(sound) > 1


async def test_speed_changes_how_long_it_takes(client: AsyncOpenAI) -> None:
    need_program("flite", "flite")
    _, slow = await spoken(client, speed=0.5)
    _, fast = await spoken(client, speed=2.0)
    assert duration_s(slow) > 2 * duration_s(fast)


async def test_an_option_like_text_is_spoken_not_obeyed(client: AsyncOpenAI) -> None:
    need_program("flite", "flite")
    by, sound = await spoken(client, "-o /tmp/nothing --help")
    assert by == "flite/slt"
    assert duration_s(sound) > 0.5


async def test_where_nothing_speaks_a_labelled_tone_follows_the_text() -> None:
    with sandbox(machine=SILENT) as relay:
        async with client_of(relay) as client:
            by, short = await spoken(client, "Hello.")
            _, long = await spoken(client, "Hello. " * 10)
    assert by == "tone"
    assert duration_s(long) > 8 * duration_s(short)


async def test_without_av_there_is_wav_and_a_clear_error_for_the_rest() -> None:
    bare = Machine(program=lambda _: None, package=lambda _: False)
    with sandbox(machine=bare) as relay:
        async with client_of(relay) as client:
            assert duration_s((await spoken(client))[1]) > 1
            with pytest.raises(openai.InternalServerError, match=r"parley\[sandbox\]") as caught:
                await spoken(client, response_format="mp3")
    assert caught.value.status_code == 501
    assert caught.value.code == "extra_missing"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"text": ""}, "input"),
        ({"text": "a" * 4097}, "input"),
        ({"speed": 4.1}, "speed"),
        ({"voice": ""}, "voice"),
        ({"response_format": "midi"}, "response_format"),
    ],
)
async def test_a_wrong_speech_request_is_refused_by_the_field(
    client: AsyncOpenAI, wrong: dict[str, str], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await spoken(client, **wrong)
    assert caught.value.param == param
