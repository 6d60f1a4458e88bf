"""Erasing by age."""

import sqlite3

from sqlalchemy import and_, delete, func, null, or_, select, text, update

from storage.operation import Erase, Expire, Expired, Found, Referenced
from storage.rows import encode
from storage.sqlite.erasure import Erasure
from storage.sqlite.statement import constant, first, given, param, sql
from storage.tables import (
    CounterRow,
    FiringRow,
    InboxRow,
    InboxState,
    MediaRefRow,
    PartRow,
    ReplyRow,
    SettingRow,
    to_us,
)

DAY_CHARS = len("2026-11-21")
"""A gift's name ends with the day on which its period began: core.quota.limits.grant_name."""


class RetentionWrites:
    """Old content first, old dedupe keys later."""

    def __init__(self, connection: sqlite3.Connection, erasure: Erasure) -> None:
        self._run = connection.execute
        self._erasure = erasure
        inbox, counters, firings = InboxRow.table(), CounterRow.table(), FiringRow.table()
        these = inbox.c.id.in_(given("ids"))
        ended = inbox.c.state != constant(InboxState.NEW)
        self._ended = sql(select(inbox.c.id).where(these, ended))
        self._drop = sql(delete(inbox).where(these, inbox.c.answered_at < param("keys_before")))
        self._strip = sql(update(inbox).where(these).values(payload=null()))
        self._counters = sql(delete(counters).where(counters.c.day < param("day")))
        self._firings = sql(delete(firings).where(firings.c.at < param("at")))
        settings = SettingRow.table()
        since = func.substr(settings.c.name, constant(-DAY_CHARS))
        gifts = and_(settings.c.scope == constant("grants"), since < param("day"))
        self._gifts = sql(delete(settings).where(gifts).returning(settings.c.name))

    def erase(self, erase: Erase) -> tuple[str, ...]:
        """The answer are files that nothing needs any more.

        What was put back since it was found stays.
        """
        given_ids = {"ids": encode(erase.message_ids)}
        ids = [found for (found,) in self._run(self._ended, given_ids).fetchall()]
        orphans = self._erasure.erase(ids)
        listed = {"ids": encode(ids)}
        self._run(self._drop, {**listed, "keys_before": to_us(erase.keys_before)})
        self._run(self._strip, listed)
        return orphans

    def expire(self, expire: Expire) -> tuple[str, ...]:
        self._run(self._counters, {"day": expire.day})
        self._run(self._firings, {"at": to_us(expire.at)})
        rows = self._run(self._gifts, {"day": expire.day}).fetchall()
        return tuple(name for (name,) in rows)


class RetentionReads:
    """What there is to erase: looked for beside the writer, since it may take a while.

    What is still to be sent is not old, whatever the clock says.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, refs = InboxRow.table(), MediaRefRow.table()
        parts, replies = PartRow.table(), ReplyRow.table()
        unsent = (
            select(replies.c.message_id)
            .select_from(parts.join(replies, replies.c.id == parts.c.reply_id))
            .where(text("parts.state IN ('pending', 'trying')"))
        )
        old = and_(
            inbox.c.state != constant(InboxState.NEW),
            inbox.c.answered_at < param("before"),
            or_(inbox.c.payload.is_not(None), inbox.c.answered_at < param("keys_before")),
            inbox.c.id.not_in(unsent),
        )
        these = select(inbox.c.seq, inbox.c.id, old.label("old"))
        later = these.where(inbox.c.seq > param("after")).order_by(inbox.c.seq)
        self._later = sql(first(later, "count"))
        self._referenced = sql(
            select(refs.c.blob).distinct().where(refs.c.blob.in_(given("blobs")))
        )

    def expired(self, expired: Expired) -> Found:
        asked = {
            "before": to_us(expired.before),
            "keys_before": to_us(expired.keys_before),
            "after": expired.after,
            "count": expired.count,
        }
        rows = self._run(self._later, asked).fetchall()
        return Found(
            until=rows[-1]["seq"] if rows else None,
            message_ids=tuple(row["id"] for row in rows if row["old"]),
        )

    def referenced(self, referenced: Referenced) -> frozenset[str]:
        asked = {"blobs": encode(referenced.blobs)}
        return frozenset(row["blob"] for row in self._run(self._referenced, asked).fetchall())
