"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    inbox()
    history()
    replies()
    people()
    files()
    own()


def inbox() -> None:
    op.create_table(
        "inbox",
        serial(),
        word("id"),
        word("platform"),
        word("bot"),
        word("key"),
        word("chat"),
        word("conversation"),
        word("person"),
        word("state"),
        word("reason"),
        number("attempt"),
        sa.Column("granted", sa.Boolean, nullable=False),
        word("owner"),
        moment("received_at"),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("payload", sa.Text),
        primary("inbox", "seq"),
        sa.UniqueConstraint("platform", "bot", "key", name=op.f("uq_inbox_platform_bot_key")),
        sa.UniqueConstraint("id", name=op.f("uq_inbox_id")),
    )
    index("inbox", "platform", "bot", "chat", "seq")
    index("inbox", "person")
    partial("ix_inbox_new", "inbox", "seq", "state = 'new'")


def history() -> None:
    op.create_table(
        "turns",
        serial(),
        word("conversation"),
        word("message_id"),
        word("role"),
        text("text"),
        text("media"),
        word("state"),
        moment("at"),
        primary("turns", "seq"),
        sqlite_autoincrement=True,
    )
    index("turns", "conversation", "seq")
    index("turns", "message_id")
    op.create_table(
        "conversations",
        word("key"),
        sa.Column("afresh", sa.BigInteger, nullable=False),
        primary("conversations", "key"),
        sqlite_with_rowid=False,
    )


def replies() -> None:
    op.create_table(
        "replies",
        word("id"),
        word("message_id"),
        text("payload"),
        moment("at"),
        primary("replies", "id"),
        sa.UniqueConstraint("message_id", name=op.f("uq_replies_message_id")),
    )
    op.create_table(
        "parts",
        word("reply_id"),
        number("position"),
        word("state"),
        number("attempts"),
        word("receipt"),
        primary("parts", "reply_id", "position"),
        sqlite_with_rowid=False,
    )
    partial("ix_parts_open", "parts", "reply_id", "state IN ('pending', 'trying')")


def people() -> None:
    op.create_table(
        "settings",
        word("scope"),
        word("name"),
        word("value"),
        word("person"),
        primary("settings", "scope", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "allowances",
        word("person"),
        word("day"),
        number("used"),
        primary("allowances", "person", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "spends",
        serial(),
        word("person"),
        word("message_id"),
        word("kind"),
        word("relay"),
        word("model"),
        moment("at"),
        number("prompt_tokens"),
        number("completion_tokens"),
        number("characters"),
        number("images"),
        sa.Column("audio_s", sa.Float, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        primary("spends", "seq"),
    )
    index("spends", "person", "at")


def files() -> None:
    op.create_table(
        "media_refs",
        word("message_id"),
        word("blob"),
        primary("media_refs", "message_id", "blob"),
        sqlite_with_rowid=False,
    )
    index("media_refs", "blob")


def own() -> None:
    op.create_table(
        "schedule_firings",
        word("job"),
        moment("at"),
        primary("schedule_firings", "job", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "meta", word("key"), word("value"), primary("meta", "key"), sqlite_with_rowid=False
    )


def serial() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("seq", kind, autoincrement=True, nullable=False)


def word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def partial(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(op.f(name), table, [column], sqlite_where=condition, postgresql_where=condition)
