"""Letters: replies that answer no message, and the events that they tell of."""

import logging
import sqlite3
from datetime import datetime
from typing import Any

from msgspec import MsgspecError
from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.dialects.sqlite import insert

from core.model import Message, PartState
from core.ports.store import Unfinished, Waiting
from storage.announcing import (
    BEYOND,
    PREFIX,
    Announce,
    LastPrivate,
    Letter,
    Raised,
    SweepLetters,
    letter_name,
    unfinished,
)
from storage.operation import Carried, Fire, Pending, Shelved
from storage.rows import decode_message, decode_reply, encode, part_values
from storage.sqlite.deliveries import DeliveryReads
from storage.sqlite.own import OwnWrites
from storage.sqlite.shelf import has_receipt
from storage.sqlite.statement import constant, first, given, insert_row, param, sql
from storage.tables import AlertRow, InboxRow, PartRow, ReplyRow, from_us, to_us

log = logging.getLogger(__name__)


class AnnouncingWrites:
    """Inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, own: OwnWrites) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        self._fire = own.fire
        alerts, replies, parts = AlertRow.table(), ReplyRow.table(), PartRow.table()
        self._raise = sql(insert_row(alerts).on_conflict_do_nothing())
        self._end = sql(delete(alerts).where(alerts.c.key == param("key")))
        self._reply = sql(insert_row(replies).on_conflict_do_nothing())
        columns = ("reply_id", "position", "state")
        self._part = sql(
            insert(parts).values(
                {name: param(name) for name in columns}
                | {"attempts": constant(0), "receipt": constant("")}
            )
        )
        announced = replies.c.message_id.between(constant(PREFIX), constant(BEYOND))
        open_ = select(parts.c.reply_id).where(text("parts.state IN ('pending', 'trying')"))
        old = and_(announced, replies.c.at < param("before"), replies.c.id.not_in(open_))
        theirs = replies.c.message_id.between(param("after"), param("beyond"))
        self._sweeps = _deletes(old)
        self._forgets = _deletes(theirs)

    def announce(self, announce: Announce) -> bool:
        if not self._is_news(announce):
            return False
        for letter in announce.letters:
            self._store(letter, announce.at)
        return True

    def _is_news(self, announce: Announce) -> bool:
        at = to_us(announce.at)
        if announce.over:
            return self._run(self._end, {"key": announce.over}).rowcount == 1
        if announce.job:
            return self._fire(Fire(job=announce.job, at=announce.at))
        rows = [self._run(self._raise, {"key": key, "at": at}) for key in announce.raised]
        return bool(rows) and rows[0].rowcount == 1

    def _store(self, letter: Letter, at: datetime) -> None:
        reply = letter.reply
        values = {"id": reply.id, "message_id": letter.name, "payload": encode(reply)}
        if self._run(self._reply, {**values, "at": to_us(at)}).rowcount == 1:
            self._many(self._part, part_values(reply))

    def sweep(self, sweep: SweepLetters) -> None:
        for statement in self._sweeps:
            self._run(statement, {"before": to_us(sweep.before)})

    def forget(self, person: str) -> None:
        """What a person was told."""
        named = letter_name(person, "")
        for statement in self._forgets:
            self._run(statement, {"after": named, "beyond": f"{named[:-1]};"})


def _deletes(which: Any) -> tuple[str, ...]:
    """Parts first."""
    replies, parts = ReplyRow.table(), PartRow.table()
    ids = select(replies.c.id).where(which)
    return sql(delete(parts).where(parts.c.reply_id.in_(ids))), sql(delete(replies).where(which))


class AnnouncingReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        alerts, inbox = AlertRow.table(), InboxRow.table()
        replies, parts = ReplyRow.table(), PartRow.table()
        announced = replies.c.message_id.between(constant(PREFIX), constant(BEYOND))
        whole = parts.join(replies, replies.c.id == parts.c.reply_id)
        self._raised = sql(select(alerts.c.key, alerts.c.at))
        self._last = sql(
            first(
                select(inbox.c.payload)
                .where(
                    inbox.c.person.in_(given("persons")),
                    inbox.c.payload.is_not(None),
                    func.json_extract(inbox.c.payload, text("'$.address.group'")) == constant(0),
                )
                .order_by(inbox.c.seq.desc()),
                "count",
            )
        )
        columns = (replies.c.message_id, replies.c.payload, replies.c.at)
        self._pending = sql(
            select(replies.c.id, *columns)
            .select_from(whole)
            .where(text("parts.state IN ('pending', 'trying')"), announced)
            .distinct()
            .order_by(replies.c.at, replies.c.id)
        )
        here = [
            func.json_extract(replies.c.payload, text(f"'$.to.{name}'")) == param(name)
            for name in ("platform", "bot", "chat")
        ]
        carried = and_(parts.c.state == constant(PartState.SENT), has_receipt())
        found = select(parts.c.reply_id, parts.c.position, parts.c.state, replies.c.payload)
        found = found.select_from(whole).where(announced, *here)
        order = (replies.c.at, parts.c.reply_id, parts.c.position)
        self._waiting = sql(found.where(text("parts.state = 'later'")).order_by(*order))
        self._carried = sql(found.where(carried).order_by(*order))
        self._deliveries = DeliveryReads(connection)

    def pending(self, _pending: Pending) -> list[Unfinished]:
        found = map(self._unfinished, self._run(self._pending).fetchall())
        return [one for one in found if one]

    def _unfinished(self, row: sqlite3.Row) -> Unfinished | None:
        """None for one that cannot be read: it must not keep the others from being sent."""
        try:
            delivery = self._deliveries.of(row["id"], row["payload"])
            return unfinished(row["message_id"], delivery, from_us(row["at"]))
        except (MsgspecError, ValueError) as error:
            log.warning("letter %s stays: it cannot be read: %s", row["id"], type(error).__name__)
            return None

    def raised(self, _raised: Raised) -> dict[str, datetime]:
        return {row["key"]: from_us(row["at"]) for row in self._run(self._raised).fetchall()}

    def last_private(self, asked: LastPrivate) -> Message | None:
        given_persons = {"persons": encode(asked.persons), "count": 1}
        row = self._run(self._last, given_persons).fetchone()
        return decode_message(row["payload"]) if row else None

    def waiting(self, asked: Shelved) -> list[Waiting]:
        here = {"platform": asked.platform, "bot": asked.bot, "chat": asked.chat}
        return [_waiting(row) for row in self._run(self._waiting, here).fetchall()]

    def carried(self, asked: Carried) -> Waiting | None:
        here = {"platform": asked.platform, "bot": asked.bot, "chat": asked.chat}
        rows = self._run(self._carried, {**here, "receipt": asked.receipt}).fetchall()
        return _waiting(rows[0]) if rows else None


def _waiting(row: sqlite3.Row) -> Waiting:
    """It answers no message: its key is ""."""
    reply = decode_reply(row["payload"])
    return Waiting(
        reply_id=row["reply_id"],
        index=row["position"],
        total=len(reply.parts),
        part=reply.parts[row["position"]],
        answers="",
        state=PartState(row["state"]),
    )
