"""What was really spoken is really understood, however the recording had to be sent."""

import asyncio
from collections.abc import Iterator

import pytest

from core import sound
from core.relay.client import Relay
from core.relay.dialect import Limits
from core.relay.hearing import HEAD_BYTES, fit, hear
from core.relay.subtitles import SubtitleFormat, format_cues, parse_cues
from core.relay.transport import Transport
from core.request import TranscriptionRequest
from tests.relays.hearing.recordings import PHRASES, clip, spoken, wav
from tests.relays.stage import dialect, entry, relay
from tests.sandbox.heard import heard_once
from tests.sandbox.server import Sandbox, sandbox
from tests.sandbox.wer import word_error_rate

THREE = ("garden.ogg", "market.ogg", "station.ogg")
SAID = [PHRASES[name] for name in THREE]


@pytest.fixture(scope="module")
def ears() -> Iterator[Sandbox]:
    pytest.importorskip("pocketsphinx")
    with heard_once(), sandbox() as running:
        yield running


def client(ears: Sandbox, transport: Transport, **more) -> Relay:
    return relay(entry(ears.origin, first_byte_timeout_s=60.0), transport, **more)


@pytest.mark.parametrize(
    "limits", [Limits(audio_s=5), Limits(audio_bytes=HEAD_BYTES + 6_000 * 5)], ids=["s", "bytes"]
)
async def test_a_recording_cut_in_pieces_is_understood_as_a_whole(
    ears: Sandbox, transport: Transport, limits: Limits
) -> None:
    audio = wav(*THREE)
    made = client(ears, transport, limits=limits)
    asked = TranscriptionRequest(audio=audio, filename="a.wav", model="whisper-1")
    pieces = fit(asked, made.dialect)
    assert len(pieces) == 3
    heard = await hear(made, asked)
    assert word_error_rate([(" ".join(SAID), heard.text)]) <= 0.15, heard.text
    apart = await asyncio.gather(*(hear(made, one(piece.content)) for piece in pieces))
    for phrase, part in zip(SAID, apart, strict=True):
        assert word_error_rate([(phrase, part.text)]) <= 0.3, part.text


def one(audio: bytes) -> TranscriptionRequest:
    return TranscriptionRequest(audio=audio, filename="a.mp3", model="whisper-1")


@pytest.mark.parametrize("form", ["srt", "vtt"])
async def test_subtitles_of_pieces_go_on_in_time(
    ears: Sandbox, transport: Transport, form: SubtitleFormat
) -> None:
    made = client(ears, transport, limits=Limits(audio_s=5))
    asked = TranscriptionRequest(audio=wav(*THREE), filename="a.wav", response_format=form)
    text = (await hear(made, asked)).text
    assert text.count("WEBVTT") == (form == "vtt")
    cues = list(parse_cues(text))
    assert text == format_cues(cues, form)
    assert word_error_rate([(" ".join(SAID), " ".join(cue.text for cue in cues))]) <= 0.15
    times = [at for cue in cues for at in (cue.start_s, cue.end_s)]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(spoken(*THREE).duration_s - 1.0, abs=0.5)


async def test_segments_of_pieces_go_on_in_time(ears: Sandbox, transport: Transport) -> None:
    made = client(ears, transport, limits=Limits(audio_s=5))
    asked = TranscriptionRequest(
        audio=wav(*THREE), filename="a.wav", response_format="verbose_json"
    )
    heard = await hear(made, asked)
    times = [at for one in heard.segments for at in (one.start_s, one.end_s)]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(heard.duration_s - 1.0, abs=0.5)
    assert heard.duration_s == pytest.approx(spoken(*THREE).duration_s, abs=0.3)
    assert heard.language == "english"


@pytest.mark.parametrize(
    ("write", "refused", "errors"),
    [(sound.to_amr, (), 0.5), (sound.to_silk, (), 0.25), (sound.to_ogg_opus, ("ogg",), 0.2)],
    ids=["amr", "silk", "ogg refused"],
)
async def test_what_goes_as_mp3_is_understood(
    ears: Sandbox, transport: Transport, write, refused, errors
) -> None:
    made = client(ears, transport, audio_refused=refused)
    texts = await asyncio.gather(*(heard(made, write(clip(name))) for name in THREE))
    assert word_error_rate(list(zip(SAID, texts, strict=True))) <= errors, texts


async def heard(made: Relay, audio: bytes) -> str:
    asked = TranscriptionRequest(audio=audio, filename="voice", model="whisper-1")
    assert fit(asked, made.dialect)[0].form == "mp3"
    return (await hear(made, asked)).text


def test_no_cut_lies_where_somebody_speaks() -> None:
    whole = spoken(*THREE)
    asked = TranscriptionRequest(audio=wav(*THREE), filename="a.wav")
    pieces = fit(asked, dialect(limits=Limits(audio_s=5)))
    for piece in pieces[1:]:
        at = 2 * round(piece.start_s * whole.rate_hz)
        around = memoryview(whole.samples)[at - 4_800 : at + 4_800].cast("h")
        assert max(map(abs, around)) < 300
