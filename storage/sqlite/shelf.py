"""Parts of replies that a platform carries only when it is asked."""

import sqlite3

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, text, update

from core.model import PartState
from core.ports.store import Waiting
from storage.operation import Carried, CarryAgain, Expected, SentThen, Shelved
from storage.rows import decode_reply
from storage.sqlite.statement import constant, first, param, sql
from storage.tables import InboxRow, InboxState, PartRow, ReplyRow, to_us

LATEST = 50
"""A platform repeats a request within seconds: more messages back, nobody asks for a part."""

BETWEEN = "\n"
"""The receipts of a part that was carried more than once."""


def has_receipt() -> ColumnElement[bool]:
    """Whether `:receipt` is among a part's."""
    between, among = constant(BETWEEN), PartRow.table().c.receipt
    line = between.concat(param("receipt")).concat(between)
    return func.instr(between.concat(among).concat(between), line) > constant(0)


class ShelfWrites:
    """Inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        parts = PartRow.table()
        self._again = sql(
            update(parts)
            .where(
                parts.c.reply_id == param("reply_id"),
                parts.c.position == param("position"),
                parts.c.state == constant(PartState.SENT),
            )
            .values(receipt=parts.c.receipt.concat(constant(BETWEEN)).concat(param("receipt")))
        )

    def carry_again(self, again: CarryAgain) -> None:
        """A part that is not there was forgotten meanwhile: nobody can ask for it."""
        self._run(
            self._again,
            {"reply_id": again.reply_id, "position": again.position, "receipt": again.receipt},
        )


class ShelfReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, replies, parts = InboxRow.table(), ReplyRow.table(), PartRow.table()
        here = (
            inbox.c.platform == param("platform"),
            inbox.c.bot == param("bot"),
            inbox.c.chat == param("chat"),
        )
        columns: Select[tuple[str, int, str, str, str]] = select(
            parts.c.reply_id, parts.c.position, parts.c.state, replies.c.payload, inbox.c.key
        )
        whole = parts.join(replies, replies.c.id == parts.c.reply_id).join(
            inbox, inbox.c.id == replies.c.message_id
        )
        self._waiting = sql(
            columns.select_from(whole)
            .where(text("parts.state = 'later'"), *here)
            .order_by(inbox.c.seq, parts.c.position)
        )
        latest = first(select(inbox.c.id).where(*here).order_by(inbox.c.seq.desc()), "count")
        self._carried = sql(
            columns.select_from(whole).where(
                inbox.c.id.in_(latest),
                parts.c.state == constant(PartState.SENT),
                has_receipt(),
            )
        )

        self._sent = sql(
            columns.select_from(whole)
            .where(
                inbox.c.id.in_(latest),
                parts.c.state == constant(PartState.SENT),
                parts.c.settled_at >= param("since"),
                parts.c.settled_at < param("until"),
            )
            .order_by(parts.c.settled_at, inbox.c.seq, parts.c.position)
        )

        on_its_way = exists(
            select(parts.c.reply_id)
            .join(replies, replies.c.id == parts.c.reply_id)
            .where(
                replies.c.message_id == inbox.c.id,
                parts.c.state.in_([constant(PartState.PENDING), constant(PartState.TRYING)]),
            )
        )
        self._expected = sql(
            select(inbox.c.key)
            .where(
                inbox.c.id.in_(latest),
                or_(inbox.c.state == constant(InboxState.NEW), on_its_way),
            )
            .order_by(inbox.c.seq)
        )

    def waiting(self, shelved: Shelved) -> list[Waiting]:
        asked = {"platform": shelved.platform, "bot": shelved.bot, "chat": shelved.chat}
        return [_waiting(row) for row in self._run(self._waiting, asked).fetchall()]

    def expected(self, expected: Expected) -> list[str]:
        asked = {
            "platform": expected.platform,
            "bot": expected.bot,
            "chat": expected.chat,
            "count": LATEST,
        }
        return [row["key"] for row in self._run(self._expected, asked).fetchall()]

    def carried(self, carried: Carried) -> Waiting | None:
        asked = {
            "platform": carried.platform,
            "bot": carried.bot,
            "chat": carried.chat,
            "receipt": carried.receipt,
            "count": LATEST,
        }
        rows = self._run(self._carried, asked).fetchall()
        return _waiting(rows[0]) if rows else None

    def sent(self, asked: SentThen) -> tuple[Waiting, ...]:
        given = {
            "platform": asked.platform,
            "bot": asked.bot,
            "chat": asked.chat,
            "count": LATEST,
            "since": to_us(asked.since),
            "until": to_us(asked.until),
        }
        return tuple(map(_waiting, self._run(self._sent, given).fetchall()))


def _waiting(row: sqlite3.Row) -> Waiting:
    reply = decode_reply(row["payload"])
    return Waiting(
        reply_id=row["reply_id"],
        index=row["position"],
        total=len(reply.parts),
        part=reply.parts[row["position"]],
        answers=row["key"],
        state=PartState(row["state"]),
    )
