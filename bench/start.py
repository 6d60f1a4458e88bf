"""How long people wait before anything happens: help, one answer, the page.

Usage: python -m bench.start [--rounds 5]

Runs the commands as a person would, in the environment that `script/demo` made.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.load import ROOT, free_port, wait_until_up


def help_s() -> float:
    return run_s(sys.executable, "-m", "bots", "--help")


def say_s() -> float:
    with tempfile.TemporaryDirectory() as folder:
        return run_s("sh", "script/demo", "--data", folder, "--say", "hello")


def page_s() -> float:
    """Until the page is served, where all is installed."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = ("sh", "script/demo", "--data", folder, "--port", str(port))
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        wait_until_up(port)
        took_s = time.perf_counter() - began
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    return took_s


def run_s(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


MEASURES: Mapping[str, tuple[Callable[[], float], float]] = {
    "parley --help": (help_s, 0.3),
    "script/demo --say": (say_s, 3.0),
    "script/demo to the page": (page_s, 3.0),
}
"""Each with its mark in seconds."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    if not (Path(ROOT) / ".venv").exists():
        sys.exit("expected an environment made by script/demo, got none: run it once")
    missed = 0
    for name, (measure, mark_s) in MEASURES.items():
        median_s = statistics.median(measure() for _ in range(rounds))
        missed += median_s > mark_s
        print(f"{name:26}{median_s:6.2f} s, mark {mark_s:.1f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
