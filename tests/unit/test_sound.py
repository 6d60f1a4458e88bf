"""Recordings: recognised, read and written anew, and still understood afterwards."""

import asyncio
import io
import json
import sys
import wave
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.sandbox.ears import Heard
from core import sound
from core.errors import MediaError
from core.sound.packages import need
from tests.sandbox.wer import word_error_rate

CLIPS = Path(__file__).parent.parent / "clips"
WRITERS = {
    "wav": sound.to_wav,
    "ogg": sound.to_ogg_opus,
    "silk": sound.to_silk,
    "amr": sound.to_amr,
    "mp3": sound.to_mp3,
}


def clip(name="garden.ogg"):
    return (CLIPS / name).read_bytes()


@pytest.mark.parametrize("form", WRITERS)
def test_a_recording_written_anew_is_of_its_format_and_length(form):
    made = WRITERS[form](clip())
    assert sound.sniff(made) == form
    assert sound.duration_s(made) == pytest.approx(sound.duration_s(clip()), abs=0.1)


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_becomes_a_plain_wav(form):
    with wave.open(io.BytesIO(sound.to_wav(WRITERS[form](clip())))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert file.getnframes() > 24_000


def test_silk_is_read_with_and_without_tencents_byte_in_front():
    tencent = sound.to_silk(clip())
    assert tencent.startswith(b"\x02#!SILK_V3")
    assert sound.to_wav(tencent[1:]) == sound.to_wav(tencent)


@pytest.mark.parametrize("content", [b"", b"no sound", b"#!AMR\n", b"\x02#!SILK_V3", b"OggS" * 9])
def test_what_holds_no_sound_is_refused(content):
    with pytest.raises(MediaError):
        sound.to_wav(content)


def test_a_recording_cannot_have_another_file_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.wav").write_bytes(sound.to_wav(clip()))
    with pytest.raises(MediaError):
        sound.to_wav(b"ffconcat version 1.0\nfile secret.wav\n")


def test_a_recording_cannot_have_the_network_listened_to():
    description = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\n"
    where = "c=IN IP4 127.0.0.1\nm=audio 40000 RTP/AVP 0\n"
    with pytest.raises(MediaError):  # FFmpeg would wait there for ever
        sound.to_wav(f"{description}{where}".encode())


def test_a_small_file_that_holds_hours_is_refused_before_it_is_unpacked():
    hours = b"\x02#!SILK_V3" + b"\x01\x00\x00" * 1_000_000
    with pytest.raises(MediaError, match="at most 600 s"):
        sound.to_wav(hours)


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysilk", None)
    with pytest.raises(MediaError, match="pip install silk-python"):
        need("pysilk")


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x02#!SILK_V3", b"#!AMR\n", b"RIFF", b"ID3"])
)
def test_strange_bytes_raise_nothing_but_media_errors(content, head):
    try:
        sound.to_wav(head + content)
    except MediaError:
        return


@pytest.mark.parametrize(("form", "errors"), [("ogg", 0.2), ("silk", 0.25), ("amr", 0.5)])
async def test_what_was_said_is_understood_after_the_codec(form, errors):
    phrases = json.loads((CLIPS / "phrases.json").read_text())
    spoken = [WRITERS[form](clip(name)) for name in phrases]
    heard = await asyncio.gather(*(understood(sound.to_wav(content)) for content in spoken))
    assert word_error_rate(list(zip(phrases.values(), heard, strict=True))) <= errors


async def understood(content):
    pipe = asyncio.subprocess.PIPE
    ears = (sys.executable, "-m", "bots.sandbox.ears")
    process = await asyncio.create_subprocess_exec(*ears, stdin=pipe, stdout=pipe)
    told, _ = await process.communicate(content)
    return " ".join(word.word for word in msgspec.json.decode(told, type=Heard).words)
