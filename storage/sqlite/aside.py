"""Messages that were set aside: reading, putting back, dropping."""

import sqlite3

from sqlalchemy import and_, delete, func, null, or_, select, text, tuple_, update

from storage.aside import Backlog, Count, Drop, ListAside, Oldest, PutBack, SetAside
from storage.operation import Finished
from storage.rows import decode_message, encode
from storage.sqlite.erasure import Erasure
from storage.sqlite.statement import constant, first, given, param, sql
from storage.tables import InboxRow, InboxState, PartRow, ReplyRow, TurnRow, from_us, to_us

DROPPED = "dropped"
"""The reason of a message whose content was dropped."""


class AsideWrites:
    """Inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, erasure: Erasure) -> None:
        self._run = connection.execute
        self._erasure = erasure
        inbox, replies, parts = InboxRow.table(), ReplyRow.table(), PartRow.table()
        turns, these = TurnRow.table(), given("ids")
        dead = inbox.c.state == constant(InboxState.DEAD)
        asked = inbox.alias("asked")
        end = (inbox.c.conversation, inbox.c.answered_at, inbox.c.reason)
        # what a message took in ended in its transaction and has no reply but the message's
        ends = (
            select(*(asked.c[column.name] for column in end))
            .select_from(asked.join(replies, replies.c.message_id == asked.c.id))
            .where(asked.c.id.in_(these))
        )
        own = select(replies.c.id).where(replies.c.message_id == inbox.c.id)
        taken_in = and_(~own.exists(), tuple_(*end).in_(ends))
        self._aside = sql(
            select(inbox.c.id, inbox.c.conversation)
            .where(
                dead,
                inbox.c.payload.is_not(None),
                or_(inbox.c.id.in_(these), taken_in),
            )
            .order_by(inbox.c.seq)
        )
        told = select(replies.c.id).where(replies.c.message_id.in_(these))
        self._untell = (
            sql(delete(parts).where(parts.c.reply_id.in_(told))),
            sql(delete(replies).where(replies.c.message_id.in_(these))),
            sql(delete(turns).where(turns.c.message_id.in_(these))),
        )
        self._renew = sql(
            update(inbox)
            .where(inbox.c.id.in_(these))
            .values(
                state=constant(InboxState.NEW),
                reason=constant(""),
                attempt=constant(0),
                owner=constant(""),
                answered_at=null(),
                put_back_at=param("at"),
            )
        )
        self._strip = sql(
            update(inbox)
            .where(inbox.c.id.in_(these))
            .values(payload=null(), reason=constant(DROPPED))
        )

    def put_back(self, put_back: PutBack) -> tuple[tuple[str, ...], Finished]:
        ids, changed = self._found(put_back.message_ids)
        listed = {"ids": encode(ids)}
        for statement in self._untell:
            self._run(statement, listed)
        self._run(self._renew, {**listed, "at": to_us(put_back.at)})
        return ids, Finished(applied=True, changed=changed)

    def drop(self, drop: Drop) -> tuple[tuple[str, ...], Finished]:
        ids, changed = self._found(drop.message_ids)
        orphans = self._erasure.erase(list(ids))
        self._run(self._strip, {"ids": encode(ids)})
        return ids, Finished(applied=True, changed=changed, orphans=orphans)

    def _found(self, message_ids: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
        rows = self._run(self._aside, {"ids": encode(message_ids)}).fetchall()
        return tuple(found for found, _ in rows), frozenset(where for _, where in rows)


class AsideReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, replies, parts = InboxRow.table(), ReplyRow.table(), PartRow.table()
        dead = inbox.c.state == constant(InboxState.DEAD)
        kept = inbox.c.payload.is_not(None)
        self._list = sql(select(inbox).where(dead, kept).order_by(inbox.c.seq))
        self._count = sql(select(func.count()).select_from(inbox).where(dead, kept))
        since = func.coalesce(inbox.c.put_back_at, inbox.c.received_at)
        new = select(since, inbox.c.id).where(inbox.c.state == constant(InboxState.NEW))
        unsent = (
            select(since, inbox.c.id)
            .select_from(
                parts.join(replies, replies.c.id == parts.c.reply_id).join(
                    inbox, inbox.c.id == replies.c.message_id
                )
            )
            .where(text("parts.state IN ('pending', 'trying')"))
        )
        self._oldest = tuple(
            sql(first(found.where(kept).order_by(since, inbox.c.seq), "count"))
            for found in (new, unsent)
        )

    def aside(self, _list: ListAside) -> list[SetAside]:
        return [
            SetAside(
                message=decode_message(row["payload"]),
                received_at=from_us(row["received_at"]),
                at=from_us(row["answered_at"]),
                reason=row["reason"],
                attempt=row["attempt"],
            )
            for row in self._run(self._list).fetchall()
        ]

    def count(self, _count: Count) -> Backlog:
        oldest = self._unanswered()
        return Backlog(
            oldest_at=None if oldest is None else from_us(oldest[0]),
            set_aside=self._run(self._count).fetchone()[0],
        )

    def oldest(self, _oldest: Oldest) -> str | None:
        found = self._unanswered()
        return found[1] if found else None

    def _unanswered(self) -> tuple[int, str] | None:
        """The oldest message without a whole answer: since when in µs, and its id."""
        found = [self._run(query, {"count": 1}).fetchone() for query in self._oldest]
        return min(((row[0], str(row[1])) for row in found if row), default=None)
