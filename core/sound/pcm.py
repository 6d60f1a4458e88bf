"""Plain samples, and how to get them out of any recording."""

import io
import wave
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from core.errors import MediaError
from core.sound.format import sniff
from core.sound.packages import need

RATE_HZ = 24_000
LIMIT_S = 600
"""Longer sound is refused: a small file may hold days of silence."""

TOO_LONG = f"expected a recording of at most {LIMIT_S} s, got a longer one"

FORMATS = "aac,aiff,amr,amrnb,amrwb,asf,au,caf,flac,matroska,mov,mp3,ogg,wav"
"""FFmpeg's names. Of those left out some open files or sockets that the recording names."""

SILK_HEAD = b"#!SILK_V3"
SILK_PACKETS_PER_S = 50


class Pcm(Struct, frozen=True, kw_only=True):
    """Mono, signed 16 bits, little-endian."""

    rate_hz: int
    samples: bytes

    @property
    def duration_s(self) -> float:
        return len(self.samples) / 2 / self.rate_hz


def duration_s(content: bytes) -> float:
    """How long a recording is. Raises MediaError."""
    return decode(content).duration_s


def decode(content: bytes, rate_hz: int = RATE_HZ) -> Pcm:
    """The sound of a recording of any format. Raises MediaError."""
    read = _decode_silk if sniff(content) == "silk" else _decode
    samples = read(content, rate_hz)
    if not samples:
        raise MediaError("expected a recording with sound in it, got an empty one")
    return Pcm(rate_hz=rate_hz, samples=samples)


def write_wav(sound: Pcm) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate_hz)
        file.writeframes(sound.samples)
    return made.getvalue()


def _decode(content: bytes, rate_hz: int) -> bytes:
    samples = bytearray()
    for piece in _decoded(content, rate_hz):
        samples += piece
        if len(samples) > 2 * rate_hz * LIMIT_S:
            raise MediaError(TOO_LONG)
    return bytes(samples)


def _decoded(content: bytes, rate_hz: int) -> Iterator[bytes]:
    av = need("av")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
    try:
        whitelist = {"format_whitelist": FORMATS}
        with av.open(io.BytesIO(content), "r", container_options=whitelist) as container:
            for frame in container.decode(audio=0):
                yield from map(_samples, resampler.resample(frame))
            yield from map(_samples, resampler.resample(None))
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise MediaError(
            f"expected a recording, got one that cannot be read: {type(error).__name__}"
        ) from error


def _samples(frame: Any) -> bytes:
    return bytes(frame.planes[0])[: 2 * frame.samples]


def _decode_silk(content: bytes, rate_hz: int) -> bytes:
    pysilk = need("pysilk")
    _check_silk(content)
    made = io.BytesIO()
    try:
        pysilk.decode(io.BytesIO(content), made, rate_hz)
    except (pysilk.SilkError, ValueError, OSError) as error:
        raise MediaError("expected a SILK recording, got one that cannot be read") from error
    return made.getvalue()


def _check_silk(content: bytes) -> None:
    """A packet is 20 ms or more and may be two bytes: they are counted before any is decoded."""
    at = content.index(SILK_HEAD) + len(SILK_HEAD)
    packets = 0
    while at + 2 <= len(content):
        size = int.from_bytes(content[at : at + 2], "little", signed=True)
        if size < 0:  # the end of Tencent's other form
            return
        at += 2 + size
        packets += 1
        if packets > SILK_PACKETS_PER_S * LIMIT_S:
            raise MediaError(TOO_LONG)
