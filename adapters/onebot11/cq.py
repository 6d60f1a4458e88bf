"""CQ codes: a message as one string, `[CQ:at,qq=10001] hello`. Read, never written.

https://github.com/botuniverse/onebot-11/blob/master/message/string.md (read 2026-11). Pure.
"""

import re
from collections.abc import Iterator
from typing import Any

CODE = re.compile(r"\[CQ:([A-Za-z0-9_.-]+)((?:,[^,\[\]]*)*)\]")


def read_cq(text: str) -> list[dict[str, Any]]:
    """The segments of a string, in order. Whatever is no code is text. Never raises."""
    return [{"type": kind, "data": data} for kind, data in _segments(text)]


def unescape(text: str) -> str:
    for name, character in (("&#91;", "["), ("&#93;", "]"), ("&#44;", ",")):
        text = text.replace(name, character)
    return text.replace("&amp;", "&")  # last, or "&amp;#91;" would become a bracket


def _segments(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    end = 0
    for code in CODE.finditer(text):
        if code.start() > end:
            yield "text", {"text": unescape(text[end : code.start()])}
        end = code.end()
        yield code[1], dict(_fields(code[2]))
    if end < len(text):
        yield "text", {"text": unescape(text[end:])}


def _fields(written: str) -> Iterator[tuple[str, str]]:
    for field in written.split(",")[1:]:
        name, equals, value = field.partition("=")
        if equals:
            yield name.strip(), unescape(value)
