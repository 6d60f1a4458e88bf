"""Packs sound as speech answers want it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from bots.sandbox.machine import Machine
from core.sound.encode import Codec, encode
from core.sound.pcm import Pcm, write_wav

SoundFormat: TypeAlias = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

CODECS: Mapping[SoundFormat, tuple[str, Codec]] = MappingProxyType(
    {
        "mp3": ("audio/mpeg", Codec(container="mp3", name="libmp3lame", rate_hz=24_000)),
        "opus": ("audio/ogg", Codec(container="ogg", name="libopus", rate_hz=48_000)),
        "aac": ("audio/aac", Codec(container="adts", name="aac", rate_hz=24_000)),
        "flac": ("audio/flac", Codec(container="flac", name="flac", rate_hz=24_000)),
        "pcm": ("audio/pcm", Codec(container="s16le", name="pcm_s16le", rate_hz=24_000)),
    }
)


def encode_sound(machine: Machine, sound: Pcm, form: SoundFormat) -> tuple[bytes, str]:
    """The bytes and their type. Blocks. Raises Refusal (501) where `av` is missing."""
    if form == "wav":
        return write_wav(sound), "audio/wav"
    machine.require(f"Speech as {form} (wav does not)", "av")
    mime, codec = CODECS[form]
    return encode(sound, codec), mime
