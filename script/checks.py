"""Every check: style, types, layers, then tests and promises. With arguments: pytest alone.

Tests and experiments wait most of their time, so they run side by side; the
experiments that must be alone come after all tests. TEST_WORKERS is how many test
files run at once, one more than there are cores if it is not set. With CI set,
system packages that tests need are installed where that is possible, and a
skipped test counts as a failure.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
LINT = "from importlinter.cli import lint_imports_command as main; main()"
STATIC = {
    "style": ("-m", "ruff", "check"),
    "format": ("-m", "ruff", "format", "--check"),
    "types": ("-m", "mypy"),
    "layers": ("-c", LINT),
}
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
FIRST = ("unit", "core", "config", "commands", "store", "relays", "sandbox", "contract")
LAST = ("scenario", "cli", "web")
WORKERS = int(os.environ.get("TEST_WORKERS") or CORES + 1)
"""Test files run side by side: half of their time is waiting."""
BESIDE = max(1, CORES // 2)
"""Experiments side by side, while tests run and after them."""
SYSTEM = ("chromium", "espeak-ng", "flite", "fonts-noto-cjk", "fonts-noto-color-emoji")
NODE = ("nodejs", "npm")
"""Wanted where there is no npm at all: node is often installed from elsewhere than Debian."""
JUDGES = Path(__file__).parent / "judges.py"


def main(arguments: Sequence[str]) -> int:
    strict = bool(os.environ.get("CI"))
    if strict and not arguments:
        install_system_packages()
    python(str(JUDGES))
    if arguments:
        return python("-m", "pytest", *arguments).returncode
    results = static_checks()
    sys.stdout.flush()
    with promises() as kept:
        results.append(tests(strict))
        results.append(kept())
    sys.stdout.write("\n")
    for name, good, words, seconds in results:
        sys.stdout.write(f"{'ok    ' if good else 'FAILED'} {name:<8} {seconds:5.1f} s  {words}\n")
    return 0 if all(good for _, good, _, _ in results) else 1


Result = tuple[str, bool, str, float]
"""Name, whether it passed, a few words, seconds."""


def static_checks() -> list[Result]:
    """Side by side; what a failing one wrote is shown."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(static_check, STATIC))


def static_check(name: str) -> Result:
    began = time.monotonic()
    done = python(*STATIC[name], capture_output=True)
    if done.returncode:
        sys.stdout.write(f"-- {name}\n{done.stdout}{done.stderr}\n")
    words = next(reversed(done.stdout.strip().splitlines()), "")
    return name, done.returncode == 0, words, time.monotonic() - began


def tests(strict: bool) -> Result:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ("-rs", f"--junitxml={report}", "-n", str(WORKERS), "--dist", "loadfile")
        code = python("-m", "pytest", *options, *test_folders()).returncode
        root = ET.parse(report).getroot() if report.exists() else None
        counts = root[0].attrib if root is not None else {}
    total, skipped = int(counts.get("tests", 0)), int(counts.get("skipped", 0))
    words = f"{total} tests, {skipped} skipped"
    if strict and skipped:
        words += " (with CI set, none may be)"
    return "tests", code == 0 and not (strict and skipped), words, time.monotonic() - began


@contextmanager
def promises() -> Iterator[Callable[[], Result]]:
    """The short forms of all experiments are under way. What is given waits and shows their table.

    Those that must be alone begin when it is called.
    """
    began = time.monotonic()
    command = [sys.executable, "-m", "prove", "--jobs", str(BESIDE), "--hold"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=told, stderr=told
        )

        def kept() -> Result:
            process.communicate()
            told.seek(0)
            sys.stdout.write(f"\n{told.read()}")
            words = "the experiments above; by themselves: sh script/prove"
            return "promises", process.returncode == 0, words, time.monotonic() - began

        try:
            yield kept
        finally:
            process.terminate()
            process.communicate()


def test_folders() -> list[str]:
    """Pure ones first, then sockets, then the browser."""
    found = sorted(path.name for path in (ROOT / "tests").iterdir() if any(path.rglob("test_*.py")))
    order = {name: place for place, name in enumerate(FIRST, -len(FIRST))}
    order |= {name: place for place, name in enumerate(LAST, 1)}
    return [f"tests/{name}" for name in sorted(found, key=lambda name: order.get(name, 0))]


def install_system_packages() -> None:
    """Debian's, as root; elsewhere the tests that need one say so when they skip."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    wanted = SYSTEM if shutil.which("npm") else (*SYSTEM, *NODE)
    missing = [name for name in wanted if not installed(name)]
    if missing:
        apt = ("apt-get", "-qq", "-o", "Acquire::Retries=3")
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = (*apt, "install", "-y", "--no-install-recommends", *missing)
        for command in ((*apt, "update"), install):
            subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False)


def installed(name: str) -> bool:
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True, check=False
    )
    return asked.stdout == "install ok installed"


def python(*arguments: str, capture_output: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        text=True,
        capture_output=capture_output,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
