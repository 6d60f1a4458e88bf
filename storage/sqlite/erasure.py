"""Erasing the content of messages: what forgetting and retention have in common."""

import sqlite3

from sqlalchemy import delete, select

from storage.rows import encode, notice_of
from storage.sqlite.statement import given, sql
from storage.tables import MediaRefRow, PartRow, ReplyRow, TurnRow


class Erasure:
    """Turns, replies, notices and file references of given messages."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        refs, replies, parts = MediaRefRow.table(), ReplyRow.table(), PartRow.table()
        turns, these = TurnRow.table(), given("ids")
        self._blobs = sql(select(refs.c.blob).distinct().where(refs.c.message_id.in_(these)))
        theirs = select(replies.c.id).where(replies.c.message_id.in_(these))
        self._deletes = (
            sql(delete(parts).where(parts.c.reply_id.in_(theirs))),
            *(sql(delete(t).where(t.c.message_id.in_(these))) for t in (replies, turns, refs)),
        )
        self._needed = sql(select(refs.c.blob).where(refs.c.blob.in_(these)))

    def erase(self, message_ids: list[str]) -> tuple[str, ...]:
        """The answer are files that nothing needs any more."""
        listed = {"ids": encode([*message_ids, *map(notice_of, message_ids)])}
        freed = {blob for (blob,) in self._run(self._blobs, listed).fetchall()}
        for statement in self._deletes:
            self._run(statement, listed)
        needed = self._run(self._needed, {"ids": encode(sorted(freed))}).fetchall()
        return tuple(sorted(freed - {blob for (blob,) in needed}))
