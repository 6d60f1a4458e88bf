"""What happens to a message once it is read: its row, as the store would write it."""

import sqlite3
from datetime import UTC, datetime
from functools import cache

from core.model import Message
from prove.fuzz.target import Broken
from storage.rows import INBOX, decode_message, inbox_row

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEY_CHARS = 1000
"""More is no platform's id; an index over such keys would be as large as the messages."""


class Forgetful:
    """A memo that keeps nothing."""

    async def recall(self, name: str) -> str:
        del name
        return ""

    async def keep(self, name: str, text: str) -> None:
        del name, text


@cache
def _database() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")


def keep(message: Message) -> None:
    """Raises what the store would raise, and Broken for what it would give back otherwise."""
    row = dict(zip(INBOX, inbox_row(message, message.address.chat, NOW), strict=True))
    _database().execute("SELECT " + ", ".join("?" * len(row)), tuple(row.values()))
    if decode_message(row["payload"]) != message:
        raise Broken("it comes back otherwise than it was stored")
    for what in (message.key, message.address.chat, message.address.sender, message.reply_to):
        if len(what) > KEY_CHARS:
            raise Broken(f"an id of {len(what)} characters")
