"""Where jobs are kept, as a protocol."""

from collections.abc import Sequence
from typing import Protocol

from core.relay_job import JobKind, RelayJob


class Jobs(Protocol):
    """Batches and fine-tuning jobs, with their files; several processes may use it at once.

    All calls wait for the disk, and raise StoreError.
    """

    def add(self, draft: RelayJob, *, after: int) -> RelayJob:
        """The draft with a number. If another process added one `after` the same, that one."""
        ...

    def put(self, job: RelayJob) -> RelayJob:
        """Noted, with a new revision. Raises StoreInvalid where it was changed meanwhile."""
        ...

    def get(self, number: int) -> RelayJob | None: ...

    def all(self, kind: JobKind) -> Sequence[RelayJob]:
        """By number."""
        ...

    def latest(self, draft: RelayJob) -> RelayJob | None:
        """The last one of the same kind, relay and fingerprint."""
        ...

    def keep_input(self, content: bytes) -> str:
        """What is to be uploaded; the answer is its hash. Idempotent."""
        ...

    def input(self, blob: str) -> bytes: ...

    def keep_output(self, name: str, content: bytes) -> None:
        """Whole or not at all."""
        ...

    def output(self, name: str) -> bytes | None: ...
