"""A batch or a fine-tuning job: what a relay works on for hours, and what is known of it here."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

JobKind: TypeAlias = Literal["batch", "fine_tune"]

JobState: TypeAlias = Literal[
    "prepared",  # checked and kept here; nothing was sent, or an upload that may be repeated
    "uploaded",  # the relay has the file
    "creating",  # the relay was asked to begin, and its answer is not noted: it may be at work
    "submitted",  # the relay has it, under `remote_id`
    "ended",  # the relay did what it could; a batch's output waits there
    "fetched",  # a batch's output is kept here
    "failed",  # it ended without any output
    "lost",  # the relay does not keep its record or its output any longer
]


class RelayJob(Struct, frozen=True, kw_only=True):
    """One job at one relay, as last noted. `number` is how people name it.

    `fingerprint` tells whether the same thing was asked before, `after` is the number of
    the job that asked it then, 0 if none did. `revision` counts how often it was noted.
    `input` and `validation` are hashes of the kept files; `file` is the name it was given by.
    `told` is the relay's own word for the state, `trouble` why the last step did not succeed.
    The `…_until` times are how long the relay keeps the uploaded file, the job's record and
    its output, None where it sets no end. `trained_tokens` is what a fine-tuning job took, None
    until the relay tells it. `tried_at` is when the relay was last asked to begin, `asked_at`
    when it last told how far it is, `entered_at` when what it cost was written into the ledger.
    """

    kind: JobKind
    relay: str
    fingerprint: str
    file: str
    input: str
    at: datetime
    number: int = 0
    revision: int = 0
    after: int = 0
    state: JobState = "prepared"
    told: str = ""
    trouble: str = ""
    validation: str = ""
    model: str = ""
    suffix: str = ""
    epochs: int = 0
    total: int = 0
    completed: int = 0
    failed: int = 0
    input_file_id: str = ""
    validation_file_id: str = ""
    output_file_id: str = ""
    error_file_id: str = ""
    remote_id: str = ""
    fine_tuned_model: str = ""
    trained_tokens: int | None = None
    tried_at: datetime | None = None
    submitted_at: datetime | None = None
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    fetched_at: datetime | None = None
    input_until: datetime | None = None
    record_until: datetime | None = None
    output_until: datetime | None = None
    entered_at: datetime | None = None

    @property
    def begun(self) -> bool:
        """The relay has it, so that it has cost or will."""
        return self.state in ("submitted", "ended", "fetched", "lost")

    @property
    def over(self) -> bool:
        """Nothing more will become of it at the relay."""
        return self.state in ("ended", "fetched", "failed", "lost")
