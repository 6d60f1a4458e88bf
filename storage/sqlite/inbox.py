"""Messages coming in, and being taken up."""

import sqlite3

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from core.errors import MessageEnded
from core.ports.store import Allowance, Claim
from storage.operation import Accept, Release, Take
from storage.rows import blobs, inbox_values
from storage.sqlite.statement import constant, insert_row, param, sql
from storage.tables import AllowanceRow, InboxRow, InboxState, MediaRefRow, to_us

LATER = (
    *("state", "reason", "attempt", "granted", "owner", "answered_at"),
    *("first_claimed_at", "claimed_at", "put_back_at"),
)
"""What a new message begins without."""

GIVEN_BACK = "given back"
"""The reason of a new message whose claim was given back: it has been counted already."""


class InboxWrites:
    """Accepting and claiming, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        inbox, allowances = InboxRow.table(), AllowanceRow.table()
        cap = param("cap")
        self._accept = sql(
            insert_row(inbox, *LATER)
            .values(
                state=constant(InboxState.NEW),
                reason=constant(""),
                attempt=constant(0),
                granted=constant(1),
                owner=constant(""),
            )
            .on_conflict_do_nothing(index_elements=["platform", "bot", "key"])
        )
        self._refer = sql(insert_row(MediaRefRow.table()).on_conflict_do_nothing())
        self._attempt = sql(
            update(inbox)
            .where(inbox.c.id == param("message_id"), inbox.c.state == constant(InboxState.NEW))
            .values(
                attempt=inbox.c.attempt + constant(1),
                owner=param("owner"),
                first_claimed_at=func.coalesce(inbox.c.first_claimed_at, param("at")),
                claimed_at=param("at"),
            )
            .returning(inbox.c.attempt, inbox.c.granted, inbox.c.reason)
        )
        self._release = sql(
            update(inbox)
            .where(
                inbox.c.id == param("message_id"),
                inbox.c.state == constant(InboxState.NEW),
                inbox.c.owner == param("claimed_by"),
            )
            .values(
                attempt=inbox.c.attempt - constant(1),
                owner=constant(""),
                reason=constant(GIVEN_BACK),
            )
        )
        self._refuse = sql(
            update(inbox).where(inbox.c.id == param("message_id")).values(granted=constant(0))
        )
        self._take = sql(
            insert(allowances)
            .values(person=param("person"), day=param("day"), used=constant(1))
            .on_conflict_do_update(
                index_elements=["person", "day"],
                set_={"used": allowances.c.used + constant(1)},
                where=or_(cap.is_(None), allowances.c.used < cap),
            )
            .returning(allowances.c.used)
        )
        self._used = sql(
            select(allowances.c.used).where(
                allowances.c.person == param("person"), allowances.c.day == param("day")
            )
        )

    def accept(self, accept: Accept) -> bool:
        message = accept.message
        values = inbox_values(message, accept.conversation, accept.received_at)
        stored = self._run(self._accept, values).rowcount == 1
        if stored:
            self.refer(message.id, set(blobs(message.parts)))
        return stored

    def refer(self, message_id: str, needed: set[str]) -> None:
        """Note which files a message needs."""
        if needed:
            self._many(self._refer, [{"message_id": message_id, "blob": b} for b in needed])

    def take(self, take: Take) -> Claim:
        asked = {"message_id": take.message_id, "owner": take.owner, "at": to_us(take.at)}
        rows = self._run(self._attempt, asked).fetchall()
        if not rows:
            raise MessageEnded(
                "store: expected a message still to be answered, got one that is answered, "
                "set aside, forgotten or unknown"
            )
        attempt, granted, reason = rows[0]
        match take.allowance:
            case None:
                return Claim(attempt=attempt, granted=bool(granted), used=0)
            case allowance if attempt > 1 or reason == GIVEN_BACK:
                used = self._count(allowance)
                return Claim(attempt=attempt, granted=bool(granted), used=used)
            case allowance:
                return self._first(take.message_id, allowance)

    def release(self, release: Release) -> bool:
        claimed = {"message_id": release.message_id, "claimed_by": release.owner}
        return self._run(self._release, claimed).rowcount == 1

    def _first(self, message_id: str, allowance: Allowance) -> Claim:
        cap = None if allowance.cap == "unlimited" else allowance.cap
        values = {"person": allowance.person, "day": allowance.day, "cap": cap}
        rows = [] if cap == 0 else self._run(self._take, values).fetchall()
        if rows:
            return Claim(attempt=1, granted=True, used=rows[0][0])
        self._run(self._refuse, {"message_id": message_id})
        return Claim(attempt=1, granted=False, used=self._count(allowance))

    def _count(self, allowance: Allowance) -> int:
        values = {"person": allowance.person, "day": allowance.day}
        row = self._run(self._used, values).fetchall()
        return row[0][0] if row else 0
