"""Whole histories of a bot in virtual time, each from one seed. See docs/decisions/023."""
