"""Prices, counters and reservations; admins' decisions; what relays said of their accounts."""

from urllib.parse import unquote

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

WORDS = ("conversation", "identity", "place", "bot", "day", "key")


def upgrade() -> None:
    counters()
    reservations()
    spends()
    admins()
    relays()
    op.drop_table("allowances")
    op.drop_column("inbox", "granted")


def counters() -> None:
    """Messages counted so far stand under the person's identity: platform and sender."""
    op.create_table(
        "counters",
        word("scope"),
        word("day"),
        number("messages"),
        big("tokens"),
        number("images"),
        big("audio_ms"),
        big("nano_usd"),
        number("unpriced"),
        primary("counters", "scope", "day"),
        sqlite_with_rowid=False,
    )
    bind = op.get_bind()
    counted: dict[tuple[str, str], int] = {}
    for person, day, used in bind.execute(sa.text("SELECT person, day, used FROM allowances")):
        place = (f"person:{identity(person)}", day)
        counted[place] = counted.get(place, 0) + used
    insert = sa.text("INSERT INTO counters VALUES (:scope, :day, :used, 0, 0, 0, 0, 0)")
    for (scope, day), used in counted.items():
        bind.execute(insert, {"scope": scope, "day": day, "used": used})


def reservations() -> None:
    op.create_table(
        "reservations",
        *map(word, ("message_id", "person", "conversation", "identity", "place", "bot")),
        *map(word, ("day", "kind")),
        big("at"),
        big("until"),
        number("messages"),
        big("tokens"),
        number("images"),
        big("audio_ms"),
        big("nano_usd"),
        primary("reservations", "message_id"),
        sqlite_with_rowid=False,
    )


def spends() -> None:
    for name in WORDS:
        op.add_column("spends", sa.Column(name, sa.String, nullable=False, server_default=""))
    unsure = sa.Column("unsure", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("spends", unsure)
    for name in ("nano_usd", "reserved_nano_usd"):
        op.add_column("spends", sa.Column(name, sa.BigInteger))
    bind = op.get_bind()
    for (person,) in bind.execute(sa.text("SELECT DISTINCT person FROM spends")).fetchall():
        bind.execute(
            sa.text("UPDATE spends SET identity = :identity, bot = :bot WHERE person = :person"),
            {"identity": identity(person), "bot": bot(person), "person": person},
        )
    op.execute("UPDATE spends SET day = date(at / 1000000, 'unixepoch')")
    op.drop_index(op.f("ix_spends_person_at"), "spends")
    for columns in (("identity", "day"), ("relay", "key", "at"), ("day",)):
        op.create_index(op.f("ix_spends_" + "_".join(columns)), "spends", list(columns))


def admins() -> None:
    op.create_table(
        "changes",
        serial(),
        big("at"),
        word("by"),
        word("scope"),
        word("name"),
        sa.Column("before", sa.String),
        sa.Column("after", sa.String),
        primary("changes", "seq"),
    )


def relays() -> None:
    op.create_table(
        "readings",
        serial(),
        word("relay"),
        word("subject"),
        big("at"),
        big("used"),
        sa.Column("detail", sa.Text, nullable=False),
        primary("readings", "seq"),
    )
    op.create_index(op.f("ix_readings_relay_subject_at"), "readings", ["relay", "subject", "at"])
    op.create_table(
        "alerts",
        word("key"),
        big("at"),
        primary("alerts", "key"),
        sqlite_with_rowid=False,
    )


def identity(person: str) -> str:
    """ "platform:sender" of a key that was "platform/bot/sender", each part quoted."""
    parts = [unquote(part) for part in person.split("/")]
    return f"{parts[0]}:{parts[-1]}" if len(parts) == 3 else person


def bot(person: str) -> str:
    parts = person.split("/")
    return unquote(parts[1]) if len(parts) == 3 else ""


def serial() -> sa.Column[int]:
    return sa.Column(
        "seq",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        nullable=False,
        autoincrement=True,
    )


def word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def downgrade() -> None:
    """What was counted of messages is kept, by identity: older versions count anew by person."""
    op.add_column(
        "inbox", sa.Column("granted", sa.Boolean, nullable=False, server_default=sa.true())
    )
    op.create_table(
        "allowances",
        word("person"),
        word("day"),
        number("used"),
        primary("allowances", "person", "day"),
        sqlite_with_rowid=False,
    )
    for columns in (("day",), ("relay", "key", "at"), ("identity", "day")):
        op.drop_index(op.f("ix_spends_" + "_".join(columns)), "spends")
    op.create_index(op.f("ix_spends_person_at"), "spends", ["person", "at"])
    for name in ("reserved_nano_usd", "nano_usd", "unsure", *WORDS):
        op.drop_column("spends", name)
    for table in ("alerts", "readings", "changes", "reservations", "counters"):
        op.drop_table(table)
