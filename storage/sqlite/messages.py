"""Reading messages and their replies back."""

import sqlite3

from sqlalchemy import select, text

from core.model import Delivery, PartState
from core.ports import Exchange, Unfinished
from storage.operation import Expired, Pending, Referenced, Show
from storage.rows import decode_message, decode_reply, encode
from storage.sqlite.statement import constant, given, param, sql
from storage.tables import InboxRow, InboxState, MediaRefRow, PartRow, ReplyRow, from_us, to_us


class MessageReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, replies, parts = InboxRow.table(), ReplyRow.table(), PartRow.table()
        refs = MediaRefRow.table()
        new = inbox.c.state == constant(InboxState.NEW)
        unsent = text("parts.state IN ('pending', 'trying')")
        undelivered = (
            select(inbox.c.seq)
            .select_from(
                parts.join(replies, replies.c.id == parts.c.reply_id).join(
                    inbox, inbox.c.id == replies.c.message_id
                )
            )
            .where(unsent)
        )
        messages = (
            select(inbox, replies.c.id.label("reply_id"), replies.c.payload.label("reply"))
            .select_from(inbox.outerjoin(replies, replies.c.message_id == inbox.c.id))
            .where(inbox.c.payload.is_not(None))
        )
        self._pending = sql(
            messages.where(
                inbox.c.seq.in_(select(inbox.c.seq).where(new).union(undelivered))
            ).order_by(inbox.c.seq)
        )
        self._chat = sql(
            messages.where(
                inbox.c.platform == param("platform"),
                inbox.c.bot == param("bot"),
                inbox.c.chat == param("chat"),
            )
            .order_by(inbox.c.seq.desc())
            .limit(param("count"))
        )
        self._states = sql(
            select(parts.c.state)
            .where(parts.c.reply_id == param("reply_id"))
            .order_by(parts.c.position)
        )
        past = (
            select(inbox.c.seq, inbox.c.id)
            .where(
                inbox.c.seq > param("after"),
                inbox.c.state != constant(InboxState.NEW),
                inbox.c.answered_at < param("before"),
            )
            .order_by(inbox.c.seq)
            .limit(param("count"))
        )
        self._past = sql(past)
        self._past_with_content = sql(past.where(inbox.c.payload.is_not(None)))
        self._referenced = sql(
            select(refs.c.blob).distinct().where(refs.c.blob.in_(given("blobs")))
        )

    def pending(self, _pending: Pending) -> list[Unfinished]:
        return [
            Unfinished(
                message=decode_message(row["payload"]),
                conversation=row["conversation"],
                received_at=from_us(row["received_at"]),
                attempt=row["attempt"],
                delivery=self._delivery(row),
            )
            for row in self._run(self._pending).fetchall()
        ]

    def show(self, show: Show) -> list[Exchange]:
        asked = {
            "platform": show.platform,
            "bot": show.bot,
            "chat": show.chat,
            "count": show.count,
        }
        return [
            Exchange(message=decode_message(row["payload"]), delivery=self._delivery(row))
            for row in reversed(self._run(self._chat, asked).fetchall())
        ]

    def expired(self, expired: Expired) -> tuple[tuple[int, str], ...]:
        statement = self._past if expired.erased else self._past_with_content
        asked = {
            "before": to_us(expired.before),
            "after": expired.after,
            "count": expired.count,
        }
        return tuple((row["seq"], row["id"]) for row in self._run(statement, asked).fetchall())

    def referenced(self, referenced: Referenced) -> frozenset[str]:
        asked = {"blobs": encode(referenced.blobs)}
        return frozenset(row["blob"] for row in self._run(self._referenced, asked).fetchall())

    def _delivery(self, row: sqlite3.Row) -> Delivery | None:
        if row["reply_id"] is None:
            return None
        states = self._run(self._states, {"reply_id": row["reply_id"]}).fetchall()
        return Delivery(
            reply=decode_reply(row["reply"]),
            states=tuple(PartState(state["state"]) for state in states),
        )
