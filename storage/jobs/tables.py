"""The one table of `jobs.db`. Its columns are the fields of core.relay_job.RelayJob."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, MetaData, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables import Moment


class Row(SQLModel):
    """Base of the tables here, apart from those of the main database."""

    metadata: ClassVar[MetaData] = MetaData()


class JobRow(Row, table=True):
    """A job. That one thing is asked for once is held by the unique key."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("kind", "relay", "fingerprint", "after"),)

    number: int = Field(primary_key=True)
    revision: int
    kind: str
    relay: str
    fingerprint: str
    after: int
    file: str
    input: str
    validation: str
    model: str
    suffix: str
    epochs: int
    at: datetime = Field(sa_type=Moment)
    state: str
    told: str
    trouble: str = Field(sa_type=Text)
    total: int
    completed: int
    failed: int
    input_file_id: str
    validation_file_id: str
    output_file_id: str
    error_file_id: str
    remote_id: str
    fine_tuned_model: str
    tried_at: datetime | None = Field(default=None, sa_type=Moment)
    submitted_at: datetime | None = Field(default=None, sa_type=Moment)
    asked_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    fetched_at: datetime | None = Field(default=None, sa_type=Moment)
    input_until: datetime | None = Field(default=None, sa_type=Moment)
    record_until: datetime | None = Field(default=None, sa_type=Moment)
    output_until: datetime | None = Field(default=None, sa_type=Moment)
    entered_at: datetime | None = Field(default=None, sa_type=Moment)
    trained_tokens: int | None = Field(default=None, sa_type=BigInteger)
