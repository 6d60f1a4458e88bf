"""What `Media.remote` holds: how a file is asked for. Only the adapter reads it."""

from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from core.errors import MediaError

Kind: TypeAlias = Literal["image", "record", "video", "file"]


class Handle(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`account` heard of the file; `file` is what the segment has there: a name, an
    address, a path or the content itself in base64. `group` is where it was sent."""

    account: str
    kind: Kind
    file: str = ""
    url: str = ""
    file_id: str = ""
    bus_id: int = 0
    group: int = 0

    @property
    def carried(self) -> str:
        """The content in base64 where the segment has it; else ""."""
        for place in (self.file, self.url):
            if place.startswith("base64://"):
                return place.removeprefix("base64://")
        return ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Handle).decode


def write_handle(handle: Handle) -> str:
    return _encode(handle).decode()


def read_handle(remote: str) -> Handle:
    """Raises MediaError for what is none of ours."""
    try:
        return _decode(remote)
    except msgspec.MsgspecError as error:
        raise MediaError("expected a file that came over QQ, got another's handle") from error
