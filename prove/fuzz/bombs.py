"""Inputs made to take far more than they are: deep, wide, expanding, or slow to be matched."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Made: TypeAlias = Callable[[int], bytes]
"""An input of about so many bytes."""

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHING = f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'.encode()
OUTSIDE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
HEAD = b"<FromUserName>o</FromUserName><ToUserName>g</ToUserName><CreateTime>1</CreateTime>"


def _nested(opening: bytes, closing: bytes, before: bytes = b"", behind: bytes = b"") -> Made:
    def made(size: int) -> bytes:
        depth = size // (len(opening) + len(closing))
        return before + opening * depth + closing * depth + behind

    return made


def _filled(piece: bytes, before: bytes = b"", behind: bytes = b"") -> Made:
    return lambda size: before + piece * (size // len(piece)) + behind


JSON: Mapping[str, Made] = {
    "lists in lists": _nested(b"[", b"]"),
    "objects in objects": _nested(b'{"message":', b"}", b"", b""),
    "a field that is deep": _nested(b"[", b"]", b'{"error":{"message":', b"}}"),
    "a hundred thousand lists": lambda _: b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects": lambda _: b'{"a":' * 100_000,
    "just deep enough": lambda _: b'{"error":{"message":' + b"[" * 980 + b"]" * 980 + b"}}",
    "an echo just deep enough": lambda _: b'{"echo":' + b"[" * 985 + b"]" * 985 + b"}",
    "many lists": _filled(b"[],", b'{"choices":[', b"[]]}"),
    "many objects": _filled(b"{},", b'{"data":[', b"{}]}"),
    "many keys": lambda n: b"{" + b",".join(b'"k%d":0' % i for i in range(n // 10)) + b"}",
    "a long number": _filled(b"9", b'{"id":', b"}"),
    "a long text": _filled(b"a", b'{"id":"', b'"}'),
    "escapes": _filled(b"\\u6211", b'{"message":"', b'"}'),
    "spaces": _filled(b" ", b"{", b"}"),
}
XML: Mapping[str, Made] = {
    "elements in elements": _nested(b"<x>", b"</x>", b"<xml>", b"</xml>"),
    "a hundred thousand elements": lambda _: b"<xml>" + b"<x>" * 100_000,
    "many elements": _filled(b"<a>b</a>", b"<xml>" + HEAD, b"</xml>"),
    "many attributes": lambda n: (
        b"<xml " + b" ".join(b'a%d="b"' % i for i in range(n // 10)) + b"></xml>"
    ),
    "billion laughs": lambda n: LAUGHING + b"<xml>&l9;" + b" " * n + b"</xml>",
    "an outside entity": lambda n: OUTSIDE + b"<xml>&e;" + b" " * n + b"</xml>",
    "references": _filled(b"&#97;", b"<xml><Content>", b"</Content></xml>"),
    "sections": _filled(b"<![CDATA[a]]>", b"<xml>" + HEAD + b"<Content>", b"</Content></xml>"),
    "comments": _filled(b"<!--a-->", b"<xml>", b"</xml>"),
}
TEXT: Mapping[str, Made] = {
    "a line without end": _filled(b"a", b"data: "),
    "lines of data": _filled(b"data: a\n"),
    "returns": _filled(b"\r"),
    "empty events": _filled(b"data: {}\n\n"),
    "keep-alives": _filled(b": \n"),
    "hours": _filled(b"9", b"", b":00:00,000 --> 00:00:01,000\na"),
    "arrows": _filled(b"1 --> "),
    "codes": _filled(b"[CQ:at,qq=1]"),
    "codes without end": _filled(b"[CQ:a,"),
    "fields of a code": _filled(b",a=b", b"[CQ:x", b"]"),
    "escapes": _filled(b"&amp;#91;"),
    "half formulas": _filled(b"$$ a "),
    "a formula and spaces": _filled(b" ", b"$$ a $$", b"x"),
    "a formula's spaces": _filled(b"\\, ", b"$$\n", b"x\n$$"),
    "brackets of a formula": _nested(b"(", b")", b"$\\frac{", b"}{2}$"),
    "open brackets": _filled(b"["),
    "open pictures": _filled(b"!["),
    "open links": _filled(b"[a]("),
    "links": _filled(b"[a](b) "),
    "definitions": _filled(b"[a]: b\n"),
    "stars": _filled(b"**a "),
    "stars and lines": _filled(b"*a_ "),
    "ticks": lambda n: b" ".join(b"`" * i for i in range(1, int((2 * n) ** 0.5))),
    "quotes": _filled(b">"),
    "lists": lambda n: b"".join(b" " * i + b"- a\n" for i in range(int((2 * n) ** 0.5))),
    "a wide table": lambda n: b"|a" * (n // 4) + b"|\n" + b"|-" * (n // 4) + b"|\n",
    "a long table": _filled(b"|c|d|\n", b"|a|b|\n|-|-|\n"),
    "fences": _filled(b"```\na\n```\n"),
    "an open fence": _filled(b"a\n", b"```\n"),
    "sentences": _filled(b"a. "),
    "blank lines": _filled(b"\n "),
    "marks on a letter": _filled("\u0301".encode(), b"a"),
    "emoji": _filled("👩‍👩‍👧".encode()),
    "entities": _filled(b"&lt;"),
    "controls": _filled(b"\x00"),
    "dots": _filled(b"."),
    "parameters": _filled(b"a=b&"),
    "base64": _filled(b"QUJD"),
    "keys of settings": _filled(b"a.", b"", b"a = 1"),
    "lists of settings": _filled(b"[", b"a = "),
    "strings of settings": _filled(b'"a",', b"a = [", b"]"),
}
BINARY: Mapping[str, Made] = {
    "zeros": _filled(b"\0"),
    "ones": _filled(b"\xff"),
    "an endless WAV": _filled(
        b"\0", b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\1\0\0\0\2\0\0\0"
    ),
    "SILK of empty packets": _filled(b"\0\0", b"\x02#!SILK_V3"),
    "AMR of silence": _filled(b"\x7c", b"#!AMR\n"),
    "EBML": _filled(b"\x1a\x45\xdf\xa3"),
    "boxes": _filled(b"\0\0\0\x08free", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"),
    "pages of Ogg": _filled(b"OggS\0\0" + bytes(22)),
    "tags": _filled(b"TXXX\0\0\0\1\0\0a", b"ID3\3\0\0\x7f\x7f\x7f\x7f"),
}
BOMBS = {"json": JSON, "xml": XML, "text": TEXT, "binary": BINARY}
