"""The forms in which recognised speech is told: text, segments, subtitles. Pure."""

import math
import zlib
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from bots.sandbox.ears import Heard, Word

PAUSE_S = 0.35
WORDS_A_SEGMENT = 14


class Segment(Struct, frozen=True, kw_only=True):
    """Words said without a pause; times in seconds."""

    start: float
    end: float
    text: str


def text_of(heard: Heard) -> str:
    return " ".join(word.word for word in heard.words)


def segments_of(heard: Heard) -> list[Segment]:
    """Cut at pauses, and before a segment grows too long to read."""
    return [
        Segment(start=run[0].start, end=run[-1].end, text=" ".join(word.word for word in run))
        for run in _runs(heard.words)
    ]


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    if not words:
        return []
    runs = [[words[0]]]
    for before, word in pairwise(words):
        if word.start - before.end > PAUSE_S or len(runs[-1]) >= WORDS_A_SEGMENT:
            runs.append([])
        runs[-1].append(word)
    return runs


def as_srt(heard: Heard) -> str:
    """SubRip: numbered blocks, a comma before the milliseconds."""
    return "".join(
        f"{number}\n{_clock(segment.start, ',')} --> {_clock(segment.end, ',')}\n{segment.text}\n\n"
        for number, segment in enumerate(segments_of(heard), 1)
    )


def as_vtt(heard: Heard) -> str:
    """WebVTT (W3C)."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(segment.start, '.')} --> {_clock(segment.end, '.')}\n{segment.text}\n\n"
        for segment in segments_of(heard)
    )


def _clock(at_s: float, point: str) -> str:
    ms = round(at_s * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def billed_s(heard: Heard) -> int:
    """What OpenAI bills for whisper-1: the sound's whole seconds."""
    return math.ceil(heard.duration_s)


def usage_of(heard: Heard) -> dict[str, object]:
    return {"type": "duration", "seconds": billed_s(heard)}


def as_verbose(
    heard: Heard, task: str, *, temperature: float, with_words: bool
) -> dict[str, object]:
    """OpenAI's verbose_json; figures that the recogniser does not have are 0.

    `temperature` is told back only: the recogniser does not guess.
    """
    told: dict[str, object] = {
        "task": task,
        "language": "english",
        "duration": heard.duration_s,
        "text": text_of(heard),
        "segments": [
            _verbose(number, segment, temperature)
            for number, segment in enumerate(segments_of(heard))
        ],
        "usage": usage_of(heard),
    }
    if with_words:
        told["words"] = heard.words
    return told


def _verbose(number: int, segment: Segment, temperature: float) -> dict[str, object]:
    text = segment.text.encode()
    return {
        "id": number,
        "seek": 0,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],
        "temperature": temperature,
        "avg_logprob": 0.0,
        "compression_ratio": round(len(text) / len(zlib.compress(text)), 3),
        "no_speech_prob": 0.0,
    }
