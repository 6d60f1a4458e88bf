"""Speaks text with what the machine has: flite or espeak-ng, else a tone."""

import array
import math
import subprocess
import tempfile
from pathlib import Path

from msgspec import Struct

from bots.sandbox.failure import Refusal
from bots.sandbox.machine import Machine
from bots.sandbox.tokens import is_chinese
from bots.sandbox.wav import read_wav
from core.sound.pcm import Pcm

TIMEOUT_S = 30.0
WORDS_PER_MINUTE = 165
TONE_RATE_HZ = 16_000
TONE_S_PER_CHAR = 0.06
TONE_HZ = 440

FLITE_VOICES = {"echo": "rms", "onyx": "awb", "fable": "kal16"}
FLITE_USUAL = "slt"
"""The clearest voice, also to the recogniser."""


class Spoken(Struct, frozen=True, kw_only=True):
    """Sound, and what made it: "flite/slt", "espeak-ng/cmn", "tone"."""

    sound: Pcm
    by: str


def speak(machine: Machine, text: str, voice: str, speed: float) -> Spoken:
    """Blocks for about a tenth of the spoken time. Raises Refusal.

    Chinese goes to espeak-ng; other text to flite first, which is more like a person.
    """
    flite, espeak = machine.program("flite"), machine.program("espeak-ng")
    chinese = is_chinese(text)
    if flite and not chinese:
        return _flite(flite, text, FLITE_VOICES.get(voice, FLITE_USUAL), speed)
    if espeak:
        return _espeak(espeak, text, "cmn" if chinese else "en-us", speed)
    return Spoken(sound=tone(text, speed), by="tone")


def _flite(program: str, text: str, voice: str, speed: float) -> Spoken:
    stretch = f"duration_stretch={1 / speed:.3f}"
    # flite never ends when its output is a pipe (2.2): it wants a file.
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "spoken.wav"
        _run([program, "-voice", voice, "--setf", stretch, "-o", str(made), "/dev/stdin"], text)
        return Spoken(sound=read_wav(made.read_bytes()), by=f"flite/{voice}")


def _espeak(program: str, text: str, voice: str, speed: float) -> Spoken:
    pace = str(round(WORDS_PER_MINUTE * speed))
    content = _run([program, "--stdin", "--stdout", "-v", voice, "-s", pace, "-b", "1"], text)
    return Spoken(sound=read_wav(content), by=f"espeak-ng/{voice}")


def _run(command: list[str], text: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - our own argument list; the text goes in by stdin
            command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        name = Path(command[0]).name
        raise Refusal(500, f"{name} could not speak the text: {type(error).__name__}.") from error
    return done.stdout


def tone(text: str, speed: float) -> Pcm:
    """A beep that swells with each character, as long as speaking the text would take."""
    length = round(TONE_RATE_HZ * TONE_S_PER_CHAR / speed)
    beat = array.array(
        "h",
        (
            round(9000 * math.sin(math.pi * at / length) * math.sin(math.tau * TONE_HZ * at / 16e3))
            for at in range(length)
        ),
    )
    rest = array.array("h", bytes(2 * length))
    samples = b"".join((rest if char.isspace() else beat).tobytes() for char in text)
    return Pcm(rate_hz=TONE_RATE_HZ, samples=samples)
