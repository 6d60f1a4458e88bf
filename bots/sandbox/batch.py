"""One batch: its lines until they are answered, its states, what is told of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from bots.sandbox.batchfile import BatchLine
from bots.sandbox.progress import Progress

KEPT = timedelta(hours=24)
"""How long a record lasts, as burn.hair's page has it (checked 2026-11-21)."""

STATES = ("validating", "in_progress", "finalizing", "completed")
FINALIZING, COMPLETED = 2, 3


class Batch(Struct, kw_only=True):
    """`key` is the caller's whole key, which pays once all is answered.

    `cancelling` is there from the moment that somebody cancels.
    """

    id: str
    key: str
    created_at: datetime
    endpoint: str
    input_file_id: str
    completion_window: str
    metadata: Mapping[str, str] | None
    lines: Sequence[BatchLine]
    errors: Sequence[dict[str, object]]
    total: int
    progress: Progress
    cancelling: Progress | None = None
    cancelling_at: datetime | None = None
    completed: int = 0
    failed: int = 0
    output: bytes = b""
    refusals: bytes = b""
    output_file_id: str | None = None
    error_file_id: str | None = None
    answered: bool = False

    @property
    def status(self) -> str:
        if self.cancelling is not None:
            return "cancelled" if self.cancelling.ended else "cancelling"
        if self.errors and self.progress.ended:
            return "failed"
        return STATES[len(self.progress.times)]

    def pass_to(self, now: datetime, *, looked: bool) -> None:
        """Go on by the clock, and by being `looked` at."""
        progress = self.cancelling or self.progress
        if looked:
            progress.look(now)
        else:
            progress.pass_to(now)

    def shown(self) -> dict[str, object]:
        """OpenAI's batch object."""
        invalid = bool(self.errors)
        failed = self.status == "failed"
        progress, cancelling = self.progress, self.cancelling
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "errors": {"object": "list", "data": self.errors} if failed else None,
            "input_file_id": self.input_file_id,
            "completion_window": self.completion_window,
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": _seconds(self.created_at),
            "in_progress_at": None if invalid else progress.time(1),
            "expires_at": _seconds(self.created_at + KEPT),
            "finalizing_at": progress.time(FINALIZING),
            "completed_at": progress.time(COMPLETED),
            "failed_at": progress.time(1) if invalid else None,
            "expired_at": None,
            "cancelling_at": _seconds(self.cancelling_at),
            "cancelled_at": cancelling.time(1) if cancelling else None,
            "request_counts": {
                "total": self.total,
                "completed": self.completed,
                "failed": self.failed,
            },
            "metadata": self.metadata,
        }


def _seconds(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at is not None else None
