"""JSON Lines: one JSON object a line. Pure."""

from typing import Any

import msgspec

from bots.sandbox.failure import Refusal

_DECODER = msgspec.json.Decoder(dict[str, Any])


def split_lines(content: bytes) -> list[tuple[int, bytes]]:
    """The lines that are not blank, each with its number from 1."""
    lines = enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
    return [(number, line) for number, line in lines if line.strip()]


def check_lines(content: bytes) -> None:
    """Raises Refusal (400) for what is no JSON Lines, naming the line."""
    lines = split_lines(content)
    if not lines:
        raise _refusal("it holds no line")
    for number, line in lines:
        try:
            _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _refusal(f"line {number} is no JSON object ({error})") from error


def _refusal(reason: str) -> Refusal:
    message = f"Expected JSON Lines, one JSON object a line: {reason}."
    return Refusal(400, message, code="invalid_file_format", param="file")


def join_lines(rows: list[dict[str, object]]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
