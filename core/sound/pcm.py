"""Plain samples, and how to get them out of any recording."""

import io
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any

from msgspec import Struct

from core.errors import MediaError
from core.sound.format import sniff
from core.sound.packages import need

RATE_HZ = 24_000
LIMIT_S = 600
"""Longer sound is not held: a small file may hold days of silence."""

LONG_S = 4 * 3_600
"""What is decoded piece by piece may be this long."""

MOST_HZ = 768_000
"""The most that anybody records with; a resampler's tables grow with it, to half a second's work
for 67 MHz (measured in November 2026)."""

CHUNK_BYTES = 2**16
IN_MEMORY_BYTES = 32 * 2**20

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


def quick_duration_s(content: bytes) -> float:
    """How long a recording is by its packets' times: a thousandth of it, nothing is decoded.

    Not for SILK. Raises MediaError.
    """
    with _opened(content) as container:
        stream = container.streams.audio[0]
        times = [(p.pts, p.duration or 0) for p in container.demux(stream) if p.pts is not None]
        if not times or stream.time_base is None:
            return 0.0
        ticks = max(at + lasts for at, lasts in times) - min(at for at, _ in times)
        return float(ticks * stream.time_base)


def decode(content: bytes, rate_hz: int = RATE_HZ) -> Pcm:
    """The sound of a recording of any format, LIMIT_S at most. Raises MediaError."""
    samples = b"".join(decoded(content, rate_hz, LIMIT_S))
    if not samples:
        raise nothing_heard()
    return Pcm(rate_hz=rate_hz, samples=samples)


def decoded(content: bytes, rate_hz: int = RATE_HZ, limit_s: int = LONG_S) -> Iterator[bytes]:
    """The samples of a recording in their order, as Pcm has them; none are kept.

    Raises MediaError, for a recording of over `limit_s` once that much has come.
    """
    read = _decoded_silk if sniff(content) == "silk" else _decoded
    left = 2 * rate_hz * limit_s
    for samples in read(content, rate_hz, limit_s):
        left -= len(samples)
        if left < 0:
            raise _too_long(limit_s)
        yield samples


def write_wav(sound: Pcm) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate_hz)
        file.writeframes(sound.samples)
    return made.getvalue()


def nothing_heard() -> MediaError:
    return MediaError("expected a recording with sound in it, got an empty one")


def _too_long(limit_s: int) -> MediaError:
    return MediaError(
        f"expected a recording of at most {limit_s} s, got a longer one. Send it in parts."
    )


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    """The container, in PyAV's words; its errors inside the block become MediaError."""
    av = need("av")
    try:
        whitelist = {"format_whitelist": FORMATS}
        with av.open(io.BytesIO(content), "r", container_options=whitelist) as container:
            yield container
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise MediaError(
            f"expected a recording, got one that cannot be read: {type(error).__name__}"
        ) from error


def _decoded(content: bytes, rate_hz: int, _limit_s: int) -> Iterator[bytes]:
    resampler = need("av").AudioResampler(format="s16", layout="mono", rate=rate_hz)
    with _opened(content) as container:
        for frame in container.decode(audio=0):
            if frame.sample_rate > MOST_HZ:
                raise MediaError(
                    f"expected a recording of at most {MOST_HZ:,} Hz, got one of "
                    f"{frame.sample_rate:,} Hz. Send it in a usual form, such as mp3."
                )
            yield from map(_samples, resampler.resample(frame))
        yield from map(_samples, resampler.resample(None))


def _samples(frame: Any) -> bytes:
    return bytes(frame.planes[0])[: 2 * frame.samples]


def _decoded_silk(content: bytes, rate_hz: int, limit_s: int) -> Iterator[bytes]:
    """pysilk writes the whole: what is long goes to disk meanwhile."""
    pysilk = need("pysilk")
    _check_silk(content, limit_s)
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as made:
        try:
            pysilk.decode(io.BytesIO(content), made, rate_hz)
        except (pysilk.SilkError, ValueError, OSError) as error:
            raise MediaError("expected a SILK recording, got one that cannot be read") from error
        made.seek(0)
        yield from iter(partial(made.read, CHUNK_BYTES), b"")


def _check_silk(content: bytes, limit_s: int) -> None:
    """A packet is 20 ms or more and may be two bytes: they are counted before any is decoded."""
    at = content.index(SILK_HEAD) + len(SILK_HEAD)
    packets = 0
    while at + 2 <= len(content):
        size = int.from_bytes(content[at : at + 2], "little", signed=True)
        if size < 0:  # the end of Tencent's other form
            return
        at += 2 + size
        packets += 1
        if packets > SILK_PACKETS_PER_S * limit_s:
            raise _too_long(limit_s)
