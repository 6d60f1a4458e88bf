"""Calls for the content of files."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Any

from bots.sandbox.onebot.call import Action, Params
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.onebot.files import Files, path_of
from bots.sandbox.onebot.piece import Media
from core import sound
from core.errors import MediaError

CODECS: Mapping[str, Callable[[bytes], bytes]] = {
    "mp3": sound.to_mp3,
    "amr": sound.to_amr,
    "ogg": sound.to_ogg_opus,
    "wav": sound.to_wav,
}
CONVERTED = frozenset({*CODECS, "wma", "m4a", "spx", "flac"})
"""NapCat's out_format; those beyond CODECS fail, as a machine's ffmpeg may."""


class Downloads:
    def __init__(self, files: Files) -> None:
        self._files = files

    def actions(self) -> Mapping[str, Action]:
        return {
            "get_file": self._file,
            "get_image": self._file,
            "get_record": self._record,
            "get_group_file_url": self._url,
            "get_private_file_url": self._url,
        }

    def _media(self, params: Params) -> Media:
        media = self._files.find(str(params.get("file") or params.get("file_id") or ""))
        if media is None:
            raise Failed("file not found")
        return media

    async def _file(self, params: Params) -> dict[str, Any]:
        media = self._media(params)
        path = path_of(media)
        return {
            "file": path,
            "url": self._files.url(media) if media.kind in ("image", "video") else path,
            "file_size": str(media.size_bytes),
            "file_name": media.name,
        }

    async def _record(self, params: Params) -> dict[str, Any]:
        """With `out_format` converted, and as base64 too, as NapCat does."""
        answer = await self._file(params)
        wanted = params.get("out_format")
        if not wanted:
            return answer
        if wanted not in CONVERTED:
            raise Failed("转换失败 out_format 字段可能格式不正确")
        content = await self._converted(self._media(params), wanted)
        path = f"{answer['file']}.{wanted}"
        return answer | {"file": path, "url": path, "base64": base64.b64encode(content).decode()}

    async def _converted(self, media: Media, wanted: str) -> bytes:
        content = self._files.content(media)
        make = CODECS.get(wanted)
        if content is None or make is None:
            raise Failed(f"Error processing file: ffmpeg cannot write {wanted} here")
        try:
            return await asyncio.to_thread(make, content)
        except MediaError as error:
            raise Failed(f"Error processing file: {error}") from error

    async def _url(self, params: Params) -> dict[str, Any]:
        return {"url": self._files.url(self._media(params))}
