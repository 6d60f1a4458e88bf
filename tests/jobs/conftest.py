from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.sandbox.progress import Pace
from tests.jobs.stage import Clock, Place
from tests.sandbox.server import Sandbox, sandbox


@pytest.fixture
def relay() -> Iterator[Sandbox]:
    """Its jobs take a step each time that they are asked about."""
    with sandbox(jobs=Pace(step_s=3600, polls=1)) as served:
        yield served


@pytest.fixture
def place(relay: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("A_KEY", "sk-jobs")
    return Place(tmp_path, relay.origin)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(clock: Clock) -> Iterator[Sandbox]:
    """A relay by a clock of its own, whose jobs take a step a minute."""
    with sandbox(now=clock, jobs=Pace(step_s=60)) as served:
        yield served
