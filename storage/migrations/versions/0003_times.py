"""When each stop of a message's way was reached, and finding what was set aside."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIMES = {
    "inbox": ("first_claimed_at", "claimed_at", "put_back_at"),
    "parts": ("tried_at", "settled_at"),
}


def upgrade() -> None:
    for table, names in TIMES.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.BigInteger))
    dead = sa.text("state = 'dead'")
    name = op.f("ix_inbox_dead")
    op.create_index(name, "inbox", ["seq"], sqlite_where=dead, postgresql_where=dead)


def downgrade() -> None:
    op.drop_index("ix_inbox_dead", "inbox")
    for table, names in TIMES.items():
        for name in names:
            op.drop_column(table, name)
