"""Reading what is kept of a person."""

import sqlite3
from typing import Any

import msgspec
from sqlalchemy import Select, or_, select, text

from core.amounts import said
from core.model import DECISIONS, Reply, identity_in
from storage.announcing import PREFIX
from storage.groups import is_common
from storage.operation import Export, GroupsSet, Settings
from storage.rows import decode_message, decode_reply, turn_of, without_handles
from storage.sqlite.statement import constant, param, sql
from storage.tables import (
    InboxRow,
    ReplyRow,
    SettingRow,
    SpendRow,
    TurnRow,
    from_us,
)

DECIDED = [constant(scope) for scope in sorted(DECISIONS)]


class PersonReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        settings = SettingRow.table()
        self._settings = sql(
            select(settings.c.name, settings.c.value).where(settings.c.scope == param("scope"))
        )
        self._groups = sql(
            select(settings.c.scope, settings.c.name, settings.c.value).where(
                or_(text("settings.scope LIKE '%/settings'"), settings.c.scope.in_(DECIDED))
            )
        )
        self._exports = {name: sql(query) for name, query in _exports().items()}

    def settings(self, settings: Settings) -> dict[str, str]:
        rows = self._run(self._settings, {"scope": settings.scope}).fetchall()
        return {row["name"]: row["value"] for row in rows}

    def groups(self, _groups: GroupsSet) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for row in self._run(self._groups).fetchall():
            if is_common(row["scope"]):
                found.setdefault(row["scope"], {})[row["name"]] = row["value"]
        return found

    def export(self, export: Export) -> dict[str, object]:
        asked = {"person": export.person, "identity": identity_in(export.person)}
        rows = {name: self._run(q, asked).fetchall() for name, q in self._exports.items()}
        return {
            "person": export.person,
            "messages": [_message(row) for row in rows["messages"]],
            "turns": [msgspec.to_builtins(turn_of(row)) for row in rows["turns"]],
            "replies": [_reply(row) for row in rows["replies"]],
            "settings": [dict(row) for row in rows["settings"]],
            "spends": [_spend(row) for row in rows["spends"]],
        }


def _exports() -> dict[str, Select[Any]]:
    inbox, turns, replies = InboxRow.table(), TurnRow.table(), ReplyRow.table()
    settings = SettingRow.table()
    spends, who = SpendRow.table(), param("person")
    theirs = select(inbox.c.id).where(inbox.c.person == who)
    named = constant(PREFIX).concat(who)
    told = replies.c.message_id.between(named.concat(constant(":")), named.concat(constant(";")))
    return {
        "messages": select(inbox.c.state, inbox.c.received_at, inbox.c.payload)
        .where(inbox.c.person == who, inbox.c.payload.is_not(None))
        .order_by(inbox.c.seq),
        "turns": select(turns).where(turns.c.message_id.in_(theirs)).order_by(turns.c.seq),
        "replies": select(replies.c.payload, replies.c.at)
        .where(or_(replies.c.message_id.in_(theirs), told))
        .order_by(replies.c.at),
        "settings": select(settings.c.scope, settings.c.name, settings.c.value)
        .where(or_(settings.c.scope == who, settings.c.person == who))
        .order_by(settings.c.scope, settings.c.name),
        "spends": select(*(c for c in spends.c if c.name not in ("seq", "person")))
        .where(spends.c.identity == param("identity"), spends.c.person == who)
        .order_by(spends.c.seq),
    }


def _message(row: sqlite3.Row) -> dict[str, object]:
    message = decode_message(row["payload"])
    shown = msgspec.structs.replace(message, parts=without_handles(message.parts))
    return {
        "state": row["state"],
        "received_at": from_us(row["received_at"]).isoformat(),
        "message": msgspec.to_builtins(shown),
    }


def _reply(row: sqlite3.Row) -> dict[str, object]:
    reply: Reply = decode_reply(row["payload"])
    return {
        "at": from_us(row["at"]).isoformat(),
        "answers": reply.answers,
        "parts": msgspec.to_builtins(without_handles(reply.parts)),
    }


def _spend(row: sqlite3.Row) -> dict[str, object]:
    """Dollars as text, exact; None where no price is known, or where nothing was reserved."""
    told = dict(row)
    usd, reserved_usd = map(_usd, (told.pop("nano_usd"), told.pop("reserved_nano_usd")))
    return {
        **told,
        "at": from_us(row["at"]).isoformat(),
        "estimated": bool(row["estimated"]),
        "unsure": bool(row["unsure"]),
        "usd": usd,
        "reserved_usd": reserved_usd,
    }


def _usd(nano_usd: int | None) -> str | None:
    return None if nano_usd is None else f"{said('usd', nano_usd):.9f}"
