"""How far the sending of a stored reply has come."""

import sqlite3
from datetime import datetime

from sqlalchemy import select

from core.delivery import SURVIVED
from core.model import Delivery, PartState
from storage.rows import decode_reply
from storage.sqlite.statement import param, sql
from storage.tables import PartRow, from_us


class DeliveryReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        parts = PartRow.table()
        self._states = sql(
            select(parts.c.state, parts.c.tried_at, parts.c.receipt)
            .where(parts.c.reply_id == param("reply_id"))
            .order_by(parts.c.position)
        )

    def of(self, reply_id: str, payload: str) -> Delivery:
        """Raises MsgspecError for a reply that cannot be read."""
        states = self._run(self._states, {"reply_id": reply_id}).fetchall()
        return Delivery(
            reply=decode_reply(payload),
            states=tuple(PartState(state["state"]) for state in states),
            tried_at=next((_tried_at(s) for s in states if s["state"] == PartState.TRYING), None),
            ends=max(map(_ends, states), default=0),
        )


def _ends(state: sqlite3.Row) -> int:
    """Of a part that is not settled; the try that is under way is no process's any more.

    A receipt that is no number counts none: it must not keep the answer from being sent.
    """
    part = PartState(state["state"])
    if part not in (PartState.PENDING, PartState.TRYING):
        return 0
    told = state["receipt"]
    if told == SURVIVED:
        return 0
    return (int(told) if told.isdecimal() else 0) + (part is PartState.TRYING)


def _tried_at(state: sqlite3.Row) -> datetime | None:
    return None if state["tried_at"] is None else from_us(state["tried_at"])
