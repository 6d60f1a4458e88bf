"""`parley init`: a few questions, and a configuration that works."""

from bots.init.interview import init

__all__ = ["init"]
