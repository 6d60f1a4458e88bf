"""Reading turns back."""

import sqlite3

from sqlalchemy import func, select

from core.model import Turn, TurnState
from storage.operation import Log, Pair, Recall
from storage.recent import needed
from storage.rows import turn_of
from storage.sqlite.statement import constant, first, param, sql
from storage.tables import ConversationRow, TurnRow


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
        self._since = sql(
            newest.where(
                turns.c.seq > func.coalesce(afresh, constant(0)),
                turns.c.state == constant(TurnState.COMPLETE),
                turns.c.text != constant(""),
            )
        )
        self._latest = sql(first(newest, "count"))
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

    def pair(self, pair: Pair) -> list[Turn]:
        rows = self._run(self._pair, {"message_id": pair.message_id})
        return [turn_of(row) for row in rows.fetchall()]
