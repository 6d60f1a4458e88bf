"""Recordings for the tests: what was really spoken, put together and written anew."""

import json
import random
from array import array
from pathlib import Path

from core.sound.encode import Codec, encode
from core.sound.pcm import Pcm, decode, write_wav

CLIPS = Path(__file__).parents[2] / "clips"
PHRASES: dict[str, str] = json.loads((CLIPS / "phrases.json").read_text())
RATE_HZ = 24_000
FLAC = Codec(container="flac", name="flac", rate_hz=RATE_HZ)


def clip(name: str = "garden.ogg") -> bytes:
    return (CLIPS / name).read_bytes()


def spoken(*names: str, pause_s: float = 1.0) -> Pcm:
    """Several clips with silence before, between and after, and a light noise over all."""
    pause = bytes(2 * round(pause_s * RATE_HZ))
    samples = array("h", pause + b"".join(decode(clip(name)).samples + pause for name in names))
    chance = random.Random(4)
    noisy = array("h", (max(-32_768, min(32_767, s + chance.randint(-20, 20))) for s in samples))
    return Pcm(rate_hz=RATE_HZ, samples=noisy.tobytes())


def wav(*names: str) -> bytes:
    return write_wav(spoken(*names))


def flac(*names: str) -> bytes:
    return encode(spoken(*names), FLAC)


def silence_wav(seconds: float) -> bytes:
    return write_wav(Pcm(rate_hz=RATE_HZ, samples=bytes(2 * round(seconds * RATE_HZ))))
