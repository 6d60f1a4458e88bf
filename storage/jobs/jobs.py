"""core.jobs.jobs.Jobs over `jobs.db` and the files beside it."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import asdict, replace
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from core.errors import StoreError, StoreInvalid
from core.relay_job import JobKind, RelayJob
from storage.jobs.database import BUSY_S, open_engine, transaction
from storage.jobs.files import JobFiles
from storage.jobs.tables import JobRow

FILE = "jobs.db"
FOLDER = "jobs"


class SqlJobs:
    """Jobs in a data folder. Each call is a transaction of its own."""

    def __init__(self, engine: Engine, path: Path, files: JobFiles) -> None:
        self._engine = engine
        self._path = path
        self._files = files
        self.keep_input = files.keep_input
        self.input = files.input
        self.keep_output = files.keep_output
        self.output = files.output

    @classmethod
    def open(cls, data: Path, *, busy_timeout_s: float = BUSY_S) -> "SqlJobs":
        """Made if need be. Raises StoreError, NewerSchema."""
        path = data / FILE
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as error:
            raise StoreError(
                f"database {path}: cannot be opened: {error.strerror}. "
                "Check [storage] data and the owner of its folder"
            ) from error
        return cls(open_engine(path, busy_timeout_s), path, JobFiles(data / FOLDER))

    def close(self) -> None:
        self._engine.dispose()

    def add(self, draft: RelayJob, *, after: int) -> RelayJob:
        with transaction(self._engine, self._path) as session:
            job = replace(draft, after=after)
            if there := _same(session, job):
                return _job(there)
            highest = session.exec(select(func.max(JobRow.number))).one() or 0
            # a file of a job whose database is gone is nobody else's
            number = max(highest, self._files.highest()) + 1
            job = replace(job, number=number, revision=1)
            session.add(JobRow(**asdict(job)))
        return job

    def put(self, job: RelayJob) -> RelayJob:
        with transaction(self._engine, self._path) as session:
            row = session.get(JobRow, job.number)
            if row is None or row.revision != job.revision:
                raise StoreInvalid(
                    f"job {job.number}: expected it as it was read, but another process changed "
                    "it meanwhile. See where it is now, by the command with status or list"
                )
            noted = replace(job, revision=job.revision + 1)
            row.sqlmodel_update(asdict(noted))
            session.add(row)
        return noted

    def get(self, number: int) -> RelayJob | None:
        with transaction(self._engine, self._path) as session:
            row = session.get(JobRow, number)
            return _job(row) if row else None

    def all(self, kind: JobKind) -> Sequence[RelayJob]:
        chosen = select(JobRow).where(JobRow.kind == kind).order_by(col(JobRow.number))
        with transaction(self._engine, self._path) as session:
            return [_job(row) for row in session.exec(chosen)]

    def latest(self, draft: RelayJob) -> RelayJob | None:
        chosen = (
            select(JobRow)
            .where(
                JobRow.kind == draft.kind,
                JobRow.relay == draft.relay,
                JobRow.fingerprint == draft.fingerprint,
            )
            .order_by(col(JobRow.number).desc())
        )
        with transaction(self._engine, self._path) as session:
            row = session.exec(chosen).first()
            return _job(row) if row else None


def _same(session: Session, job: RelayJob) -> JobRow | None:
    chosen = select(JobRow).where(
        JobRow.kind == job.kind,
        JobRow.relay == job.relay,
        JobRow.fingerprint == job.fingerprint,
        JobRow.after == job.after,
    )
    return session.exec(chosen).first()


def _job(row: JobRow) -> RelayJob:
    return msgspec.convert(row.model_dump(), RelayJob)
