"""Which recordings go as they are, which as mp3, and which in pieces."""

import sys

import pytest

from core import sound
from core.errors import MediaError, RelayInvalid, RelayTooLarge
from core.relay.dialect import Limits
from core.relay.hearing import HEAD_BYTES, filename, fit
from core.request import TranscriptionRequest
from tests.relays.hearing.recordings import clip, flac, silence_wav, wav
from tests.relays.stage import dialect


def request(audio: bytes, name: str = "voice.ogg", **more) -> TranscriptionRequest:
    return TranscriptionRequest(audio=audio, filename=name, **more)


def test_a_recording_that_the_relay_takes_goes_as_it_is() -> None:
    for audio in (clip(), wav("garden.ogg"), flac("garden.ogg"), sound.to_mp3(clip())):
        (piece,) = fit(request(audio), dialect())
        assert piece.content is audio


@pytest.mark.parametrize("write", [sound.to_amr, sound.to_silk])
def test_a_format_that_no_relay_takes_goes_as_mp3_whatever_its_name(write) -> None:
    audio = write(clip())
    (piece,) = fit(request(audio, "voice.mp3"), dialect())
    assert sound.sniff(piece.content) == piece.form == "mp3"
    assert piece.duration_s == pytest.approx(sound.duration_s(audio), abs=0.001)


def test_a_format_that_was_refused_once_goes_as_mp3() -> None:
    (piece,) = fit(request(clip()), dialect(audio_refused=("ogg",)))
    assert piece.form == "mp3"


def test_a_format_is_refused_under_all_its_names() -> None:
    mp3 = sound.to_mp3(clip())
    (piece,) = fit(request(mp3), dialect(audio_refused=("mpga",)))
    assert piece.content is not mp3


def test_a_wav_of_26_mb_goes_as_mp3_in_one_piece() -> None:
    audio = silence_wav(26 * 2**20 / 48_000)
    assert len(audio) > 26 * 2**20
    (piece,) = fit(request(audio, "a.wav"), dialect())
    assert piece.form == "mp3"
    assert len(piece.content) < 4 * 2**20
    assert piece.duration_s == pytest.approx(26 * 2**20 / 48_000, abs=0.001)


def test_no_piece_has_more_bytes_than_the_relay_takes() -> None:
    limits = Limits(audio_bytes=HEAD_BYTES + 6_000 * 3)
    pieces = fit(request(wav("river.ogg", "letter.ogg")), dialect(limits=limits))
    assert len(pieces) > 1
    assert max(len(piece.content) for piece in pieces) <= limits.audio_bytes
    assert max(piece.duration_s for piece in pieces) <= 3


def test_a_recording_is_cut_where_it_lasts_longer_than_the_relay_takes() -> None:
    limits = Limits(audio_s=3)
    long, short = wav("river.ogg", "letter.ogg"), sound.to_mp3(clip())
    assert len(fit(request(long), dialect(limits=limits))) > 1
    assert fit(request(short), dialect(limits=limits))[0].content is short


@pytest.mark.parametrize("limits", [Limits(audio_bytes=HEAD_BYTES + 11_999), Limits(audio_s=1)])
def test_a_profile_that_takes_under_two_seconds_is_told_of(limits: Limits) -> None:
    with pytest.raises(RelayTooLarge, match=r"no sound is so short\. Check \[limits\]") as caught:
        fit(request(wav("river.ogg")), dialect(limits=limits), "main")
    assert caught.value.params["limit"] in (limits.audio_bytes, limits.audio_s)


def test_what_is_no_recording_is_not_sent() -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        fit(request(b"no sound at all"), dialect())


@pytest.mark.parametrize(
    ("audio", "given", "name"),
    [
        (clip(), "voice.oga", "audio.ogg"),
        (clip(), "voice", "audio.ogg"),
        (clip(), "mine.OGG", "mine.OGG"),
        (sound.to_mp3(clip()), "voice.mpga", "voice.mpga"),
        (sound.to_mp3(clip()), "voice.ogg", "audio.mp3"),
    ],
)
def test_the_name_tells_what_the_file_is(audio: bytes, given: str, name: str) -> None:
    (piece,) = fit(request(audio, given), dialect())
    assert filename(piece, given, dialect()) == name


# -- without the package that reads sound ---------------------------------------


@pytest.fixture
def no_av(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)


@pytest.mark.usefixtures("no_av")
@pytest.mark.parametrize("limits", [Limits(), Limits(audio_s=60)])
def test_without_the_package_what_fits_goes_as_it_is(limits: Limits) -> None:
    audio = clip()
    assert fit(request(audio, duration_s=2.2), dialect(limits=limits))[0].content is audio
    unknown = b"of a format that is not known here"
    assert fit(request(unknown, "a.mp3"), dialect(limits=limits))[0].content is unknown


@pytest.mark.usefixtures("no_av")
@pytest.mark.parametrize(
    ("limits", "got"), [(Limits(audio_bytes=20_000), 20_001), (Limits(audio_s=60), 61)]
)
def test_without_the_package_what_is_too_large_is_refused_with_its_remedy(limits, got) -> None:
    audio = clip().ljust(20_001, b"\0")
    with pytest.raises(RelayTooLarge, match="pip install av") as caught:
        fit(request(audio, duration_s=61.0), dialect(limits=limits), "main")
    assert caught.value.params["got"] == got


@pytest.mark.usefixtures("no_av")
def test_without_the_package_a_format_that_is_not_taken_is_refused_with_its_remedy() -> None:
    with pytest.raises(RelayInvalid, match=r'got "amr".*pip install av'):
        fit(request(b"#!AMR\n" + bytes(99), "voice.amr"), dialect(), "main")
    refused = dialect(audio_refused=("ogg",))
    with pytest.raises(RelayInvalid, match=r'mp3, .*m4a, wav, webm, got "ogg"'):
        fit(request(clip()), refused, "main")
