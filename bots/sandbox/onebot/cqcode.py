"""CQ codes: a message as one string, `[CQ:at,qq=10001] hello`.

https://github.com/botuniverse/onebot-11/blob/master/message/string.md (read 2026-11)
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_CODE = re.compile(r"\[CQ:(?P<type>[\w.-]+)(?P<data>(?:,[\w.-]+=[^,\]]*)*)\]")


def parse_cq(text: str) -> list[dict[str, Any]]:
    """The segments of a string. What is no CQ code is text."""
    return [{"type": kind, "data": data} for kind, data in _segments(text)]


def _segments(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    for code in _CODE.finditer(text):
        if code.start() > at:
            yield "text", {"text": unescape(text[at : code.start()])}
        at = code.end()
        pairs = (pair.partition("=") for pair in code["data"].split(",") if pair)
        yield code["type"], {name: unescape(value) for name, _, value in pairs}
    if at < len(text):
        yield "text", {"text": unescape(text[at:])}


def format_cq(segments: Sequence[Mapping[str, Any]]) -> str:
    return "".join(_code(segment["type"], segment["data"]) for segment in segments)


def _code(kind: str, data: Mapping[str, Any]) -> str:
    if kind == "text":
        return escape(str(data["text"]))
    values = "".join(
        f",{name}={escape(str(value), value=True)}"
        for name, value in data.items()
        if not isinstance(value, list | dict)
    )
    return f"[CQ:{kind}{values}]"


def escape(text: str, *, value: bool = False) -> str:
    text = text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")
    return text.replace(",", "&#44;") if value else text


def unescape(text: str) -> str:
    text = text.replace("&#91;", "[").replace("&#93;", "]").replace("&#44;", ",")
    return text.replace("&amp;", "&")  # last, or "&amp;#91;" would be unescaped twice
