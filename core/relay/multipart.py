"""multipart/form-data (RFC 7578), for uploads. Pure."""

import re
from collections.abc import Mapping

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


def safe_filename(name: str) -> str:
    """`audio` with the ending of `name`: relays go by the ending, and need no more."""
    ending = _ENDING.search(name)
    return f"audio{ending[0].lower()}" if ending else "audio"


def plain_filename(name: str) -> str:
    """`name` without its folders, and with `_` for what may not stand in a header."""
    plain = _STRANGE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip("._")
    return plain or "file.jsonl"


def encode_multipart(
    fields: Mapping[str, str], filename: str, content: bytes, boundary: str
) -> bytes:
    """The body, its file part named `file` last. `boundary` must not occur in `content`."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return b"".join(
        ("".join(parts).encode(), file.encode(), content, f"\r\n--{boundary}--\r\n".encode())
    )
