"""A configuration in a folder, and `parley` run upon it beside a sandbox relay."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bots.cli import main
from bots.config import load
from bots.jobs.desk import Desk
from core.errors import RelayError
from core.relay_job import RelayJob
from storage.jobs import SqlJobs

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
URL = "/v1/chat/completions"

CONFIG = """
[relays.main]
profile = "{profile}"
base_url = "{origin}"
key = "env:A_KEY"
allow_plain_http = true
first_byte_timeout_s = 20
[bots.web]
platform = "web"
"""


class Clock:
    """Stands still until a test, or somebody who sleeps, moves it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds=seconds)


def line(name: str, text: str = "hello", model: str = "gpt-4o", **more: object) -> dict:
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return {"custom_id": name, "method": "POST", "url": URL, "body": body}


def jsonl(rows: Sequence[object]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def job(**more: object) -> RelayJob:
    given = {"kind": "batch", "relay": "main", "fingerprint": "f", "file": "q.jsonl"}
    return RelayJob(**(given | {"input": "i", "at": NOW} | more))


class Place:
    """A folder with a configuration; `data` is where everything is kept."""

    def __init__(self, folder: Path, origin: str, profile: str = "sandbox") -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.write_text(CONFIG.format(profile=profile, origin=origin))
        self.data = folder / "data"

    def write(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "bots", *arguments, "--config", str(self.config)]

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"A_KEY": "sk-jobs", "TZ": "UTC"}

    def parley(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run to its end in a process of its own."""
        return subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def parley_here(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """As `parley`, in this process, which is quicker: everything is opened anew all the same.

        A_KEY must be in the environment.
        """
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*arguments, "--config", str(self.config)])
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read())
        return subprocess.CompletedProcess(arguments, code, *said)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin it: the test will kill or interrupt it."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def jobs(self) -> SqlJobs:
        return SqlJobs.open(self.data)

    def desk(self, jobs: SqlJobs, clock: Clock) -> Desk:
        config = load(self.config, {"A_KEY": "sk-jobs"})
        return Desk(config=config, jobs=jobs, clock=clock, sleep=clock.sleep)

    def noted(self, number: int = 1) -> RelayJob:
        jobs = self.jobs()
        try:
            found = jobs.get(number)
        finally:
            jobs.close()
        assert found is not None
        return found


def refusal(status: int, kind: type[RelayError] = RelayError) -> RelayError:
    return kind(f"the relay said {status}", status=status)
