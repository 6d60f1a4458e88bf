"""Reading what a synthesiser wrote."""

import io
import struct
import wave

from bots.sandbox.failure import Refusal
from core.sound.pcm import Pcm


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
