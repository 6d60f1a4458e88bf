"""A configuration whose relay is the sandbox on a real socket, and the command on it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bots.cli import main

ROOT = Path(__file__).parents[2]
KEY, STAT_TOKEN = "sk-canary-0123456789", "sandbox-stat"
CONFIG = """
[relays.main]
profile = "{profile}"
base_url = "{address}"
key = "env:RELAY_KEY"
{more}

[bots.web]
platform = "web"
"""


class Told:
    """What a command said, and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __repr__(self) -> str:
        return f"{self.code} {self.out} {self.err}"


def write_config(folder: Path, address: str, profile: str = "sandbox", more: str = "") -> None:
    text = CONFIG.format(profile=profile, address=address, more=more)
    (folder / "config.toml").write_text(text, encoding="utf-8")


def parley(capsys: pytest.CaptureFixture[str], *arguments: str) -> Told:
    """In this process, in the current folder. The key never shows."""
    code = main(["relay", *arguments])
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    return Told(code, said.out, said.err)


def piped(folder: Path, *arguments: str, typed: bytes = b"", **environ: str) -> Told:
    """The real command, with `typed` on its standard input."""
    env: Mapping[str, str] = os.environ | {"PYTHONPATH": str(ROOT), "RELAY_KEY": KEY} | environ
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bots", "relay", *arguments],
        cwd=folder,
        env=env,
        input=typed,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = Told(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert KEY not in said.out + said.err
    return said
