"""Messages coming in, and being taken up."""

import sqlite3

from sqlalchemy import func, update

from core.errors import MessageEnded
from core.ports.store import Claim
from storage.operation import Accept, Release, Rest, Take
from storage.rows import INBOX, blobs, inbox_row
from storage.sqlite.accounts import AccountWrites
from storage.sqlite.statement import constant, insert_row, param, placed, sql
from storage.tables import InboxRow, InboxState, MediaRefRow, to_us

LATER = (
    *("state", "reason", "attempt", "owner", "answered_at"),
    *("first_claimed_at", "claimed_at", "put_back_at"),
)
"""What a new message begins without."""


class InboxWrites:
    """Accepting and claiming, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, accounts: AccountWrites) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        self._accounts = accounts
        inbox = InboxRow.table()
        self._accept = placed(
            insert_row(inbox, *LATER)
            .values(
                state=constant(InboxState.NEW),
                reason=constant(""),
                attempt=constant(0),
                owner=constant(""),
            )
            .on_conflict_do_nothing(index_elements=["platform", "bot", "key"]),
            *INBOX,
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
            .returning(inbox.c.attempt)
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
            )
        )

        self._rest = sql(
            update(inbox)
            .where(
                inbox.c.id == param("message_id"),
                inbox.c.state == constant(InboxState.NEW),
                inbox.c.owner == param("until_now"),
            )
            .values(owner=param("from_now"))
        )

    def accept(self, accept: Accept) -> bool:
        message = accept.message
        values = inbox_row(message, accept.conversation, accept.received_at)
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
        attempt = rows[0][0]
        if take.booking is None:
            return Claim(attempt=attempt)
        exceeded = self._accounts.claim(take.message_id, take.booking, attempt)
        return Claim(attempt=attempt, exceeded=exceeded)

    def release(self, release: Release) -> bool:
        claimed = {"message_id": release.message_id, "claimed_by": release.owner}
        given = self._run(self._release, claimed).rowcount == 1
        if given:
            self._accounts.release(release)
        return given

    def rest(self, rest: Rest) -> None:
        """Who only waits is nobody's: one whose process ended at a step keeps its owner."""
        until, since = (rest.owner, "") if rest.rests else ("", rest.owner)
        self._run(
            self._rest, {"message_id": rest.message_id, "until_now": until, "from_now": since}
        )
