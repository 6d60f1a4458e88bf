"""`parley check`: says what is wrong with a configuration and its surroundings."""

from bots.check.check import check

__all__ = ["check"]
