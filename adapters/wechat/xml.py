"""XML as WeChat sends and takes it, with what breaks it kept out on both ways. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

DEEPEST = 8
"""WeChat's own pushes nest to four: xml, SendPicsInfo, PicList, item, PicMd5Sum within."""

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 (2.2, Char) has no place for; one such character voids a whole reply."""


class PushError(Exception):
    """A push that cannot be read; the message says why, without what it says."""


def clean(text: str) -> str:
    return ILLEGAL.sub("", text)


def cdata(text: str) -> str:
    """To stand between <![CDATA[ and ]]>: what would end it early is split in two."""
    return clean(text).replace("]]>", "]]]]><![CDATA[>")


def read_xml(text: str) -> dict[str, Any]:
    """The fields of <xml>…</xml> as werobot reads them. Raises PushError.

    Refused before any of it is built: document types, so entities, and depth.
    """
    from werobot.parser import parse_xml  # type: ignore[import-untyped]  # noqa: PLC0415

    text = clean(text)
    _check(text)
    try:
        fields: Mapping[str, Any] = parse_xml(text)
    except TypeError as error:  # werobot writes into what it found
        raise PushError("expected elements in <xml>, got none") from error
    return dict(fields)


def _check(text: str) -> None:
    depth = 0

    def start(name: str, _: object) -> None:
        nonlocal depth
        if not depth and name != "xml":
            raise PushError("expected <xml>, got another element")
        depth += 1
        if depth > DEEPEST:
            raise PushError(f"expected at most {DEEPEST} elements in each other, got more")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def document_type(*_: object) -> None:
        raise PushError("expected no document type, got one")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise PushError(f"expected XML: {expat.ErrorString(error.code)}") from error
