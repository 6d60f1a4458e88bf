"""What a handled message leaves behind, and what became of its reply's parts."""

import sqlite3

from msgspec import structs
from sqlalchemy import delete, func, select, update

from core.errors import MessageEnded, StoreInvalid
from core.model import PartState, SetSetting
from core.ports.store import Commit
from storage.operation import Finish, Finished, LayAside, Mark, Tell, Untell
from storage.rows import (
    REPLY,
    TURN,
    commit_blobs,
    ended,
    notice_of,
    part_values,
    reply_row,
    turn_row,
)
from storage.sqlite.accounts import AccountWrites
from storage.sqlite.effects import Effects
from storage.sqlite.inbox import InboxWrites
from storage.sqlite.statement import constant, insert_row, param, placed, sql
from storage.tables import InboxRow, InboxState, PartRow, ReplyRow, TurnRow, to_us

OPEN = (PartState.PENDING, PartState.TRYING)
"""A part that is neither is settled."""


class LedgerWrites:
    """Committing and marking, inside the caller's transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        inbox_writes: InboxWrites,
        effects: Effects,
        accounts: AccountWrites,
    ) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        self._refer = inbox_writes.refer
        self._effects = effects
        self._accounts = accounts
        inbox, replies, parts = InboxRow.table(), ReplyRow.table(), PartRow.table()
        self._end = sql(
            update(inbox)
            .where(inbox.c.id == param("message_id"), inbox.c.state == constant(InboxState.NEW))
            .values(
                state=param("ended"),
                reason=param("reason"),
                answered_at=param("answered_at"),
            )
        )
        self._aside = sql(
            update(inbox)
            .where(
                inbox.c.id == param("message_id"), inbox.c.state == constant(InboxState.ANSWERED)
            )
            .values(state=constant(InboxState.DEAD), reason=param("reason"))
        )
        self._answer = sql(
            select(inbox.c.state, replies.c.id)
            .select_from(inbox.outerjoin(replies, replies.c.message_id == inbox.c.id))
            .where(inbox.c.id == param("message_id"))
        )
        notice = select(replies.c.id).where(replies.c.message_id == param("told_as"))
        told = notice.join(parts, parts.c.reply_id == replies.c.id).where(
            parts.c.state != constant(PartState.REFUSED)
        )
        self._clear = (
            sql(delete(parts).where(parts.c.reply_id.in_(notice))),
            sql(delete(replies).where(replies.c.message_id == param("told_as"))),
        )
        self._expects = sql(
            select(inbox.c.seq).where(
                inbox.c.id == param("message_id"),
                inbox.c.state == constant(InboxState.NEW),
                ~told.exists(),
            )
        )
        self._turn = placed(insert_row(TurnRow.table()), *TURN)
        self._reply = placed(insert_row(replies), *REPLY)
        self._part = sql(
            insert_row(parts, "attempts", "receipt", "tried_at", "settled_at").values(
                attempts=constant(0), receipt=constant("")
            )
        )
        self._mark = placed(
            update(parts)
            .where(parts.c.reply_id == param("reply"), parts.c.position == param("index"))
            .values(
                state=param("noted"),
                receipt=param("receipt"),
                attempts=parts.c.attempts + param("tried"),
                tried_at=func.coalesce(param("tried_at"), parts.c.tried_at),
                settled_at=param("settled_at"),
            ),
            *("noted", "tried", "receipt", "tried_at", "settled_at"),
            *("reply", "index"),
        )

    def finish(self, finish: Finish) -> Finished:
        commit = finish.commit
        end = ended(commit)
        if self._run(self._end, end).rowcount == 0:
            self._expect_same(commit)
            return Finished(applied=False)
        if commit.also:
            self._many(self._end, [{**end, "message_id": taken_in} for taken_in in commit.also])
        changed, orphans = self._effects.apply(commit)
        self._insert(commit)
        return Finished(applied=True, changed=changed, orphans=orphans)

    def _insert(self, commit: Commit) -> None:
        if commit.turns:
            self._many(self._turn, [turn_row(t, commit.conversation) for t in commit.turns])
        if commit.reply:
            self._run(self._reply, reply_row(commit.reply, commit.message_id, commit.at))
            self._many(self._part, part_values(commit.reply))
        self._accounts.settle(commit)
        self._refer(commit.message_id, set(commit_blobs(commit)))

    def tell(self, tell: Tell) -> bool:
        commit = tell.commit
        reply = commit.reply
        asked = {"message_id": commit.message_id, "told_as": notice_of(commit.message_id)}
        if reply is None or not self._run(self._expects, asked).fetchall():
            return False
        for statement in self._clear:
            self._run(statement, asked)
        self._effects.apply(commit)
        told_as = notice_of(commit.message_id)
        self._run(self._reply, reply_row(reply, told_as, commit.at))
        self._many(self._part, part_values(reply, PartState.TRYING))
        return True

    def untell(self, untell: Untell) -> None:
        commit = untell.commit
        unset = (
            structs.replace(e, value=None) for e in commit.effects if isinstance(e, SetSetting)
        )
        self._effects.apply(structs.replace(commit, effects=tuple(unset)))
        if commit.reply:
            refused = PartState.REFUSED
            reply_id, reason = commit.reply.id, untell.reason
            self.mark(
                Mark(reply_id=reply_id, position=0, state=refused, receipt=reason, at=untell.at)
            )

    def lay_aside(self, aside: LayAside) -> None:
        self._run(self._aside, {"message_id": aside.message_id, "reason": aside.reason})

    def _expect_same(self, commit: Commit) -> None:
        """A repeated commit is harmless; another answer to the same message is not."""
        rows = self._run(self._answer, {"message_id": commit.message_id}).fetchall()
        if not rows:
            raise StoreInvalid("store: expected a commit for a stored message, got an unknown one")
        state, reply_id = rows[0]
        if commit.reply and commit.reply.id != reply_id:
            raise MessageEnded(
                f"store: expected the first answer to a message, got another one: it is {state} "
                "already. This answer must not be sent"
            )

    def mark(self, mark: Mark) -> None:
        """A part that is not there was forgotten meanwhile: it is not for sending any more.

        Raises MessageEnded before a try; of one that was made nothing is left to note.
        """
        at, tried = to_us(mark.at), mark.state is PartState.TRYING
        found = self._run(
            self._mark,
            (
                mark.state.value,
                tried,
                mark.receipt,
                at if tried else None,
                None if mark.state in OPEN else at,
                mark.reply_id,
                mark.position,
            ),
        )
        if tried and found.rowcount == 0:
            raise MessageEnded(
                "store: expected a part of a stored reply, got one that was forgotten. "
                "It must not be sent"
            )
