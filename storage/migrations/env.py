"""Alembic's way in: it runs this file for every command."""

from typing import Literal

from alembic import context

from storage.tables import Row

Kind = Literal[
    "schema", "table", "column", "index", "unique_constraint", "foreign_key_constraint", "default"
]


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave alone what others keep in the same database."""
    return kind != "table" or name in Row.metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    include_name=ours,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
