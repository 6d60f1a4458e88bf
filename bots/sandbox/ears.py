"""Recognises English: a program of its own, since it blocks, takes 140 MB and reads strange files.

    python -m bots.sandbox.ears < sound.ogg

Any sound file that FFmpeg reads comes in by standard input; a JSON `Heard` or
`Unheard` goes out by standard output. Needs `av` and `pocketsphinx`.
"""

import io
import re
import sys
from collections.abc import Iterator

import msgspec
from msgspec import Struct

RATE_HZ = 16_000
FRAMES_PER_S = 100
LIMIT_S = 300
SILENCE_S = 0.3
"""Put before and after: the recogniser needs it to hear the first and the last word."""

VOICED_FRAME_S = 0.03
LEAST_VOICED_S = 0.15
"""With less voice than this nobody speaks; the recogniser would hear words in pure silence."""

_VARIANT = re.compile(r"\(\d+\)$")


class Word(Struct, frozen=True, kw_only=True):
    """A word and when it was said, in seconds from the start of the sound."""

    word: str
    start: float
    end: float


class Heard(Struct, frozen=True, kw_only=True, tag="heard"):
    duration_s: float
    words: list[Word]


class Unheard(Struct, frozen=True, kw_only=True, tag="unheard"):
    """The sound could not be read, and why."""

    reason: str


def main() -> None:
    sys.stdout.buffer.write(msgspec.json.encode(hear(sys.stdin.buffer.read())))


def hear(content: bytes) -> Heard | Unheard:
    import av  # noqa: PLC0415 - an extra

    try:
        samples = decode_sound(content)
    except (av.FFmpegError, IndexError, ValueError) as error:
        return Unheard(reason=f"{type(error).__name__}: {error}")
    if len(samples) > LIMIT_S * RATE_HZ * 2:
        return Unheard(reason=f"it is longer than {LIMIT_S} s")
    words = list(recognise(samples)) if has_voice(samples) else []
    return Heard(duration_s=len(samples) / 2 / RATE_HZ, words=words)


def decode_sound(content: bytes) -> bytes:
    """The first sound track as mono 16-bit samples of RATE_HZ; stops a little past LIMIT_S."""
    import av  # noqa: PLC0415

    samples = bytearray()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(io.BytesIO(content), "r") as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                samples += bytes(part.planes[0])[: 2 * part.samples]
            if len(samples) > LIMIT_S * RATE_HZ * 2:
                return bytes(samples)
        for part in resampler.resample(None):
            samples += bytes(part.planes[0])[: 2 * part.samples]
    return bytes(samples)


def has_voice(samples: bytes) -> bool:
    from pocketsphinx import Vad  # noqa: PLC0415 - an extra

    detector = Vad(Vad.STRICT, RATE_HZ, VOICED_FRAME_S)
    size = detector.frame_bytes
    frames = range(0, len(samples) - size + 1, size)
    voiced: int = sum(detector.is_speech(samples[at : at + size]) for at in frames)
    return voiced * VOICED_FRAME_S >= LEAST_VOICED_S


def recognise(samples: bytes) -> Iterator[Word]:
    """The words in their order; nothing for silence."""
    from pocketsphinx import Decoder  # noqa: PLC0415 - an extra

    silence = bytes(2 * round(SILENCE_S * RATE_HZ))
    decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(silence + samples + silence, full_utt=True)
    decoder.end_utt()
    for segment in decoder.seg() or ():
        word = _VARIANT.sub("", segment.word)
        if not word.startswith(("<", "[", "+")):
            yield Word(
                word=word,
                start=max(0.0, segment.start_frame / FRAMES_PER_S - SILENCE_S),
                end=max(0.0, (segment.end_frame + 1) / FRAMES_PER_S - SILENCE_S),
            )


if __name__ == "__main__":
    main()
