"""Running the migrations on an open SQLite connection, all in one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool


def upgrade(connection: sqlite3.Connection, revision: str = "head") -> None:
    """Whole or not at all. The connection must be in autocommit mode; it stays open.

    Raises SQLAlchemyError, whose text holds no values.
    """
    with _migrating(connection) as migrating:
        command.upgrade(config(migrating), revision)


def downgrade(connection: sqlite3.Connection, revision: str) -> None:
    """As `upgrade`, to an older schema."""
    with _migrating(connection) as migrating:
        command.downgrade(config(migrating), revision)


@contextmanager
def _migrating(connection: sqlite3.Connection) -> Iterator[Connection]:
    engine = create_engine(
        "sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True
    )
    event.listen(engine, "begin", _begin)
    with engine.connect() as migrating, migrating.begin():
        yield migrating


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file."""
    settings = Config()
    settings.set_main_option("script_location", "storage:migrations")
    settings.attributes["connection"] = connection
    return settings


def _begin(connection: Connection) -> None:
    """The driver begins nothing by itself in autocommit mode, and never for DDL."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
