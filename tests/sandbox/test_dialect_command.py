"""`parley sandbox --dialect NAME`, as it is typed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx
import pytest

from bots.cli import main
from bots.sandbox.dialects import NAMES
from bots.sandbox.dialects.dialect import dialect_named
from core.errors import ConfigError
from prove.world.ports import free_port
from tests.sandbox.dialects import chat


def test_the_command_stands_for_the_relay_that_is_named() -> None:
    port = free_port()
    where = f"http://127.0.0.1:{port}/index.php/api"
    with sandbox_command(port, "zhizengzeng") as told:
        assert where in told.readline()
        headers = {"Authorization": "Bearer sk-anyone"}
        with httpx.Client(base_url=where, headers=headers, trust_env=False) as client:
            assert chat(client).json()["code"] == 0


@contextmanager
def sandbox_command(port: int, dialect: str) -> Iterator[IO[str]]:
    """What it writes."""
    words = [sys.executable, "-m", "bots", "sandbox", "--port", str(port), "--dialect", dialect]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout
        finally:
            running.send_signal(signal.SIGINT)


def test_another_relay_is_refused_with_the_ones_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["sandbox", "--dialect", "acme"])
    said = capsys.readouterr().err
    assert all(name in said for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_a_relay_of_that_name(name: str) -> None:
    assert dialect_named(name).name == name


def test_a_name_that_is_none_is_refused_in_code_too() -> None:
    with pytest.raises(ConfigError, match="expected one of aiwhistle"):
        dialect_named("acme")
