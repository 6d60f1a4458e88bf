"""Forgetting a person."""

import sqlite3

from sqlalchemy import case, delete, exists, null, or_, select, update

from core.ports.store import Commit
from storage.rows import emptied, encode
from storage.sqlite.announcing import AnnouncingWrites
from storage.sqlite.erasure import Erasure
from storage.sqlite.statement import constant, given, param, sql
from storage.tables import (
    ConversationRow,
    InboxRow,
    InboxState,
    SettingRow,
    TurnRow,
    to_us,
)


class Forgetting:
    """What stays: dedupe keys without content, daily counters, and what was spent.

    The message that asks for it keeps its address, since its reply must be sent.
    """

    def __init__(
        self, connection: sqlite3.Connection, erasure: Erasure, announcing: AnnouncingWrites
    ) -> None:
        self._announcing = announcing
        self._run = connection.execute
        self._erasure = erasure
        inbox, settings, turns = InboxRow.table(), SettingRow.table(), TurnRow.table()
        conversations, who = ConversationRow.table(), param("who")
        new = inbox.c.state == constant(InboxState.NEW)
        self._theirs = sql(
            select(inbox.c.id, inbox.c.conversation, inbox.c.payload).where(inbox.c.person == who)
        )
        self._blank = sql(
            update(inbox)
            .where(inbox.c.id.in_(given("ids")))
            .values(
                {name: constant("") for name in ("chat", "conversation", "person", "owner")}
                | {
                    "payload": null(),
                    "reason": case((new, constant("forgotten")), else_=constant("")),
                    "answered_at": case((new, param("at")), else_=inbox.c.answered_at),
                    "state": case((new, constant(InboxState.DEAD)), else_=inbox.c.state),
                }
            )
        )
        self._bare = sql(
            update(inbox).where(inbox.c.id == param("own")).values(payload=param("bare"))
        )
        self._unset = sql(
            delete(settings)
            .where(or_(settings.c.scope == who, settings.c.person == who))
            .returning(settings.c.scope)
        )
        self._unmark = sql(
            delete(conversations).where(
                conversations.c.key.in_(given("keys")),
                ~exists().where(turns.c.conversation == conversations.c.key),
            )
        )

    def forget(self, person: str, commit: Commit) -> tuple[set[str], tuple[str, ...]]:
        """(conversations and scopes that changed, files that became orphans)."""
        self._announcing.forget(person)
        rows = self._run(self._theirs, {"who": person}).fetchall()
        payloads = {message_id: payload for message_id, _, payload in rows}
        orphans = self._erasure.erase(list(payloads))
        own = payloads.pop(commit.message_id, None)
        if own:
            self._run(self._bare, {"own": commit.message_id, "bare": emptied(own)})
        self._run(self._blank, {"ids": encode(list(payloads)), "at": to_us(commit.at)})
        keys = {conversation for _, conversation, _ in rows}
        self._run(self._unmark, {"keys": encode(sorted(keys))})
        scopes = self._run(self._unset, {"who": person}).fetchall()
        return keys | {scope for (scope,) in scopes}, orphans
