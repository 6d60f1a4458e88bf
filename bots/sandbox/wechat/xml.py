"""WeChat's flat XML, written as it writes it and read as strictly as it reads it."""

from collections.abc import Mapping
from typing import TypeAlias
from xml.etree import ElementTree as ET

Fields: TypeAlias = Mapping[str, "str | int | Fields"]
"""Elements by name: text, whole numbers, or elements with elements in them."""


class Malformed(Exception):
    """Not XML that WeChat would read; the message is the reason."""


def write(fields: Fields) -> bytes:
    """The body of a push. Text stands in CDATA, as people wrote it: illegal characters too."""
    return f"<xml>{_elements(fields)}</xml>".encode("utf-8", "replace")


def _elements(fields: Fields) -> str:
    return "".join(f"<{name}>{_content(value)}</{name}>\n" for name, value in fields.items())


def _content(value: "str | int | Fields") -> str:
    match value:
        case str():
            return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
        case int():
            return str(value)
        case _:
            return _elements(value)


def read(body: bytes) -> ET.Element:
    """The <xml> element. Raises Malformed."""
    parser = ET.XMLParser(target=_Plain())  # noqa: S314 - _Plain lets no entity in
    try:
        parser.feed(body)
        root = parser.close()
    except (ET.ParseError, ValueError) as error:
        raise Malformed(f"no well-formed XML: {error}") from error
    if not isinstance(root, ET.Element) or root.tag != "xml":
        raise Malformed(f"expected the element <xml>, got {root!r}")
    return root


class _Plain(ET.TreeBuilder):
    def doctype(self, name: str, *_: object) -> None:
        """Called before any entity is declared."""
        raise Malformed(f"a document type ({name}), where only elements are expected")
