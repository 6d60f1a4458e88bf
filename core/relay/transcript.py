"""What was heard in the pieces of a recording, put together. Pure."""

import re
from collections.abc import Iterator, Sequence

from msgspec import structs

from core.relay.subtitles import Cue, format_cues, parse_cues
from core.request import TextFormat
from core.response import Segment, Transcription
from core.sound.split import Piece

_CHINESE = re.compile(r"[\u2e80-\u30ff\u3190-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff65]")


def join(
    pieces: Sequence[Piece], heard: Sequence[Transcription], response_format: TextFormat
) -> Transcription:
    """One answer of the pieces' own, its times those of the whole recording."""
    if len(heard) == 1:
        return structs.replace(heard[0], duration_s=heard[0].duration_s or pieces[0].duration_s)
    pairs = list(zip(pieces, heard, strict=True))
    segments = (
        structs.replace(s, start_s=s.start_s + piece.start_s, end_s=s.end_s + piece.start_s)
        for piece, part in pairs
        for s in part.segments
    )
    return Transcription(
        text=_join_text(pairs, response_format),
        language=next((part.language for part in heard if part.language), ""),
        duration_s=sum(part.duration_s or piece.duration_s for piece, part in pairs),
        segments=tuple[Segment, ...](segments),
    )


def _join_text(pairs: Sequence[tuple[Piece, Transcription]], form: TextFormat) -> str:
    if form in ("srt", "vtt"):
        return format_cues((cue for pair in pairs for cue in _cues(*pair)), form)
    text = ""
    for _, part in pairs:
        text = _glued(text, part.text.strip())
    return text


def _glued(before: str, after: str) -> str:
    if not before or not after:
        return before + after
    unspaced = _CHINESE.match(before[-1]) and _CHINESE.match(after[0])
    return before + after if unspaced else f"{before} {after}"


def _cues(piece: Piece, part: Transcription) -> Iterator[Cue]:
    """The part's cues at their place in the whole; plain text is one cue."""
    cues = list(parse_cues(part.text))
    words = part.text.strip()
    if not cues and words and not words.startswith("WEBVTT"):
        cues = [Cue(start_s=0.0, end_s=part.duration_s or piece.duration_s, text=words)]
    for cue in cues:
        yield structs.replace(
            cue, start_s=cue.start_s + piece.start_s, end_s=cue.end_s + piece.start_s
        )


def words_of(part: Transcription, form: TextFormat) -> str:
    """What was said, without times."""
    if form not in ("srt", "vtt"):
        return part.text
    return " ".join(cue.text for cue in parse_cues(part.text))
