"""A target fuzzed by atheris, which goes by what code an input reaches."""

import sys
from pathlib import Path

import atheris

from prove.fuzz.mutate import LONGEST_BYTES
from prove.fuzz.target import Target

PREFIXES = ("adapters", "bots", "core", "storage")


def fuzz(target: Target, folder: Path, seconds: int, seed: int) -> None:
    """Ends the process: with 0, or with libFuzzer's own status where an input was found.

    The input then stands in `folder`, as crash-…, timeout-… or oom-….
    """
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(data[:LONGEST_BYTES])
    _instrument()
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_BYTES}",
        f"-seed={seed % 2**31 or 1}",
        f"-artifact_prefix={folder}/",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        "-verbosity=0",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], target.try_on, internal_libfuzzer=True)
    atheris.Fuzz()


def _instrument() -> None:
    """The project's own functions, which are loaded already."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(PREFIXES):
            continue
        for place, value in list(vars(module).items()):
            if getattr(value, "__module__", "") == name and hasattr(value, "__code__"):
                setattr(module, place, atheris.instrument_func(value))
