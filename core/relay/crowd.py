"""How many values the JSON of an answer may hold. Pure.

Decoded, an empty list or object takes thirty times its two bytes and more: 8 MiB of them
took 250 MB, 128 MiB 3.6 GB, measured in November 2026.
"""

FEW_BYTES = 2**18
"""What is no longer is small, whatever it holds."""
NESTS = 2**17
"""Objects and lists, of some 100 to 230 bytes. The brackets of its texts count, too: an answer
of 131,072 tokens, the most that any model writes in 2026, has room for one in each."""
TEXTS = 2**18
VALUES = 3 * 2**18
"""Numbers among them: as many as 8 MiB hold where each has ten digits, as in embeddings."""


def is_crowded(body: bytes) -> bool:
    """Whether it would take far more than its size to read."""
    if len(body) <= FEW_BYTES:
        return False
    return (
        body.count(b"{") + body.count(b"[") > NESTS
        or body.count(b'"') > 2 * TEXTS
        or body.count(b",") > VALUES
    )
