"""Reading what is known of those whom limits hold for."""

import json
import sqlite3

from sqlalchemy import func, or_, select

from core.model import Address, conversation_key, person_key
from storage.operation import Seen, Unpriced
from storage.sqlite.statement import constant, given, param, sql
from storage.tables import CounterRow, InboxRow, SpendRow


class ScopeReads:
    """`seen` ends at the first row that it finds, by an index each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        inbox, spends, counters = InboxRow.table(), SpendRow.table(), CounterRow.table()
        row = select(constant(1))
        wrote = row.where(inbox.c.person.in_(given("people")))
        paid = row.where(spends.c.identity == param("identity"))
        spoken = row.where(
            inbox.c.platform == param("platform"),
            inbox.c.bot.in_(given("bots")),
            inbox.c.chat == param("chat"),
            inbox.c.conversation.not_in(given("talks")),
        )
        counted = row.where(counters.c.scope == param("scope"))
        self._person = sql(select(or_(wrote.exists(), paid.exists())))
        self._group = sql(select(or_(spoken.exists(), counted.exists())))
        self._unpriced = sql(
            select(func.coalesce(func.sum(counters.c.unpriced), constant(0))).where(
                counters.c.scope == param("scope"), counters.c.day >= param("since")
            )
        )

    def unpriced(self, asked: Unpriced) -> int:
        row = self._run(self._unpriced, {"scope": asked.scope, "since": asked.since}).fetchone()
        return int(row[0])

    def seen(self, asked: Seen) -> bool:
        kind, _, name = asked.scope.partition(":")
        platform, _, last = name.partition(":")
        alone = [Address(platform=platform, bot=b, chat=last, sender=last) for b in asked.bots]
        if kind == "person":
            people = json.dumps([person_key(address) for address in alone])
            row = self._run(self._person, {"people": people, "identity": name}).fetchone()
            return bool(row[0])
        values = {
            "platform": platform,
            "bots": json.dumps(list(asked.bots)),
            "chat": last,
            "talks": json.dumps([conversation_key(address) for address in alone]),
            "scope": asked.scope,
        }
        return bool(self._run(self._group, values).fetchone()[0])
