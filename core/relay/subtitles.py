"""Subtitles as SubRip (srt) and WebVTT (W3C, https://www.w3.org/TR/webvtt1/) have them. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

SubtitleFormat: TypeAlias = Literal["srt", "vtt"]

_TIMING = re.compile(
    r"^(?P<start>[\d:.,]+)[ \t]+-->[ \t]+(?P<end>[\d:.,]+)(?P<settings>.*)$", re.MULTILINE
)
_TIME = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_BLANK = re.compile(r"\n[ \t]*\n")


class Cue(Struct, frozen=True, kw_only=True):
    """Words shown between two moments, in seconds. `settings` are WebVTT's, for its place."""

    start_s: float
    end_s: float
    text: str
    settings: str = ""


def parse_cues(text: str) -> Iterator[Cue]:
    """The cues of either format; headers, notes, styles and numbers are left out."""
    for block in _BLANK.split(text.replace("\r\n", "\n")):
        timing = _TIMING.search(block)
        if timing and (times := _seconds(timing["start"], timing["end"])):
            yield Cue(
                start_s=times[0],
                end_s=times[1],
                text=block[timing.end() :].strip(),
                settings=timing["settings"].strip(),
            )


def format_cues(cues: Iterable[Cue], form: SubtitleFormat) -> str:
    if form == "vtt":
        return "WEBVTT\n\n" + "".join(f"{_timing(cue, '.')}\n{cue.text}\n\n" for cue in cues)
    return "".join(
        f"{number}\n{_timing(cue, ',')}\n{cue.text}\n\n" for number, cue in enumerate(cues, 1)
    )


def _timing(cue: Cue, point: str) -> str:
    line = f"{_clock(cue.start_s, point)} --> {_clock(cue.end_s, point)}"
    return f"{line} {cue.settings}" if cue.settings else line


def _clock(at_s: float, point: str) -> str:
    ms = round(at_s * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def _seconds(*clocks: str) -> tuple[float, ...]:
    """Each time in seconds; nothing if one of them is no time."""
    found = [_TIME.fullmatch(clock) for clock in clocks]
    if not all(found):
        return ()
    return tuple(_read(match) for match in found if match)


def _read(clock: re.Match[str]) -> float:
    hours, minutes, seconds, part = clock.groups(default="0")
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return (1000 * whole + int(part.ljust(3, "0"))) / 1000
