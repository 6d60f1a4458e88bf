"""Reads a multipart/form-data body that is held whole (RFC 7578)."""

from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser

from msgspec import Struct

from bots.sandbox.failure import Refusal


class Field(Struct, frozen=True, kw_only=True):
    """One part of a form; `filename` is None where it is not a file."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str = ""


def parse_form(body: bytes, content_type: str) -> list[Field]:
    """The parts in their order. Raises Refusal."""
    told = _headers(f"Content-Type: {content_type}")
    boundary = told.get_boundary()
    if told.get_content_type() != "multipart/form-data" or not boundary:
        raise Refusal(400, "Expected a multipart/form-data body with its boundary.", param="file")
    fields = list(_fields((b"\r\n" + body).split(b"\r\n--" + boundary.encode())))
    if not fields:
        raise Refusal(400, "The multipart/form-data body has no parts, or is cut short.")
    return fields


def _fields(sections: list[bytes]) -> Iterator[Field]:
    """What stands before the first boundary and after the last is no part."""
    for section in sections[1:]:
        if section.startswith(b"--"):
            return
        head, _, content = section.partition(b"\r\n\r\n")
        headers = _headers(head.decode("utf-8", "replace").lstrip())
        name = headers.get_param("name", header="content-disposition")
        if isinstance(name, str):
            yield Field(
                name=name,
                content=content,
                filename=headers.get_filename(),
                content_type=headers.get("content-type", ""),
            )


def _headers(lines: str) -> Message:
    return HeaderParser().parsestr(lines)
