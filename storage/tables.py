"""The tables. They serve the schema and cold reads; hot writes go around the ORM.

Times are integers of microseconds since 1970 in UTC: they sort, they fit an
index, and they cost nothing to bind. `Moment` shows them as aware datetimes.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(at: datetime) -> int:
    """Microseconds since 1970, exactly. Raises TypeError for a naive time."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_us(at_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=at_us)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else to_us(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else from_us(value)


EMPTY = {"server_default": ""}

Serial = BigInteger().with_variant(Integer, "sqlite")
"""A key that counts up. SQLite counts only in INTEGER."""


# The partial indexes are partial on PostgreSQL too, by the migrations: to say so here as
# well would import its dialect, 25 ms at every start.


class InboxState(StrEnum):
    NEW = "new"
    ANSWERED = "answered"
    DEAD = "dead"


class Row(SQLModel):
    """Base of all tables. Names every constraint and index by one convention."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )

    @classmethod
    def table(cls) -> Table:
        return cls.metadata.tables[str(cls.__tablename__)]


class InboxRow(Row, table=True):
    """A message from a platform. `payload` is its JSON, NULL once forgotten or past retention.

    `first_claimed_at` and `claimed_at` are the first and the last claim's; `put_back_at` is
    when it was put back after it had been set aside. NULL in rows from before schema 0003.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("platform", "bot", "key"),
        UniqueConstraint("id"),
        Index(None, "platform", "bot", "chat", "seq"),
        Index(
            "ix_inbox_new",
            "seq",
            sqlite_where=text("state = 'new'"),
        ),
        Index("ix_inbox_dead", "seq", sqlite_where=text("state = 'dead'")),
    )

    seq: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    id: str
    platform: str
    bot: str
    key: str
    chat: str
    conversation: str
    person: str = Field(index=True)
    state: str = InboxState.NEW
    reason: str = ""
    attempt: int = 0
    owner: str = ""
    received_at: datetime = Field(sa_type=Moment)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    payload: str | None = Field(default=None, sa_type=Text)
    first_claimed_at: datetime | None = Field(default=None, sa_type=Moment)
    claimed_at: datetime | None = Field(default=None, sa_type=Moment)
    put_back_at: datetime | None = Field(default=None, sa_type=Moment)


class TurnRow(Row, table=True):
    """One side of an exchange. `seq` is never used twice: `afresh` marks point at it."""

    __tablename__ = "turns"
    __table_args__ = (Index(None, "conversation", "seq"), {"sqlite_autoincrement": True})

    seq: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    conversation: str
    message_id: str = Field(index=True)
    role: str
    text: str = Field(sa_type=Text)
    media: str = Field(sa_type=Text)
    state: str
    at: datetime = Field(sa_type=Moment)


class ReplyRow(Row, table=True):
    """What answers a message: one at most, which the unique key holds. `payload` is JSON.

    A notice beside the answer is the reply of no message: `message_id` is "notice:" and its id.
    So is what is told on our own initiative: "announce:", the person's key, ":", and what of.
    """

    __tablename__ = "replies"
    __table_args__ = (UniqueConstraint("message_id"),)

    id: str = Field(primary_key=True)
    message_id: str
    payload: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Moment)


class PartRow(Row, table=True):
    """The ledger of sends: one row for each part of a reply.

    `tried_at` is the last try's, where tries are noted; `settled_at` is when it became
    neither PENDING nor TRYING. NULL in rows from before schema 0003.
    """

    __tablename__ = "parts"
    __table_args__ = (
        Index(
            "ix_parts_open",
            "reply_id",
            sqlite_where=text("state IN ('pending', 'trying')"),
        ),
        Index("ix_parts_later", "reply_id", sqlite_where=text("state = 'later'")),
        {"sqlite_with_rowid": False},
    )

    reply_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    state: str
    attempts: int = 0
    receipt: str = ""
    tried_at: datetime | None = Field(default=None, sa_type=Moment)
    settled_at: datetime | None = Field(default=None, sa_type=Moment)


class ConversationRow(Row, table=True):
    """`afresh` is the last turn that is no longer sent to a model."""

    __tablename__ = "conversations"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: str = Field(primary_key=True)
    afresh: int = Field(sa_type=BigInteger)


class SettingRow(Row, table=True):
    """A choice under (scope, name); `person` is who made it."""

    __tablename__ = "settings"
    __table_args__ = ({"sqlite_with_rowid": False},)

    scope: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str
    person: str


class CounterRow(Row, table=True):
    """What a `core.ports.ledger.Scope` used on an accounting day: sums over `spends`.

    `messages` are those for which a relay was called, `unpriced` calls of unknown price.
    """

    __tablename__ = "counters"
    __table_args__ = ({"sqlite_with_rowid": False},)

    scope: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    messages: int = 0
    tokens: int = Field(default=0, sa_type=BigInteger)
    images: int = 0
    audio_ms: int = Field(default=0, sa_type=BigInteger)
    nano_usd: int = Field(default=0, sa_type=BigInteger)
    unpriced: int = 0


class ReservationRow(Row, table=True):
    """What is set aside for a message that is being worked on. `until` it stands unclaimed."""

    __tablename__ = "reservations"
    __table_args__ = ({"sqlite_with_rowid": False},)

    message_id: str = Field(primary_key=True)
    person: str
    conversation: str
    identity: str
    place: str
    bot: str
    day: str
    kind: str
    at: datetime = Field(sa_type=Moment)
    until: datetime = Field(sa_type=Moment)
    messages: int
    tokens: int = Field(sa_type=BigInteger)
    images: int
    audio_ms: int = Field(sa_type=BigInteger)
    nano_usd: int = Field(sa_type=BigInteger)


class SpendRow(Row, table=True):
    """One relay call that may cost. Holds no text, so forgetting keeps it.

    `identity`, `place` and `day` as in `core.ports.ledger.Account`; "" in rows from before
    schema 0004, whose `day` is UTC's.
    """

    __tablename__ = "spends"
    __table_args__ = (
        Index(None, "identity", "day"),
        Index(None, "relay", "key", "at"),
        Index(None, "day"),
    )

    seq: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    person: str
    message_id: str
    kind: str
    relay: str
    model: str
    at: datetime = Field(sa_type=Moment)
    prompt_tokens: int
    completion_tokens: int
    characters: int
    images: int
    audio_s: float
    estimated: bool
    conversation: str = Field(default="", sa_column_kwargs=EMPTY)
    identity: str = Field(default="", sa_column_kwargs=EMPTY)
    place: str = Field(default="", sa_column_kwargs=EMPTY)
    bot: str = Field(default="", sa_column_kwargs=EMPTY)
    day: str = Field(default="", sa_column_kwargs=EMPTY)
    key: str = Field(default="", sa_column_kwargs=EMPTY)
    unsure: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    nano_usd: int | None = Field(default=None, sa_type=BigInteger)
    reserved_nano_usd: int | None = Field(default=None, sa_type=BigInteger)


class ChangeRow(Row, table=True):
    """An admin's decision on somebody's role, limits, gifts or key. None is "not set"."""

    __tablename__ = "changes"

    seq: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    at: datetime = Field(sa_type=Moment)
    by: str
    scope: str
    name: str
    before: str | None
    after: str | None


class ReadingRow(Row, table=True):
    """What a relay said of an account or a token at a time. `used` is in nano-dollars.

    `subject` is "account", or the token's keyed hash; or "own/" or "billing/" and a key's
    alias: see `storage.readings.Reading`. `detail` is its JSON.
    """

    __tablename__ = "readings"
    __table_args__ = (Index(None, "relay", "subject", "at"),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    relay: str
    subject: str
    at: datetime = Field(sa_type=Moment)
    used: int = Field(sa_type=BigInteger)
    detail: str = Field(sa_type=Text)


class AlertRow(Row, table=True):
    """An event that admins were told of. Over, it is deleted: then it may be told again."""

    __tablename__ = "alerts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)


class MediaRefRow(Row, table=True):
    """A message, its turns or its reply need this file."""

    __tablename__ = "media_refs"
    __table_args__ = ({"sqlite_with_rowid": False},)

    message_id: str = Field(primary_key=True)
    blob: str = Field(primary_key=True, index=True)


class FiringRow(Row, table=True):
    """A schedule's firing, inserted once; or "order " and the name of one that was carried out."""

    __tablename__ = "schedule_firings"
    __table_args__ = ({"sqlite_with_rowid": False},)

    job: str = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=Moment)


class MetaRow(Row, table=True):
    """What the store keeps about itself, by name: when it was last seen to take a write."""

    __tablename__ = "meta"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: str = Field(primary_key=True)
    value: str
