"""The Range header: players need it to seek. Pure."""

import re

from core.errors import ParleyError

_SINGLE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z")


class OutOfRange(ParleyError):
    """Nothing of what was asked for is there (HTTP 416)."""

    code = "range"


def parse_range(header: str, size: int) -> range | None:
    """The bytes asked for, or None for all of them (RFC 9110, section 14.2).

    Several ranges, or a header that makes no sense, may be ignored, and are.
    Raises OutOfRange.
    """
    match = _SINGLE.match(header.strip())
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if first and last and int(last) < int(first):
        return None
    if start >= size or start >= stop:
        raise OutOfRange(f"expected a range within {size} bytes, got {header!r}")
    return range(start, stop)
