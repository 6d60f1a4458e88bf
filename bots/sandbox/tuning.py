"""POST /v1/fine_tuning/jobs, and the calls on what was created."""

import asyncio
import itertools
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.types import ASGIApp

from bots.sandbox.call import Call, Desk
from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.filestore import FileStore, StoredFile
from bots.sandbox.lessons import Lessons, read_lessons
from bots.sandbox.models import Catalog
from bots.sandbox.page import page
from bots.sandbox.progress import Pace, Progress
from bots.sandbox.tunejob import ENDED, STATES, USUAL_EPOCHS, TuneJob

UNITS_PER_TRAINED_TOKEN = 4
ROWS_A_PAGE = 20
JOBS_KEPT = 200


class Hyperparameters(Struct, frozen=True, kw_only=True):
    """Only `n_epochs` does something: it is paid for."""

    n_epochs: Annotated[int, Meta(ge=1, le=50)] | Literal["auto"] = "auto"
    batch_size: Annotated[int, Meta(ge=1, le=256)] | Literal["auto"] = "auto"
    learning_rate_multiplier: Annotated[float, Meta(gt=0)] | Literal["auto"] = "auto"


class Supervised(Struct, frozen=True, kw_only=True):
    hyperparameters: Hyperparameters | None = None


class Method(Struct, frozen=True, kw_only=True):
    type: Literal["supervised"]
    supervised: Supervised | None = None


class TuneRequest(Struct, frozen=True, kw_only=True):
    """As in OpenAI's API reference; of methods, the supervised one."""

    model: str
    training_file: str
    validation_file: str | None = None
    suffix: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\w.-]+\Z")] | None = None
    hyperparameters: Hyperparameters | None = None
    method: Method | None = None
    seed: Annotated[int, Meta(ge=0)] | None = None
    metadata: Annotated[dict[str, str], Meta(max_length=16)] | None = None

    @property
    def parameters(self) -> Hyperparameters:
        if self.method and self.method.supervised and self.method.supervised.hyperparameters:
            return self.method.supervised.hyperparameters
        return self.hyperparameters or Hyperparameters()


class Tuning:
    """Teaches chat models answers; the latest JOBS_KEPT jobs are remembered."""

    def __init__(self, desk: Desk, files: FileStore, catalog: Catalog, pace: Pace) -> None:
        self._desk = desk
        self._files = files
        self._catalog = catalog
        self._pace = pace
        self._jobs: dict[str, TuneJob] = {}
        self._numbers = itertools.count(1)
        self._decoder = msgspec.json.Decoder(TuneRequest)

    async def create(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = decode(call.body, self._decoder)
        self._catalog.check(request.model, "chat")
        training = self._files.meant_for(request.training_file, "fine-tune", "training_file")
        validation = None
        if name := request.validation_file:
            validation = self._files.meant_for(name, "fine-tune", "validation_file")
        learned = await asyncio.to_thread(_learned, training, validation)
        job = self._job(request, learned, call)
        self._jobs[job.id] = job
        if len(self._jobs) > JOBS_KEPT:
            del self._jobs[next(iter(self._jobs))]
        return json_response(job.shown())

    def _job(self, request: TuneRequest, learned: Lessons | Refusal, call: Call) -> TuneJob:
        number = next(self._numbers)
        parameters = request.parameters
        base = request.model.removeprefix("ft:").partition(":")[0]
        steps = 1 if isinstance(learned, Refusal) else len(STATES) - 1
        return TuneJob(
            id=f"ftjob-sandbox-{number}",
            key=call.key,
            created_at=call.entry.at,
            model=request.model,
            training_file=request.training_file,
            validation_file=request.validation_file,
            epochs=USUAL_EPOCHS if parameters.n_epochs == "auto" else parameters.n_epochs,
            hyperparameters=msgspec.to_builtins(parameters),
            seed=number if request.seed is None else request.seed,
            metadata=request.metadata,
            target=f"ft:{base}:sandbox:{request.suffix or ''}:{number}",
            learned=learned,
            progress=Progress(self._pace, call.entry.at, steps),
        )

    async def status(self, call: Call) -> ASGIApp:
        """Raises Refusal (404)."""
        job = self._found(call)
        self._settle(job, call.entry.at, looked=True)
        return json_response(job.shown())

    async def listing(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        for job in self._jobs.values():
            self._settle(job, call.entry.at, looked=False)
        rows = [job.shown() for job in self._jobs.values()]
        return json_response(page(rows, call.request.query_params, ROWS_A_PAGE))

    async def cancel(self, call: Call) -> ASGIApp:
        """Raises Refusal (404, 400)."""
        job = self._found(call)
        self._settle(job, call.entry.at, looked=False)
        if job.status in ENDED:
            told = f"A job that has {job.status} can no longer be cancelled."
            if job.status == "cancelled":
                told = "The job was cancelled before."
            raise Refusal(400, told, code="job_not_cancellable")
        job.cancelled_at = call.entry.at
        return json_response(job.shown())

    def _found(self, call: Call) -> TuneJob:
        name = call.request.path_params["id"]
        job = self._jobs.get(name)
        if job is None:
            raise Refusal(
                404,
                f"There is no fine-tuning job '{name}' here.",
                code="fine_tune_not_found",
                param="id",
            )
        return job

    def _settle(self, job: TuneJob, now: datetime, *, looked: bool) -> None:
        """Go on with a job; on success serve its model and charge for it, once."""
        if job.cancelled_at is not None:
            return
        if looked:
            job.progress.look(now)
        else:
            job.progress.pass_to(now)
        if job.settled or job.status != "succeeded" or not isinstance(job.learned, Lessons):
            return
        job.settled = True
        self._catalog.add(job.target, job.learned)
        units = UNITS_PER_TRAINED_TOKEN * job.trained_tokens
        self._desk.accounts.charge(job.key, units, calls=0)


def _learned(training: StoredFile, validation: StoredFile | None) -> Lessons | Refusal:
    """The training file's lessons, if both files can be used."""
    try:
        if validation is not None:
            read_lessons(validation.content, "validation_file", least=1)
        return read_lessons(training.content)
    except Refusal as refusal:
        return refusal
