"""Pictures, voices and files on their way through QQ: names, addresses, codecs."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from bots.sandbox.onebot.flavour import MediaKind
from bots.sandbox.onebot.piece import Media
from bots.sandbox.town.town import Town
from core import sound
from core.errors import MediaError

PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
)
VOICES: Mapping[str, str] = {"silk": "audio/silk", "amr": "audio/amr"}
APP_IDS: Mapping[MediaKind, int] = {"image": 1407, "record": 1402, "video": 1415, "file": 1413}


def picture_format(content: bytes) -> str:
    """ "" for what is no picture that QQ shows."""
    for magic, name in PICTURES:
        if content.startswith(magic):
            return name
    return "webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


class Files:
    """What can be downloaded. `base_url` is where; addresses expire by `expire`."""

    def __init__(self, town: Town, base_url: str = "", size: int = 5000) -> None:
        self.base_url = base_url
        self._town = town
        self._size = size
        self._known: OrderedDict[str, Media] = OrderedDict()
        self._rkey = 1

    def picture(self, content: bytes) -> Media:
        """Raises MediaError."""
        kind = picture_format(content)
        if not kind:
            raise MediaError("expected a picture (PNG, JPEG, GIF, WebP or BMP)")
        return self._keep("image", content, f"{_md5(content)}.{kind}", f"image/{kind}")

    async def voice(self, content: bytes, wanted: Literal["silk", "amr", ""] = "") -> Media:
        """A recording as QQ carries it: SILK or AMR stay, anything else becomes SILK.

        `wanted` asks for one of the two. The name ends in .amr whatever it is,
        as QQ's do. Raises MediaError.
        """
        was = await asyncio.to_thread(sound.sniff, content)
        goal = wanted or (was if was in VOICES else "silk")
        if was != goal:
            make = sound.to_silk if goal == "silk" else sound.to_amr
            content = await asyncio.to_thread(make, content)
        note = goal if was == goal else f"{goal}, made from {was or 'an unknown format'}"
        return self._keep("record", content, f"{_md5(content)}.amr", VOICES[goal], note)

    def file(self, kind: MediaKind, content: bytes, name: str) -> Media:
        return self._keep(kind, content, name or _md5(content), "application/octet-stream")

    def _keep(self, kind: MediaKind, content: bytes, name: str, mime: str, note: str = "") -> Media:
        held = self._town.put(content)
        media = Media(
            kind=kind,
            file=held,
            id=f"/{hashlib.sha256((held + name).encode()).hexdigest()[:32]}",
            name=name,
            size_bytes=len(content),
            mime=mime,
            note=note,
        )
        for key in (media.id, media.name):
            self._known[key] = media
            self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return media

    def find(self, key: str) -> Media | None:
        """By id, name, path or address."""
        key = key.removeprefix("file://")
        found = self._known.get(key) or self._known.get(key.rpartition("/")[2])
        if found is None and key.startswith(f"{self.base_url}/download?"):
            name = key.partition("fileid=")[2].partition("&")[0]
            found = self._known.get(f"/{name}")
        return found

    def content(self, media: Media) -> bytes | None:
        return self._town.file(media.file)

    def url(self, media: Media) -> str:
        """As https://multimedia.nt.qq.com.cn/download?appid=1407&fileid=…&rkey=… is."""
        file_id = quote(media.id.removeprefix("/"))
        return (
            f"{self.base_url}/download?appid={APP_IDS[media.kind]}"
            f"&fileid={file_id}&spec=0&rkey=sandbox{self._rkey}"
        )

    def fresh(self, rkey: str) -> bool:
        return rkey == f"sandbox{self._rkey}"

    def expire(self) -> None:
        """Addresses given out so far no longer work, as QQ's after some hours."""
        self._rkey += 1


def path_of(media: Media) -> str:
    """Where the implementation keeps it, inside its own container."""
    return f"/app/.config/QQ/nt_data/{media.kind}/{media.name}"


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest().upper()
