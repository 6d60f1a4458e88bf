"""Mono 16-bit sound, and WAV files of it."""

import io
import struct
import wave

from msgspec import Struct

from bots.sandbox.failure import Refusal


class Pcm(Struct, frozen=True, kw_only=True):
    """Mono, signed 16 bits, little-endian."""

    rate_hz: int
    samples: bytes

    @property
    def duration_s(self) -> float:
        return len(self.samples) / 2 / self.rate_hz


def read_wav(content: bytes) -> Pcm:
    """Mono 16-bit sound of a synthesiser's file, whose lengths may be wrong when it was piped.

    Raises Refusal.
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            form = file.getnchannels(), file.getsampwidth()
            sound = Pcm(rate_hz=file.getframerate(), samples=file.readframes(file.getnframes()))
    except (wave.Error, EOFError, struct.error) as error:
        raise Refusal(500, f"The synthesiser's sound could not be read: {error}.") from error
    if form != (1, 2):
        raise Refusal(500, "The synthesiser's sound is not mono with 16 bits.")
    return sound


def write_wav(sound: Pcm) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate_hz)
        file.writeframes(sound.samples)
    return made.getvalue()
