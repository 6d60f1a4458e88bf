"""A long recording is cut where nobody speaks, and nothing of it is lost."""

import io
import math
import random
import wave
from array import array
from collections import deque
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import sound
from core.errors import MediaError
from core.sound.encode import MP3
from core.sound.pcm import LONG_S, Pcm, decode, decoded, quick_duration_s, write_wav
from core.sound.split import SHORTEST_S, cut_at, split, to_mp3_pieces

CLIPS = Path(__file__).parent.parent / "clips"
RATE_HZ = 1_000
CHANCE = random.Random(4)


def noise(seconds: float, loudness: int, rate_hz: int = RATE_HZ) -> bytes:
    drawn = (CHANCE.randint(-loudness, loudness) for _ in range(round(seconds * rate_hz)))
    return array("h", drawn).tobytes()


def pieces_of(chunks: list[bytes], limit_s: float) -> list[tuple[int, bytes]]:
    stretches = split(chunks, RATE_HZ, limit_s)
    return [
        (start, b"".join(stretch.samples for stretch in run))
        for start, run in groupby(stretches, lambda stretch: stretch.start)
    ]


@given(
    content=st.binary(max_size=4_000),
    spoken_s=st.lists(st.floats(0, 9), max_size=8),
    limit_s=st.floats(2, 8),
    chunk_bytes=st.integers(1, 30_000),
)
def test_the_pieces_together_are_all_samples_and_each_is_within_the_limit(
    content: bytes, spoken_s: list[float], limit_s: float, chunk_bytes: int
) -> None:
    whole = content[: len(content) & ~1] + b"".join(
        bytes([7, at]) * round(seconds * RATE_HZ) for at, seconds in enumerate(spoken_s)
    )
    chunks = [whole[at : at + chunk_bytes] for at in range(0, len(whole), chunk_bytes)]
    pieces = pieces_of(chunks, limit_s)
    assert b"".join(samples for _, samples in pieces) == whole
    at = 0
    for start, samples in pieces:
        assert start == at
        assert 0 < len(samples) <= 2 * limit_s * RATE_HZ
        at += len(samples) // 2
    if len(pieces) > 1:
        assert min(len(samples) for _, samples in pieces) >= 2 * SHORTEST_S * RATE_HZ


def test_a_cut_lies_in_the_middle_of_the_longest_silence() -> None:
    said = noise(2, 9_000), noise(0.3, 30), noise(2, 9_000), noise(1, 30), noise(1, 9_000)
    assert cut_at(b"".join(said), RATE_HZ) == pytest.approx(4_800, abs=60)


def test_a_gap_inside_a_word_is_no_silence() -> None:
    said = noise(2, 9_000), noise(0.06, 0), noise(2, 9_000), noise(0.3, 200), noise(1, 9_000)
    assert cut_at(b"".join(said), RATE_HZ) == pytest.approx(4_210, abs=60)


def test_silence_is_found_beneath_a_loud_hum() -> None:
    said = noise(3, 9_000), noise(0.5, 900), noise(3, 9_000)
    assert cut_at(b"".join(said), RATE_HZ) == pytest.approx(3_250, abs=60)


@pytest.mark.parametrize("loudness", [0, 3, 9_000])
def test_a_recording_without_silence_or_of_nothing_else_is_cut_hard(loudness: int) -> None:
    pieces = pieces_of([noise(25, loudness)], 10)
    assert [len(samples) / 2 / RATE_HZ for _, samples in pieces] == [9.5, 9.5, 6]


def test_silence_is_looked_for_near_the_limit_only() -> None:
    said = noise(130, 9_000), noise(5, 10), noise(70, 9_000), noise(0.4, 10), noise(50, 9_000)
    (_, first), (start, _) = pieces_of([b"".join(said)], 240)
    assert start == len(first) // 2 == pytest.approx(205_200, abs=60)


def test_no_more_than_a_minute_is_held_back() -> None:
    taken = given_out = 0
    said = noise(1, 9_000)

    def coming() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1_000):
            assert taken - given_out <= 2 * 60 * RATE_HZ
            taken += len(said)
            yield said

    for stretch in split(coming(), RATE_HZ, 300):
        given_out += len(stretch.samples)
    assert taken == given_out == 1_000 * len(said)


def test_a_limit_that_leaves_no_room_for_a_cut_is_refused() -> None:
    with pytest.raises(ValueError, match=r"limit_s: expected at least 2, got 1\.9"):
        next(split([b""], RATE_HZ, 1.9))


def clip(name: str) -> bytes:
    return (CLIPS / name).read_bytes()


def test_each_piece_is_an_mp3_of_its_own_that_says_where_it_stood() -> None:
    names = ("garden.ogg", "river.ogg", "sleep.ogg")
    silence = bytes(2 * 24_000)
    whole = silence.join(decode(clip(name)).samples for name in names)
    recording = write_wav(Pcm(rate_hz=24_000, samples=whole))
    pieces = to_mp3_pieces(recording, 5)
    assert len(pieces) == 3
    for piece in pieces:
        assert sound.sniff(piece.content) == "mp3"
        assert sound.duration_s(piece.content) == pytest.approx(piece.duration_s, abs=0.1)
        assert len(piece.content) <= MP3.bits_per_s / 8 * piece.duration_s + 1_000
    ends = [piece.start_s + piece.duration_s for piece in pieces]
    assert [0.0, *ends[:-1]] == pytest.approx([piece.start_s for piece in pieces])
    assert ends[-1] == pytest.approx(len(whole) / 48_000, abs=0.001)


def test_what_holds_no_sound_has_no_pieces() -> None:
    with pytest.raises(MediaError, match="got an empty one"):
        to_mp3_pieces(write_wav(Pcm(rate_hz=8_000, samples=b"")), 60)


@pytest.mark.parametrize("form", ["ogg_opus", "mp3", "amr", "wav"])
def test_a_length_is_told_without_decoding(form: str) -> None:
    made = getattr(sound, f"to_{form}")(clip("river.ogg"))
    assert quick_duration_s(made) == pytest.approx(sound.duration_s(made), abs=0.1)


def quiet_wav(seconds: int) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(1_000)
        file.writeframes(b"\x80" * 1_000 * seconds)
    return made.getvalue()


def test_what_is_decoded_bit_by_bit_may_be_longer_than_what_is_held() -> None:
    hour = quiet_wav(3_600)
    with pytest.raises(MediaError, match="at most 600 s"):
        decode(hour, 1_000)
    assert sum(len(samples) for samples in decoded(hour, 1_000)) == 2 * 3_600_000


def test_a_recording_of_over_four_hours_is_refused_with_limit_and_remedy() -> None:
    wanted = rf"at most {LONG_S} s, got a longer one\. Send it in parts"
    with pytest.raises(MediaError, match=wanted):
        deque(decoded(quiet_wav(LONG_S + 60), 1_000), maxlen=0)
    with pytest.raises(MediaError, match=wanted):
        next(decoded(b"\x02#!SILK_V3" + b"\x01\x00\x00" * (50 * LONG_S + 1)))


def test_silk_longer_than_ten_minutes_is_decoded() -> None:
    spoken = sound.to_silk(clip("garden.ogg"))
    packets = spoken.removeprefix(b"\x02#!SILK_V3")
    long = spoken[:10] + packets * math.ceil(610 / 2.2)
    assert sum(len(samples) for samples in decoded(long, 8_000)) / 16_000 > 600
