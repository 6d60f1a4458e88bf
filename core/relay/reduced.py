"""ai-whistle's reduced stream: each event an array of bare deltas or texts. Pure.

Asked for by the header `Reduce-Stream: true`; without ids, reasons and usage
(November 2026).
"""

from typing import Any

import msgspec
from msgspec import Struct

from core.relay.failure import Complaint, complaint_of

_END = b"[{}]"
"""What ends a chat. A completion ends with `[DONE]` alone."""


class _Delta(Struct):
    content: str | None = None
    error: Any = None
    code: Any = None


_DELTAS = msgspec.json.Decoder(list[_Delta | str], strict=False)


class Reduced(Struct):
    """One event. `ends` where it proves a chat whole."""

    text: str = ""
    ends: bool = False
    complaint: Complaint | None = None


def read_reduced(data: bytes) -> Reduced:
    """Raises what msgspec raises for bytes that are no such event."""
    items = _DELTAS.decode(data)
    texts = [item if isinstance(item, str) else item.content or "" for item in items]
    if any(isinstance(item, _Delta) and (item.error or item.code) for item in items):
        told = (complaint_of(item) for item in msgspec.json.decode(data))
        return Reduced("".join(texts), complaint=next(filter(None, told), None))
    return Reduced("".join(texts), ends=data.translate(None, b" \t") == _END)
