"""Erasing by age."""

import sqlite3

from sqlalchemy import delete, null, update

from storage.operation import Erase, Expire
from storage.rows import encode
from storage.sqlite.erasure import Erasure
from storage.sqlite.statement import given, param, sql
from storage.tables import AllowanceRow, FiringRow, InboxRow, to_us


class Retention:
    """Old content first, old dedupe keys later."""

    def __init__(self, connection: sqlite3.Connection, erasure: Erasure) -> None:
        self._run = connection.execute
        self._erasure = erasure
        inbox, allowances, firings = InboxRow.table(), AllowanceRow.table(), FiringRow.table()
        these = inbox.c.id.in_(given("ids"))
        self._drop = sql(delete(inbox).where(these, inbox.c.answered_at < param("keys_before")))
        self._strip = sql(update(inbox).where(these).values(payload=null()))
        self._counters = sql(delete(allowances).where(allowances.c.day < param("day")))
        self._firings = sql(delete(firings).where(firings.c.at < param("at")))

    def erase(self, erase: Erase) -> tuple[str, ...]:
        """The answer are files that nothing needs any more."""
        ids = list(erase.message_ids)
        orphans = self._erasure.erase(ids)
        listed = {"ids": encode(ids)}
        self._run(self._drop, {**listed, "keys_before": to_us(erase.keys_before)})
        self._run(self._strip, listed)
        return orphans

    def expire(self, expire: Expire) -> None:
        self._run(self._counters, {"day": expire.day})
        self._run(self._firings, {"at": to_us(expire.at)})
