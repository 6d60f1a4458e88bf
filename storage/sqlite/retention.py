"""Erasing by age."""

import sqlite3

from sqlalchemy import delete, null, select, update

from storage.operation import Erase, Expire, Expired, Referenced
from storage.rows import encode
from storage.sqlite.erasure import Erasure
from storage.sqlite.statement import constant, first, given, param, sql
from storage.tables import AllowanceRow, FiringRow, InboxRow, InboxState, MediaRefRow, to_us


class RetentionWrites:
    """Old content first, old dedupe keys later."""

    def __init__(self, connection: sqlite3.Connection, erasure: Erasure) -> None:
        self._run = connection.execute
        self._erasure = erasure
        inbox, allowances, firings = InboxRow.table(), AllowanceRow.table(), FiringRow.table()
        these = inbox.c.id.in_(given("ids"))
        self._drop = sql(delete(inbox).where(these, inbox.c.answered_at < param("keys_before")))
        self._strip = sql(update(inbox).where(these).values(payload=null()))
        self._counters = sql(delete(allowances).where(allowances.c.day < param("day")))
        self._firings = sql(delete(firings).where(firings.c.at < param("at")))

    def erase(self, erase: Erase) -> tuple[str, ...]:
        """The answer are files that nothing needs any more."""
        ids = list(erase.message_ids)
        orphans = self._erasure.erase(ids)
        listed = {"ids": encode(ids)}
        self._run(self._drop, {**listed, "keys_before": to_us(erase.keys_before)})
        self._run(self._strip, listed)
        return orphans

    def expire(self, expire: Expire) -> None:
        self._run(self._counters, {"day": expire.day})
        self._run(self._firings, {"at": to_us(expire.at)})


class RetentionReads:
    """What there is to erase: looked for beside the writer, since it may take a while."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, refs = InboxRow.table(), MediaRefRow.table()
        past = (
            select(inbox.c.seq, inbox.c.id)
            .where(
                inbox.c.seq > param("after"),
                inbox.c.state != constant(InboxState.NEW),
                inbox.c.answered_at < param("before"),
            )
            .order_by(inbox.c.seq)
        )
        self._past = sql(first(past, "count"))
        self._full = sql(first(past.where(inbox.c.payload.is_not(None)), "count"))
        self._referenced = sql(
            select(refs.c.blob).distinct().where(refs.c.blob.in_(given("blobs")))
        )

    def expired(self, expired: Expired) -> tuple[tuple[int, str], ...]:
        statement = self._past if expired.erased else self._full
        asked = {
            "before": to_us(expired.before),
            "after": expired.after,
            "count": expired.count,
        }
        return tuple((row["seq"], row["id"]) for row in self._run(statement, asked).fetchall())

    def referenced(self, referenced: Referenced) -> frozenset[str]:
        asked = {"blobs": encode(referenced.blobs)}
        return frozenset(row["blob"] for row in self._run(self._referenced, asked).fetchall())
