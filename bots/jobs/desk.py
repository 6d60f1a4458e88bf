"""What every command about jobs needs: the configuration, the jobs, the clock."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bots.clock import SystemClock
from bots.config import Config, load
from bots.relays.opened import opened_relay
from core.errors import ConfigError
from core.jobs.follow import Sleep
from core.jobs.jobs import Jobs
from core.ports.clock import Clock
from core.relay.client import Relay
from core.relay.wire import Bounds
from core.relay_job import JobKind, RelayJob
from storage.jobs import SqlJobs

WHOLE_S = 3600.0
"""How long a file may take to come, as long as it does come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    config: Config
    jobs: Jobs
    clock: Clock
    sleep: Sleep

    def relay(self, name: str) -> AbstractAsyncContextManager[Relay]:
        """Raises ConfigError."""
        return opened_relay(self.config, name, bounds=Bounds(whole_s=WHOLE_S))

    def numbered(self, kind: JobKind, number: int) -> RelayJob:
        """Raises ConfigError."""
        job = self.jobs.get(number)
        if job is None:
            raise ConfigError(
                f"expected the number of a job, got {number}, which there is none of. "
                "parley batch list and parley finetune status tell those there are."
            )
        if job.kind != kind:
            command = {"batch": "batch", "fine_tune": "finetune"}[job.kind]
            raise ConfigError(
                f"expected another kind of job, got {number}: see parley {command} status {number}"
            )
        return job

    def chosen(self, kind: JobKind, number: int | None) -> Sequence[RelayJob]:
        """One, or all of a kind."""
        return self.jobs.all(kind) if number is None else [self.numbered(kind, number)]


@contextmanager
def desk(path: Path, sleep: Sleep, clock: Clock | None = None) -> Iterator[Desk]:
    """Raises ConfigError, StoreError."""
    config = load(path)
    jobs = SqlJobs.open(config.storage.data)
    try:
        yield Desk(config=config, jobs=jobs, clock=clock or SystemClock(), sleep=sleep)
    finally:
        jobs.close()


def read(path: Path) -> bytes:
    """A file of the user's. Raises ConfigError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"expected to read {path}, got: {error.strerror}.") from error
