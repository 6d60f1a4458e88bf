"""Puts a relay that others wrote into .venv/npm, where tests/relays/test_aimock.py looks for it.

script/judges/ pins it with its hash. Nothing is done where it is there already,
or where there is no npm: the tests say what they miss when they skip.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).resolve().parent / "judges"
FOLDER = Path(sys.prefix) / "npm"
MARK = FOLDER / "ready"
"""Holds what was pinned when all of it had been installed."""

NODE = "node@22.23.3"
"""Put beside it where the system's node is older than NEEDS, as Debian 12's is."""
NEEDS = (20, 15)
QUIET = ("--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")


def main() -> int:
    npm = shutil.which("npm")
    pinned = (PINNED / "package-lock.json").read_text()
    if not npm or (MARK.exists() and MARK.read_text() == pinned):
        return 0
    sys.stderr.write("Installing the relay that the tests are judged by, only this once …\n")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, FOLDER)
    reason = failure(npm, "ci", *QUIET)
    if not reason and node_version() < NEEDS:
        options = [option for option in QUIET if option != "--ignore-scripts"]
        reason = failure(npm, "install", "--no-save", *options, NODE)
    if reason:
        sys.stderr.write(f"npm could not install it: {reason}\n")
        return 1
    MARK.write_text(pinned)
    return 0


def node_version() -> tuple[int, ...]:
    asked = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return tuple(int(part) for part in re.findall(r"\d+", asked.stdout))[:2]


def failure(*command: str) -> str:
    """Run npm in FOLDER; "" if it worked, else its last line."""
    done = subprocess.run(
        command,
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 0:
        return ""
    return next(reversed(done.stdout.strip().splitlines()), f"exit code {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
