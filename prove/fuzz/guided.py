"""A target fuzzed by atheris, which goes by what code an input reaches."""

import sys
from pathlib import Path

import atheris

WATCHED = ("adapters", "bots", "core", "storage", "markdown_it", "werobot", "xmltodict")


def fuzz(name: str, folder: Path, seconds: int, seed: int) -> None:
    """Ends the process: with 0, or with libFuzzer's own status where an input was found.

    The input then stands in `folder`, as crash-…, timeout-… or oom-….
    To be called before what it watches is imported.
    """
    with atheris.instrument_imports(include=list(WATCHED)):
        from prove.fuzz.mutate import LONGEST_BYTES  # noqa: PLC0415
        from prove.fuzz.table import TARGETS  # noqa: PLC0415
    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(data[:LONGEST_BYTES])
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
