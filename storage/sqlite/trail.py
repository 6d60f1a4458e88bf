"""Reading one message's way."""

import sqlite3
from datetime import datetime

from sqlalchemy import func, or_, select

from core.model import Media, PartState, Reply, Spend, Text, identity_in
from storage.rows import decode_message, decode_reply, notice_of, spend_of
from storage.sqlite.statement import constant, first, param, sql
from storage.tables import InboxRow, InboxState, PartRow, ReplyRow, SpendRow, from_us
from storage.trail import SHORTEST_PREFIX, Find, Follow, PartTrail, ReplyTrail, Trail

BEYOND = "\U0010ffff"
"""Sorts after whatever an id may go on with."""


class TrailReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, replies, parts = InboxRow.table(), ReplyRow.table(), PartRow.table()
        spends, given = SpendRow.table(), param("given")
        begins = (inbox.c.id >= given) & (inbox.c.id < param("beyond"))
        found = select(inbox.c.id).where(or_(begins, inbox.c.id == given, inbox.c.key == given))
        self._find = sql(first(found.order_by(inbox.c.seq.desc()), "count"))
        self._message = sql(select(inbox).where(inbox.c.id == param("id")))
        self._ahead = sql(
            select(func.count())
            .select_from(inbox)
            .where(
                inbox.c.state == constant(InboxState.NEW),
                inbox.c.conversation == param("conversation"),
                inbox.c.seq < param("seq"),
            )
        )
        self._spends = sql(
            select(spends)
            .where(
                spends.c.identity == param("identity"),
                spends.c.person == param("person"),
                spends.c.message_id == param("id"),
            )
            .order_by(spends.c.seq)
        )
        self._replies = sql(
            select(replies)
            .where(
                or_(replies.c.message_id == param("id"), replies.c.message_id == param("notice"))
            )
            .order_by(replies.c.at, replies.c.id)
        )
        self._parts = sql(
            select(parts).where(parts.c.reply_id == param("id")).order_by(parts.c.position)
        )

    def find(self, find: Find) -> list[str]:
        whole = len(find.given) < SHORTEST_PREFIX
        asked = {
            "given": find.given,
            "beyond": find.given if whole else find.given + BEYOND,
            "count": find.count,
        }
        return [row["id"] for row in self._run(self._find, asked).fetchall()]

    def follow(self, follow: Follow) -> Trail | None:
        row = self._run(self._message, {"id": follow.message_id}).fetchone()
        return self._trail(row) if row else None

    def _trail(self, row: sqlite3.Row) -> Trail:
        return Trail(
            **{name: row[name] for name in ("id", "platform", "bot", "key", "state", "reason")},
            attempt=row["attempt"],
            owner=row["owner"],
            ahead=self._count_ahead(row),
            message=decode_message(row["payload"]) if row["payload"] is not None else None,
            received_at=from_us(row["received_at"]),
            put_back_at=_moment(row["put_back_at"]),
            first_claimed_at=_moment(row["first_claimed_at"]),
            claimed_at=_moment(row["claimed_at"]),
            ended_at=_moment(row["answered_at"]),
            spends=self._spends_on(row),
            replies=self._replies_to(row["id"]),
        )

    def _count_ahead(self, row: sqlite3.Row) -> int:
        if row["state"] != InboxState.NEW:
            return 0
        asked = {"conversation": row["conversation"], "seq": row["seq"]}
        return int(self._run(self._ahead, asked).fetchone()[0])

    def _spends_on(self, row: sqlite3.Row) -> tuple[Spend, ...]:
        who = row["person"]
        asked = {"identity": identity_in(who), "person": who, "id": row["id"]}
        return tuple(spend_of(spend) for spend in self._run(self._spends, asked).fetchall())

    def _replies_to(self, message_id: str) -> tuple[ReplyTrail, ...]:
        asked = {"id": message_id, "notice": notice_of(message_id)}
        return tuple(
            ReplyTrail(
                id=row["id"],
                notice=row["message_id"] != message_id,
                at=from_us(row["at"]),
                parts=self._parts_of(decode_reply(row["payload"])),
            )
            for row in self._run(self._replies, asked).fetchall()
        )

    def _parts_of(self, reply: Reply) -> tuple[PartTrail, ...]:
        rows = self._run(self._parts, {"id": reply.id}).fetchall()
        return tuple(_part(part, row) for part, row in zip(reply.parts, rows, strict=True))


def _part(part: Text | Media, row: sqlite3.Row) -> PartTrail:
    match part:
        case Text(text=text):
            kind, size = "text", len(text)
        case Media():
            kind, size = part.kind, part.size_bytes
    return PartTrail(
        kind=kind,
        size=size,
        state=PartState(row["state"]),
        attempts=row["attempts"],
        receipt=row["receipt"],
        tried_at=_moment(row["tried_at"]),
        settled_at=_moment(row["settled_at"]),
    )


def _moment(at_us: int | None) -> datetime | None:
    return None if at_us is None else from_us(at_us)
