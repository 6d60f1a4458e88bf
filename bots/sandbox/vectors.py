"""Vectors of texts, such that alike texts are near each other. Pure.

A text is cut into words and pieces of words (of Chinese, Japanese and Korean: into
characters and pairs), and each piece is hashed to a place and a sign.
"""

import math
import re
import unicodedata
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping

from bots.sandbox.tokens import is_chinese

PIECE_CHARS = 3

_WORD = re.compile(r"\w+")


def pieces(text: str) -> Mapping[str, float]:
    """Each piece of the text and its weight; never empty."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    counted = Counter(piece for word in _WORD.findall(folded) for piece in _pieces(word))
    counted = counted or Counter(folded) or Counter([""])
    return {piece: math.sqrt(count) for piece, count in counted.items()}


def _pieces(word: str) -> Iterator[str]:
    if is_chinese(word):
        yield from word
        yield from (word[at : at + 2] for at in range(len(word) - 1))
        return
    padded = f" {word} "
    yield padded
    yield from (padded[at : at + PIECE_CHARS] for at in range(len(padded) - PIECE_CHARS + 1))


def embed(text: str, dimensions: int) -> "array[float]":
    """A vector of length 1, of 32-bit floats; the same for the same text, on any machine."""
    sums = [0.0] * dimensions
    weights = pieces(text)
    for piece, weight in weights.items():
        place = zlib.crc32(piece.encode("utf-8", "surrogatepass"))
        sums[place % dimensions] += -weight if place >> 31 else weight
    length = math.hypot(*sums)
    if not length:
        sums[len(weights) % dimensions] = length = 1.0
    return array("f", (part / length for part in sums))


def likeness(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The cosine between the pieces of two texts: 1 for equal ones, 0 for unlike ones."""
    if len(one) > len(other):
        one, other = other, one
    product = sum(weight * other.get(piece, 0.0) for piece, weight in one.items())
    return product / (math.hypot(*one.values()) * math.hypot(*other.values()))
