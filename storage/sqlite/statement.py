"""SQLAlchemy statements as SQLite's text, compiled once."""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.sqlite import Insert, dialect, insert
from sqlalchemy.sql import ClauseElement

DIALECT = dialect(paramstyle="named")
PLACED = dialect(paramstyle="qmark")


def sql(statement: ClauseElement) -> str:
    """The text, with parameters as `:name`. Values of ours go in by `constant` alone."""
    compiled = statement.compile(dialect=DIALECT)
    values = [name for name, value in (compiled.params or {}).items() if value is not None]
    if values:
        raise ValueError(f"expected parameters and constants, got values for {values}")
    return str(compiled)


def placed(statement: ClauseElement, *names: str) -> str:
    """As `sql`, with a `?` for each name in turn: binding by place takes half the time.

    Raises ValueError where the statement has them in another order.
    """
    compiled = statement.compile(dialect=PLACED)
    order = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]
    if order != names:
        raise ValueError(f"expected parameters in the order {order}, got {names}")
    return str(compiled)


def param(name: str) -> BindParameter[Any]:
    """`:name`, bound at each run."""
    return bindparam(name)


def constant(value: str | int) -> ColumnElement[Any]:
    """A value of ours, part of the text."""
    return literal_column(f"'{value}'" if isinstance(value, str) else str(value))


def given(name: str) -> ScalarSelect[Any]:
    """For IN: the texts of the JSON list bound to `name`."""
    listed = func.json_each(bindparam(name)).table_valued("value")
    return select(listed.c.value).scalar_subquery()


def first(statement: Select[Any], name: str) -> Select[Any]:
    """As many rows as are bound to `name`. The offset is spelled out, or it becomes a value."""
    return statement.limit(param(name)).offset(constant(0))


def insert_row(table: Table, *computed: str) -> Insert:
    """An insert with a parameter for each column but the serial and the `computed` ones."""
    names = [c.name for c in table.columns if c.name != "seq" and c.name not in computed]
    return insert(table).values({name: bindparam(name) for name in names})
