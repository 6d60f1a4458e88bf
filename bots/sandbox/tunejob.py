"""One fine-tuning job: its states, what is told of it."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from bots.sandbox.failure import Refusal
from bots.sandbox.lessons import Lessons
from bots.sandbox.progress import Progress

STATES = ("validating_files", "queued", "running", "succeeded")
ENDED = frozenset({"succeeded", "failed", "cancelled"})
USUAL_EPOCHS = 3


class TuneJob(Struct, kw_only=True):
    """`key` is the caller's whole key, which pays on success.

    `learned` is what the files hold, or why they cannot be used, which shows once they
    are validated.
    """

    id: str
    key: str
    created_at: datetime
    model: str
    training_file: str
    validation_file: str | None
    epochs: int
    hyperparameters: Mapping[str, int | float | str]
    seed: int
    metadata: Mapping[str, str] | None
    target: str
    learned: Lessons | Refusal
    progress: Progress
    cancelled_at: datetime | None = None
    settled: bool = False

    @property
    def status(self) -> str:
        if self.cancelled_at is not None:
            return "cancelled"
        if isinstance(self.learned, Refusal) and self.progress.ended:
            return "failed"
        return STATES[len(self.progress.times)]

    @property
    def trained_tokens(self) -> int:
        return self.epochs * self.learned.tokens if isinstance(self.learned, Lessons) else 0

    def shown(self) -> dict[str, object]:
        """OpenAI's fine_tuning.job object."""
        succeeded = self.status == "succeeded"
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": int(self.created_at.timestamp()),
            "error": self._error(),
            "estimated_finish": None,
            "fine_tuned_model": self.target if succeeded else None,
            "finished_at": self._finished_at(),
            "hyperparameters": {**self.hyperparameters, "n_epochs": self.epochs},
            "method": {
                "type": "supervised",
                "supervised": {
                    "hyperparameters": {**self.hyperparameters, "n_epochs": self.epochs}
                },
            },
            "model": self.model,
            "organization_id": "org-sandbox",
            "result_files": [],
            "seed": self.seed,
            "status": self.status,
            "trained_tokens": self.trained_tokens if succeeded else None,
            "training_file": self.training_file,
            "validation_file": self.validation_file,
            "integrations": [],
            "metadata": self.metadata,
        }

    def _error(self) -> dict[str, str | None] | None:
        if self.status != "failed" or not isinstance(self.learned, Refusal):
            return None
        wrong = self.learned
        return {"code": wrong.code, "message": wrong.message, "param": wrong.param}

    def _finished_at(self) -> int | None:
        if self.cancelled_at is not None:
            return int(self.cancelled_at.timestamp())
        return int(self.progress.times[-1].timestamp()) if self.progress.ended else None
