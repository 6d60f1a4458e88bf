"""Reading turns back."""

import sqlite3

from sqlalchemy import exists, func, select

from core.model import Turn, TurnState
from storage.operation import Log, Own, Pair, Recall
from storage.recent import needed
from storage.rows import turn_of
from storage.sqlite.statement import constant, first, param, sql
from storage.tables import ConversationRow, InboxRow, TurnRow


class HistoryReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        turns, conversations = TurnRow.table(), ConversationRow.table()
        here = turns.c.conversation == param("conversation")
        afresh = (
            select(conversations.c.afresh)
            .where(conversations.c.key == param("conversation"))
            .scalar_subquery()
        )
        newest = select(turns).where(here).order_by(turns.c.seq.desc())
        fresh = turns.c.seq > func.coalesce(afresh, constant(0))
        self._since = sql(
            newest.where(
                fresh,
                turns.c.state == constant(TurnState.COMPLETE),
                turns.c.text != constant(""),
            )
        )
        self._latest = sql(first(newest, "count"))
        inbox = InboxRow.table()
        theirs = exists().where(inbox.c.id == turns.c.message_id, inbox.c.person == param("person"))
        self._own = sql(first(newest.where(fresh, theirs), "count"))
        self._pair = sql(
            select(turns).where(turns.c.message_id == param("message_id")).order_by(turns.c.seq)
        )

    def recall(self, recall: Recall) -> tuple[Turn, ...]:
        rows = self._run(self._since, {"conversation": recall.conversation})
        turns = needed((turn_of(row) for row in rows), recall.chars)
        rows.close()
        return turns

    def log(self, log: Log) -> list[Turn]:
        asked = {"conversation": log.conversation, "count": log.count}
        return [turn_of(row) for row in self._run(self._latest, asked).fetchall()][::-1]

    def own(self, own: Own) -> list[Turn]:
        asked = {"conversation": own.conversation, "person": own.person, "count": own.count}
        return [turn_of(row) for row in self._run(self._own, asked).fetchall()][::-1]

    def pair(self, pair: Pair) -> list[Turn]:
        rows = self._run(self._pair, {"message_id": pair.message_id})
        return [turn_of(row) for row in rows.fetchall()]
