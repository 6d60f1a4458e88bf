"""Packs sound as speech answers want it. WAV is written here, all else by `av`."""

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from msgspec import Struct

from bots.sandbox.machine import Machine
from bots.sandbox.wav import Pcm, write_wav

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

SoundFormat: TypeAlias = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]


class Codec(Struct, frozen=True, kw_only=True):
    """`container` and `codec` in FFmpeg's names."""

    mime: str
    container: str
    codec: str
    rate_hz: int


CODECS: Mapping[SoundFormat, Codec] = MappingProxyType(
    {
        "mp3": Codec(mime="audio/mpeg", container="mp3", codec="libmp3lame", rate_hz=24_000),
        "opus": Codec(mime="audio/ogg", container="ogg", codec="libopus", rate_hz=48_000),
        "aac": Codec(mime="audio/aac", container="adts", codec="aac", rate_hz=24_000),
        "flac": Codec(mime="audio/flac", container="flac", codec="flac", rate_hz=24_000),
        "pcm": Codec(mime="audio/pcm", container="s16le", codec="pcm_s16le", rate_hz=24_000),
    }
)


def encode_sound(machine: Machine, sound: Pcm, form: SoundFormat) -> tuple[bytes, str]:
    """The bytes and their type. Blocks. Raises Refusal (501) where `av` is missing."""
    if form == "wav":
        return write_wav(sound), "audio/wav"
    machine.require(f"Speech as {form} (wav does not)", "av")
    codec = CODECS[form]
    return _encode(sound, codec), codec.mime


def _encode(sound: Pcm, codec: Codec) -> bytes:
    import av  # noqa: PLC0415 - an extra, and 0.2 s to import

    frame = av.AudioFrame(format="s16", layout="mono", samples=len(sound.samples) // 2)
    frame.planes[0].update(sound.samples)
    frame.sample_rate = sound.rate_hz
    made = io.BytesIO()
    with av.open(made, "w", format=codec.container) as container:
        stream = cast("AudioStream", container.add_stream(codec.codec, rate=codec.rate_hz))
        stream.layout = "mono"
        for given in (frame, None):
            container.mux(stream.encode(given))
    return made.getvalue()
