"""Files that are forgotten when the test ends."""

import hashlib

from core.errors import MediaError


class MemoryMedia:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def put(self, content: bytes) -> str:
        blob = hashlib.sha256(content).hexdigest()
        self.files[blob] = content
        return blob

    async def get(self, blob: str) -> bytes:
        try:
            return self.files[blob]
        except KeyError as error:
            raise MediaError(f"expected the file {blob}, it is gone; send it again") from error
