"""Makes .venv, where script/demo and script/test run, from the lock files.

Runs on any Python from 3.11 on with the standard library alone. The packages
come from wherever the person's pip or uv fetches its packages.
"""

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MARK = ROOT / ".venv.lock"
"""Locked while .venv is being made; not empty if that was cut off."""

BOOTSTRAP = "requirements-venv.lock"
LOCKS = {
    "demo": ("requirements.lock",),
    "test": ("requirements.lock", "requirements-test.lock"),
}
PIP_SOURCES = {
    *("index-url", "extra-index-url", "find-links", "no-index"),
    *("proxy", "cert", "client-cert", "trusted-host"),
}
UV_SOURCES = {
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    *("UV_FIND_LINKS", "UV_NO_INDEX", "UV_OFFLINE", "UV_CONFIG_FILE"),
}
UV_FILES = ("~/.config/uv/uv.toml", "/etc/uv/uv.toml")


SPEECH = ("av", "pocketsphinx", "silk-python")
"""Wheels of these are not made for every Python and platform."""
NO_SUCH_WAY = ("no such option: --python", "No module named pip")


class Problem(Exception):
    """One clear sentence for the person at the terminal."""


def main(arguments: Sequence[str]) -> int:
    *flags, purpose = arguments
    match flags:
        case ["--ready"]:
            return 0 if ready(purpose) else 1
        case ["--stamp"]:
            stamp(purpose)
            return 0
    work = also if flags == ["--also"] else ensure
    try:
        work(purpose)
    except Problem as problem:
        return give_up(str(problem))
    except OSError as error:
        return give_up(f"Cannot make {VENV}: {error}.")
    except KeyboardInterrupt:
        return give_up("Stopped before everything was installed; the next start makes it anew.")
    return 0


def ensure(purpose: str) -> None:
    with alone() as mark:
        if usable() and asked("--ready", purpose):
            return
        say("Installing what is needed into .venv, only this once … 正在安装，仅需一次……")
        if mark.read() or not usable():
            remove()
        mark.write("unfinished\n")
        mark.flush()
        if not usable():
            create(mark)
        install(purpose, mark)
        link()
        compile_all(mark)
        asked("--stamp", purpose)
        mark.truncate(0)


def also(name: str) -> None:
    """Add one lock's packages. Where they cannot be had, the environment is as before."""
    with alone() as mark:
        reason = installed([(ROOT / f"requirements-{name}.lock").read_text()], mark)
    if reason:
        raise Problem(f"Left out, as this machine has no way to install it: {name}.")


@contextmanager
def alone() -> Iterator[TextIO]:
    """One start at a time makes the environment; the others wait for it."""
    try:
        mark = MARK.open("a+")
    except OSError as error:
        raise Problem(
            f"Cannot write to {ROOT} ({error.strerror}): make the folder writable for you, "
            "or copy the checkout to a place of your own."
        ) from error
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is installing; waiting for it …")
            fcntl.flock(mark, fcntl.LOCK_EX)
        mark.seek(0)
        yield mark


# -- is it ready? --------------------------------------------------------------


def digest(purpose: str) -> str:
    """Differs when the locks, this file, the checkout's place or the Python do."""
    seen = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for path in (Path(__file__), *(ROOT / name for name in LOCKS[purpose])):
        seen.update(path.read_bytes())
    return seen.hexdigest()


def ready(purpose: str) -> bool:
    """True if .venv holds what the locks say. To be asked of .venv's own Python."""
    if MARK.exists() and MARK.stat().st_size:
        return False
    stamped = VENV / f"ready-{purpose}"
    return stamped.exists() and stamped.read_text() == digest(purpose)


def stamp(purpose: str) -> None:
    """Note what is installed. What the tests need includes what the demo needs."""
    for old in VENV.glob("ready-*"):
        old.unlink()
    for name, locks in LOCKS.items():
        if set(locks) <= set(LOCKS[purpose]):
            (VENV / f"ready-{name}").write_text(digest(name))


def asked(flag: str, purpose: str) -> bool:
    return not failure(PYTHON, "-IS", __file__, flag, purpose)


def usable() -> bool:
    """True if .venv has a Python that starts and is new enough."""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and not failure(PYTHON, "-IS", "-c", check)


# -- making it -----------------------------------------------------------------


def remove() -> None:
    """Take away what is left of an environment, but nothing else that bears its name."""
    if not VENV.exists() and not VENV.is_symlink():
        return
    if VENV.is_symlink() or not VENV.is_dir():
        raise Problem(f"{VENV} is not a folder: move it away and run this again.")
    if any(VENV.iterdir()) and not (VENV / "pyvenv.cfg").exists() and not MARK.stat().st_size:
        raise Problem(f"{VENV} is not a Python environment: move it away and run this again.")
    shutil.rmtree(VENV)


def create(mark: TextIO) -> None:
    """By the first way that works: uv, venv without pip, virtualenv fetched by pip."""
    reasons = []
    if uv := uv_to_use():
        reasons.append(failure(uv, "venv", "--quiet", "--python", sys.executable, VENV, mark=mark))
    if not usable():
        remove()
        reasons.append(failure(sys.executable, "-m", "venv", "--without-pip", VENV, mark=mark))
    if not usable():
        remove()
        reasons.append(virtualenv(mark))
    if not usable():
        told = "\n".join(tail(reason) for reason in reasons)
        raise Problem(f"Cannot make a Python environment in .venv:\n{told}")


def virtualenv(mark: TextIO) -> str:
    """Debian packs venv apart from Python; virtualenv needs nothing but pip."""
    with tempfile.TemporaryDirectory() as folder:
        lock = ("--require-hashes", "--requirement", ROOT / BOOTSTRAP)
        reason = failure(*pip(sys.executable), "--target", folder, *lock, mark=mark)
        if reason:
            return reason
        code = (
            f"import sys; sys.path.insert(0, {folder!r}); import virtualenv.__main__ as m; m.run()"
        )
        return failure(sys.executable, "-c", code, "--quiet", "--no-download", VENV, mark=mark)


def install(purpose: str, mark: TextIO) -> None:
    """All that the locks hold, or all but what only speech needs where that cannot be had."""
    locks = [(ROOT / name).read_text() for name in LOCKS[purpose]]
    missing: list[str] = []
    reason = installed(locks, mark)
    while more := [name for name in SPEECH if name in reason and name not in missing]:
        missing += more
        reason = installed([without(lock, missing) for lock in locks], mark)
    if missing and not reason:
        say(f"Left out, as this machine has no way to install it: {', '.join(missing)}.")
        say("All works but voice messages and speech in the sandbox relay, which need it.")
    if reason:
        raise Problem(
            f"The packages could not be installed:\n{tail(reason)}\n"
            "Check the network, the disk and pip's package mirror; then run this again."
        )


def installed(locks: Sequence[str], mark: TextIO) -> str:
    """By uv where it is to be used, else by the pip at hand. The answer is why not, or ""."""
    uv = uv_to_use()
    ways: list[Sequence[str | Path]] = [pip(sys.executable, "--python", PYTHON), pip(PYTHON)]
    if uv:
        ways.insert(0, (uv, "pip", "install", "--quiet", "--python", PYTHON))
    told = "there is neither uv nor pip"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(locks)
        file.flush()
        for way in ways:
            options = ("--no-deps", "--require-hashes", "--requirement", file.name)
            reason = failure(*way, *options, mark=mark)
            if not reason:
                return ""
            if any(words in reason for words in NO_SUCH_WAY):
                continue
            told = reason
            if way[0] != uv:
                break
    return told


def without(lock: str, names: Sequence[str]) -> str:
    entries = re.split(r"(?m)^(?=\S)", lock)
    return "".join(entry for entry in entries if entry.partition("==")[0] not in names)


def compile_all(mark: TextIO) -> None:
    """On all cores, once: a start where nothing is compiled takes three times as long.

    That some file of a package cannot be compiled does no harm.
    """
    packages = (ROOT / name for name in ("core", "adapters", "storage", "bots"))
    options = ("-m", "compileall", "-q", "-j", "0")
    failure(PYTHON, *options, VENV / "lib", *filter(Path.exists, packages), mark=mark)


def pip(python: str | Path, *options: str | Path) -> Sequence[str | Path]:
    return (python, "-m", "pip", *options, "install", "--quiet", "--no-compile")


def uv_to_use() -> str | None:
    """uv, unless only pip was told where packages come from: uv does not read that."""
    uv = shutil.which("uv")
    if not uv or uv_is_set() or not pip_is_set():
        return uv
    return None


def uv_is_set() -> bool:
    files = [Path(name).expanduser() for name in UV_FILES]
    return bool(UV_SOURCES & os.environ.keys()) or any(path.exists() for path in files)


def pip_is_set() -> bool:
    """True if pip has a mirror, a proxy or a certificate of its own."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    names = (line.split("=")[0].rpartition(".")[2] for line in listed.stdout.splitlines())
    return bool(PIP_SOURCES & set(names))


def link() -> None:
    """The project runs from the checkout: nothing of it is built or copied."""
    for packages in VENV.glob("lib/python3.*/site-packages"):
        (packages / "parley.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "parley"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PYTHON))} -P -m bots "$@"\n')
    command.chmod(0o755)


# -- running and telling -------------------------------------------------------


def failure(*command: str | Path, mark: TextIO | None = None) -> str:
    """Run a command; "" if it worked, else what it wrote.

    It holds `mark` too, so that after a kill of this process nobody starts
    anew while the command still writes.
    """
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=surroundings(),
        pass_fds=[mark.fileno()] if mark else [],
        check=False,
    )
    if done.returncode == 0:
        return ""
    return done.stdout.strip() or f"exit code {done.returncode}"


def tail(output: str) -> str:
    lines = [line for line in output.splitlines() if line and "Retrying (" not in line]
    return "\n".join(lines[-5:])


def surroundings() -> dict[str, str]:
    """The person's settings, without those that would install anywhere else."""
    kept = {
        k: v for k, v in os.environ.items() if k not in {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"}
    }
    return kept | {
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


def say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def give_up(sentence: str) -> int:
    say(sentence)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
