"""Reading messages and their replies back."""

import logging
import sqlite3

from msgspec import MsgspecError
from sqlalchemy import select, text

from core.model import Delivery, PartState, Reply
from core.ports.store import Exchange, Unfinished
from storage.operation import Known, Pending, Show
from storage.rows import decode_message, decode_reply, notice_of
from storage.sqlite.deliveries import DeliveryReads
from storage.sqlite.statement import constant, first, param, sql
from storage.tables import InboxRow, InboxState, PartRow, ReplyRow, from_us

log = logging.getLogger(__name__)


class MessageReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, replies, parts = InboxRow.table(), ReplyRow.table(), PartRow.table()
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
            first(
                messages.where(
                    inbox.c.platform == param("platform"),
                    inbox.c.bot == param("bot"),
                    inbox.c.chat == param("chat"),
                ).order_by(inbox.c.seq.desc()),
                "count",
            )
        )
        self._known = sql(
            select(inbox.c.seq).where(
                inbox.c.platform == param("platform"),
                inbox.c.bot == param("bot"),
                inbox.c.key == param("key"),
            )
        )
        self._notice = sql(
            select(replies.c.payload)
            .join(parts, parts.c.reply_id == replies.c.id)
            .where(
                replies.c.message_id == param("told_as"),
                parts.c.state != constant(PartState.REFUSED),
            )
        )
        self._deliveries = DeliveryReads(connection)

    def pending(self, _pending: Pending) -> list[Unfinished]:
        found = map(self._unfinished, self._run(self._pending).fetchall())
        return [one for one in found if one]

    def _unfinished(self, row: sqlite3.Row) -> Unfinished | None:
        """None for one that cannot be read: it must not keep the others from being answered."""
        try:
            return Unfinished(
                message=decode_message(row["payload"]),
                conversation=row["conversation"],
                received_at=from_us(row["put_back_at"] or row["received_at"]),
                attempt=row["attempt"],
                delivery=self._delivery(row),
                rested=row["attempt"] > 0 and not row["owner"],
            )
        except (MsgspecError, ValueError) as error:
            log.warning("message %s stays: it cannot be read: %s", row["id"], type(error).__name__)
            return None

    def known(self, known: Known) -> bool:
        asked = {"platform": known.platform, "bot": known.bot, "key": known.key}
        return self._run(self._known, asked).fetchone() is not None

    def show(self, show: Show) -> list[Exchange]:
        asked = {
            "platform": show.platform,
            "bot": show.bot,
            "chat": show.chat,
            "count": show.count,
        }
        return [self._exchange(row) for row in reversed(self._run(self._chat, asked).fetchall())]

    def _exchange(self, row: sqlite3.Row) -> Exchange:
        delivery = self._delivery(row)
        return Exchange(
            message=decode_message(row["payload"]),
            delivery=delivery,
            notice=None if delivery else self._told(row["id"]),
        )

    def _told(self, message_id: str) -> Reply | None:
        found = self._run(self._notice, {"told_as": notice_of(message_id)}).fetchone()
        return decode_reply(found["payload"]) if found else None

    def _delivery(self, row: sqlite3.Row) -> Delivery | None:
        if row["reply_id"] is None:
            return None
        return self._deliveries.of(row["reply_id"], row["reply"])
