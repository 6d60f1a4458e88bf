"""Recordings written anew, in the formats that platforms take. No ffmpeg on the machine."""

import io
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from core.errors import MediaError
from core.sound.packages import need
from core.sound.pcm import Pcm, decode, write_wav

SILK_BITS_PER_S = 24_000


class Codec(Struct, frozen=True, kw_only=True):
    """`container` and `name` in FFmpeg's words; 0 bits leaves the rate to the codec."""

    container: str
    name: str
    rate_hz: int
    bits_per_s: int = 0


OGG_OPUS = Codec(container="ogg", name="libopus", rate_hz=48_000, bits_per_s=32_000)
MP3 = Codec(container="mp3", name="libmp3lame", rate_hz=24_000, bits_per_s=48_000)
AMR_NB = Codec(container="amr", name="libopencore_amrnb", rate_hz=8_000, bits_per_s=12_200)


def to_wav(content: bytes) -> bytes:
    """Mono WAV of 16 bits at 24 kHz: what every transcription takes."""
    return write_wav(decode(content))


def to_ogg_opus(content: bytes) -> bytes:
    """What Telegram shows as a voice message."""
    return encode(decode(content, OGG_OPUS.rate_hz), OGG_OPUS)


def to_mp3(content: bytes) -> bytes:
    return encode(decode(content, MP3.rate_hz), MP3)


def to_amr(content: bytes) -> bytes:
    """AMR narrow-band, the voice of WeChat and of old QQ."""
    return encode(decode(content, AMR_NB.rate_hz), AMR_NB)


def to_silk(content: bytes) -> bytes:
    """SILK V3 as Tencent writes it, the voice of QQ."""
    sound = decode(content)
    pysilk = need("pysilk")
    made = io.BytesIO()
    try:
        pysilk.encode(io.BytesIO(sound.samples), made, sound.rate_hz, SILK_BITS_PER_S)
    except (pysilk.SilkError, ValueError, OSError) as error:
        raise MediaError("the recording could not be written as SILK") from error
    return made.getvalue()


def encode(sound: Pcm, codec: Codec) -> bytes:
    """`sound` in another format, resampled where the rates differ. Raises MediaError."""
    return encode_stream([sound.samples], sound.rate_hz, codec)


def encode_stream(sound: Iterable[bytes], rate_hz: int, codec: Codec) -> bytes:
    """As `encode`, of samples that come bit by bit. What `sound` raises goes through."""
    av = need("av")
    made = io.BytesIO()
    try:
        with av.open(made, "w", format=codec.container) as container:
            stream = container.add_stream(codec.name, rate=codec.rate_hz)
            stream.layout = "mono"
            if codec.bits_per_s:
                stream.bit_rate = codec.bits_per_s
            for samples in sound:
                container.mux(stream.encode(_frame(av, samples, rate_hz)))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            f"the recording could not be written as {codec.container}: {type(error).__name__}"
        ) from error
    return made.getvalue()


def _frame(av: Any, samples: bytes, rate_hz: int) -> Any:
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
    frame.planes[0].update(samples)
    frame.sample_rate = rate_hz
    return frame
