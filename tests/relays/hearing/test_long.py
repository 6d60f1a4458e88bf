"""A quarter of an hour of speech on a machine with little memory to spare."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = """
import json, resource, sys

from core.relay.dialect import Limits
from core.relay.hearing import fit
from core.request import TranscriptionRequest
from core.sound.pcm import Pcm, decode, write_wav
from tests.relays.hearing.recordings import clip
from tests.relays.stage import dialect

said = decode(clip("river.ogg"), 8_000).samples + bytes(8_000)
long = write_wav(Pcm(rate_hz=8_000, samples=said * (900 * 16_000 // len(said))))
fit(TranscriptionRequest(audio=clip(), filename="a"), dialect(audio_refused=("ogg",)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pieces = fit(TranscriptionRequest(audio=long, filename="a"), dialect(limits=Limits(audio_s=300)))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
told = [(piece.start_s, piece.duration_s, len(piece.content)) for piece in pieces]
json.dump({"grown_kb": after - before, "pieces": told}, sys.stdout)
"""


@dataclass(frozen=True)
class Told:
    """How much larger the process became, and each piece's start, length and bytes."""

    grown_kb: int
    pieces: list[tuple[float, float, int]]


def test_a_quarter_of_an_hour_is_cut_within_little_memory() -> None:
    pytest.importorskip("av")
    run = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        run, cwd=Path(__file__).parents[3], capture_output=True, check=True, timeout=120
    )
    told = Told(**json.loads(done.stdout))
    assert len(told.pieces) == 4
    at = 0.0
    for start_s, duration_s, size in told.pieces:
        assert start_s == pytest.approx(at)
        assert 270 <= duration_s <= 300 or start_s > 800
        assert size <= 6_000 * duration_s + 1_000
        at += duration_s
    assert at == pytest.approx(900, abs=5)
    made_kb = sum(size for *_, size in told.pieces) / 1024
    assert told.grown_kb <= made_kb + 30_000, "the samples alone are 43 MB"
