"""npm's @copilotkit/aimock, a relay that others wrote: started with canned answers."""

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.relays.stage import PNG, WAV

NPM = Path(sys.prefix) / "npm" / "node_modules" / ".bin"
ANSWERS = {
    topic: f"About {topic}: 你好，{topic}！👋 " * 3 for topic in ("tea", "rain", "owls", "jazz")
}
VECTOR = [0.5, -0.25, 0.125]
USAGE = {"prompt_tokens": 11, "completion_tokens": 22, "total_tokens": 33}
FIXTURES: list[dict[str, Any]] = [
    {"match": {"endpoint": "image"}, "response": {"image": {"b64Json": b64encode(PNG).decode()}}},
    {
        "match": {"endpoint": "speech"},
        "response": {"audio": b64encode(WAV).decode(), "format": "wav"},
    },
    {"match": {"endpoint": "transcription"}, "response": {"transcription": {"text": "你好 world"}}},
    {"match": {"inputText": "a cat"}, "response": {"embedding": VECTOR}},
    *(
        {"match": {"userMessage": topic}, "response": {"content": text, "usage": USAGE}}
        for topic, text in ANSWERS.items()
    ),
    {
        "match": {"userMessage": "no end"},
        "response": {"content": "so long", "finishReason": "length"},
    },
    {
        "match": {"userMessage": "a hat"},
        "response": {"toolCalls": [{"name": "buy", "arguments": {"what": "hat"}}]},
    },
]


@dataclass(frozen=True)
class Aimock:
    base: str

    def journal(self) -> list[dict[str, Any]]:
        """Every request it got, with what it did."""
        noted = httpx.get(f"{self.base}/__aimock/journal", trust_env=False)
        told: list[dict[str, Any]] = noted.json()
        return told


@contextmanager
def aimock(folder: Path, *options: str) -> Iterator[Aimock]:
    """Skips where node or the package is missing, but fails where CI is set."""
    command = _command()
    fixtures = folder / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
    with subprocess.Popen(
        [*command, "-p", "0", "-f", fixtures, "--strict", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            yield Aimock(_address(server))
        finally:
            server.terminate()


def _command() -> list[str | Path]:
    program = NPM / "llmock"
    node = NPM / "node" if (NPM / "node").exists() else shutil.which("node")
    if node is None:
        _miss("node is not on this machine: apt-get install nodejs npm")
    if not program.exists():
        _miss("@copilotkit/aimock is not installed: python script/judges.py, which needs npm")
    return [str(node), program]


def _miss(told: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


def _address(server: "subprocess.Popen[str]") -> str:
    assert server.stdout
    said = []
    for line in server.stdout:
        said.append(line)
        if found := re.search(r"http://[\d.:]+", line):
            return found[0]
    raise AssertionError("".join(said))
