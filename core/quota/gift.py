"""Gifts add up. Pure."""

from decimal import Decimal


def added(before: str | None, amount: str) -> str:
    """What was given with `amount` more, both as they are kept; None where nothing was."""
    figure = Decimal(before or "0") + Decimal(amount)
    return f"{figure.normalize():f}"
