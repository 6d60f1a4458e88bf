"""Inputs made of those that are right, by chance alone: the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from prove.fuzz.target import Form, Target

LONGEST_BYTES = 2**14
STRANGE: Sequence[Any] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**40, 10**400,
    1.5, -0.0, 1e308, 5e-324, "", "0", "-1", "nan", "inf", "1e999", "٣", "\0", "\u2028", "\ufeff",
    "\U0010ffff", "﷽" * 40, "a" * 5000, "9" * 4400, "../" * 50, "]]>", "data:,", "%00", [], {},
    [[]], [None], {"": None}, {"type": {}}, {"error": {"message": [1]}}, [{}] * 50,
)  # fmt: skip
"""Values that a field does not expect."""

WORDS: dict[Form, Sequence[bytes]] = {
    "json": (
        b"null", b"NaN", b"Infinity", b"-0", b"1e999", b"1" * 400, b"\\ud800", b"\\u0000",
        b"{", b"}", b"[", b"]", b"[" * 900, b'{"a":' * 300, b",", b'"', b"\xff", b"\xed\xa0\x80",
    ),
    "xml": (
        b"<!DOCTYPE x>", b"<!ENTITY a 'b'>", b"&a;", b"&#0;", b"&#xD800;", b"<![CDATA[", b"]]>",
        b"<x>" * 20, b"</xml>", b"<xml>", b"\xff", b"\x00", b"<?a?>", b"<!--", b"9" * 4400,
    ),
    "text": (
        b"data: ", b"data:", b"[DONE]\n\n", b"\r", b"\r\n\r\n", b"\xef\xbb\xbf", b"$$",
        b"\\(", b"\\[", b"```\n", b"~~~", b"> ", b"- ", b"1. ", b"|a|b|\n|-|-|\n", b"**", b"![",
        b"\\frac{", b"\\begin{cases}", b"&", b"\\\\", b"\\left", b"[CQ:at,qq=", b"&#91;", b"\x00",
        b"\xff\xfe", "🏳️‍🌈".encode(), b"e" + "\u0301".encode() * 60, b"00:00:01,000 --> ",
        b"9" * 4400 + b":", b"[[relays]]\n", b"a = [", b"[a.b]\n", b"'''", b"=", b"%ff", b";", b".",
    ),
    "binary": (
        b"RIFF", b"WAVE", b"WEBP", b"OggS", b"fLaC", b"ID3", b"#!AMR\n", b"\x02#!SILK_V3", b"ftyp",
        b"\x1a\x45\xdf\xa3", b"\xff\xff\xff\xff", b"\x00" * 8, b"\x7f\xff\xff\xff", b"\x80\x00",
    ),
}  # fmt: skip


def inputs(target: Target, chance: random.Random) -> Iterator[bytes]:
    """The seeds, then mutations of them without end."""
    seeds = target.seeds() or [b""]
    yield from seeds
    trees = [tree for seed in seeds if (tree := _tree(seed)) is not None]
    while True:
        if trees and target.form == "json" and chance.random() < 0.6:
            made = _encoded(_changed(chance.choice(trees), chance))
        else:
            made = _bytes(chance.choice(seeds), target.form, chance)
        yield made[:LONGEST_BYTES]


def _tree(seed: bytes) -> Any:
    try:
        return msgspec.json.decode(seed)
    except msgspec.MsgspecError:
        return None


def _encoded(tree: Any) -> bytes:
    try:
        return msgspec.json.encode(tree)
    except (ValueError, OverflowError, RecursionError):
        return b"{}"


def _changed(tree: Any, chance: random.Random) -> Any:
    for _ in range(chance.randint(1, 3)):
        tree = _at_one_place(tree, chance)
    return tree


def _at_one_place(tree: Any, chance: random.Random) -> Any:
    """Goes down at random, and changes what it comes to."""
    deeper = chance.random() < 0.75
    match tree:
        case dict() if tree and deeper:
            key = chance.choice(list(tree))
            if chance.random() < 0.1:
                return {name: value for name, value in tree.items() if name != key}
            return tree | {key: _at_one_place(tree[key], chance)}
        case list() if tree and deeper:
            place = chance.randrange(len(tree))
            changed = _at_one_place(tree[place], chance)
            return [*tree[:place], *[changed] * chance.choice((0, 1, 1, 1, 2)), *tree[place + 1 :]]
        case str() if tree and chance.random() < 0.3:
            return chance.choice((tree * 20, tree[::-1], tree[:1], f"{tree}\0", f" {tree}\n"))
    return _strange(tree, chance)


def _strange(tree: Any, chance: random.Random) -> Any:
    if chance.random() < 0.1:
        for _ in range(chance.choice((3, 30, 300, 900))):
            tree = [tree] if chance.random() < 0.5 else {"message": tree}
        return tree
    return chance.choice(STRANGE)


def _bytes(seed: bytes, form: Form, chance: random.Random) -> bytes:
    made = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        at = chance.randrange(len(made) + 1)
        chance.choice(CHANGES)(made, at, form, chance)
    return bytes(made)


def _flip(made: bytearray, at: int, form: Form, chance: random.Random) -> None:
    del form
    if at < len(made):
        made[at] ^= 1 << chance.randrange(8)


def _put(made: bytearray, at: int, form: Form, chance: random.Random) -> None:
    made[at:at] = chance.choice(WORDS[form])


def _many(made: bytearray, at: int, form: Form, chance: random.Random) -> None:
    word = chance.choice(WORDS[form])
    made[at:at] = word * chance.choice((3, 30, 300)) if len(word) < 40 else word


def _cut(made: bytearray, at: int, form: Form, chance: random.Random) -> None:
    del form
    del made[at : at + chance.choice((1, 4, 40, 400))]


def _again(made: bytearray, at: int, form: Form, chance: random.Random) -> None:
    del form
    piece = bytes(made[at : at + chance.choice((1, 8, 80))])
    made[at:at] = piece * chance.choice((1, 2, 50))


def _noise(made: bytearray, at: int, form: Form, chance: random.Random) -> None:
    del form
    made[at:at] = chance.randbytes(chance.choice((1, 4, 16)))


Change = Callable[[bytearray, int, Form, random.Random], None]
CHANGES: Sequence[Change] = (_flip, _put, _many, _cut, _again, _noise)
