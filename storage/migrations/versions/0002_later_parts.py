"""Finding the parts that wait for a person's next request."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    later = sa.text("state = 'later'")
    name = op.f("ix_parts_later")
    op.create_index(name, "parts", ["reply_id"], sqlite_where=later, postgresql_where=later)


def downgrade() -> None:
    op.drop_index("ix_parts_later", "parts")
