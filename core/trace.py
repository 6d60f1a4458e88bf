"""Which message the code that runs now is about."""

from contextvars import ContextVar

TRACE: ContextVar[str] = ContextVar("TRACE", default="")
"""A message's id while it is being handled, also in the tasks started for it; else ""."""
