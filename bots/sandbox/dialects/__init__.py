"""Relays that the sandbox can stand for: strict about what they are sent, true in how they answer.

Written from what each relay documents (November 2026) and from nothing of the
client's, which they judge.
"""

NAMES = ("aiwhistle", "burnhair", "burnhair-2024", "oneapi", "rcouyi", "zhizengzeng")
