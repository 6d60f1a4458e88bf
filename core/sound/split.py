"""A long recording in pieces, each cut where nobody speaks, holding a minute of it at a time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import sqrt
from operator import attrgetter

from msgspec import Struct

from core.sound.encode import MP3, encode_stream
from core.sound.format import Format
from core.sound.pcm import decoded, nothing_heard

SEARCH_S = 60.0
"""How far before its limit a piece may be cut."""

LEAST_LIMIT_S = 2.0
"""Shorter limits leave no room to look for silence."""

SHORTEST_S = 0.5
"""No piece is shorter, so that none is refused for it: OpenAI takes 0.1 s and more
(its error `audio_too_short`, November 2026)."""

WINDOW_S = 0.02
AROUND = 2
"""Windows on either side that must be quiet too: a gap inside a word is no silence."""

FLOOR = 8.0
"""Mean amplitude, of 32,768, under which everything is as good as still."""


class Piece(Struct, frozen=True, kw_only=True):
    """Part of a recording, or the whole, as a file. `duration_s` is 0.0 where it isn't known."""

    content: bytes
    form: Format
    start_s: float = 0.0
    duration_s: float = 0.0


class Stretch(Struct, frozen=True, kw_only=True):
    """Samples of a piece that begins at the recording's sample `start`."""

    start: int
    samples: bytes


def to_mp3_pieces(content: bytes, limit_s: float) -> list[Piece]:
    """The recording as mp3 files of at most `limit_s` each, MP3.bits_per_s / 8 bytes a second.

    Raises MediaError.
    """
    stretches = split(decoded(content, MP3.rate_hz), MP3.rate_hz, limit_s)
    pieces = [_to_mp3(start, run) for start, run in groupby(stretches, attrgetter("start"))]
    if not pieces:
        raise nothing_heard()
    return pieces


def _to_mp3(start: int, run: Iterable[Stretch]) -> Piece:
    taken = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        for stretch in run:
            taken += len(stretch.samples) // 2
            yield stretch.samples

    content = encode_stream(counted(), MP3.rate_hz, MP3)
    return Piece(
        content=content,
        form="mp3",
        start_s=start / MP3.rate_hz,
        duration_s=taken / MP3.rate_hz,
    )


def split(sound: Iterable[bytes], rate_hz: int, limit_s: float) -> Iterator[Stretch]:
    """All samples in their order, told apart by piece; each piece lasts at most `limit_s`.

    `sound` is mono of 16 bits, in chunks of any size. A piece ends in the longest silence of
    its last SEARCH_S, or of its second half; without silence SHORTEST_S before its limit.
    Raises ValueError for a limit under LEAST_LIMIT_S.
    """
    if limit_s < LEAST_LIMIT_S:
        raise ValueError(f"limit_s: expected at least {LEAST_LIMIT_S:g}, got {limit_s:g}")
    limit = 2 * int(limit_s * rate_hz)
    latest = limit - 2 * int(SHORTEST_S * rate_hz)
    earliest = max(limit - 2 * int(SEARCH_S * rate_hz), 2 * (limit // 4))
    start = gone = 0  # `gone` counts bytes of this piece, `start` samples of the recording
    held = bytearray()
    for chunk in sound:
        held += chunk
        while gone + len(held) > limit:
            searched = bytes(held[earliest - gone : latest - gone])
            cut = earliest - gone + 2 * cut_at(searched, rate_hz)
            yield Stretch(start=start, samples=bytes(held[:cut]))
            del held[:cut]
            start, gone = start + (gone + cut) // 2, 0
        ready = min(earliest - gone, len(held) & ~1)
        if ready > 0:
            yield Stretch(start=start, samples=bytes(held[:ready]))
            del held[:ready]
            gone += ready
    if held:
        yield Stretch(start=start, samples=bytes(held))


def cut_at(samples: bytes, rate_hz: int) -> int:
    """The sample in the middle of the longest silence, of equal ones the last; else the end.

    Silent is what is nearer, in decibels, to the quietest moment than to the loudest.
    """
    size = max(1, int(WINDOW_S * rate_hz))
    levels = _calmed(_levels(samples, size))
    quietest, loudest = max(min(levels, default=0.0), FLOOR), max(levels, default=0.0)
    if loudest < 2 * quietest:
        return len(samples) // 2
    between = sqrt(quietest * loudest)
    runs = _runs(level < between for level in levels)
    first, end = max(reversed(runs), key=lambda run: run[1] - run[0])
    return min(len(samples), (first + end) * size) // 2


def _runs(quiet: Iterable[bool]) -> list[tuple[int, int]]:
    """First and past-the-last of each unbroken run of what is true."""
    runs = (
        list(run) for is_quiet, run in groupby(enumerate(quiet), lambda pair: pair[1]) if is_quiet
    )
    return [(run[0][0], run[-1][0] + 1) for run in runs]


def _levels(samples: bytes, size: int) -> list[float]:
    """The mean amplitude of each window of `size` samples."""
    view = memoryview(samples).cast("h")
    windows = (view[at : at + size] for at in range(0, len(view), size))
    return [sum(map(abs, window)) / len(window) for window in windows]


def _calmed(levels: Sequence[float]) -> list[float]:
    """Each window as loud as the loudest of those around it."""
    return [max(levels[max(0, at - AROUND) : at + AROUND + 1]) for at in range(len(levels))]
