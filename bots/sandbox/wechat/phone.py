"""A person's app: what is said in the town becomes acts, files going up before their message."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence

from msgspec import Struct

from bots.sandbox.png import encode_png
from bots.sandbox.town.town import Kind, Unspoken, Utterance
from bots.sandbox.wechat import acts
from bots.sandbox.wechat.files import VOICE_S, File, Files
from core.errors import MediaError
from core.sound import duration_s, sniff, to_amr

THUMB = encode_png(1, 1, [b"\x80\x80\x80"])


class Said(Struct, frozen=True, kw_only=True):
    """An act, and how it looks in the talk."""

    act: acts.AnyAct
    kind: Kind = "text"
    file: File | None = None
    name: str = ""
    text: str = ""


class Phone:
    """`file_url` tells where a file is served. `recognition`: words go along with a voice."""

    def __init__(self, files: Files, file_url: Callable[[File], str], *, recognition: bool) -> None:
        self._files = files
        self._file_url = file_url
        self._recognition = recognition

    async def acts_of(self, said: Utterance) -> Sequence[Said]:
        """A picture and words go one after the other. Raises Unspoken."""
        match said.kind:
            case "text":
                return [_text(said)]
            case "image":
                return [self._image(said), *([_text(said)] if said.text else [])]
            case "voice":
                return [await self._voice(said)]
            case "video":
                return [self._video(said)]
            case "audio" | "file":
                return [_file(said)]
            case "notice" | "draft":
                raise Unspoken("notices and drafts are the platform's own")

    def _image(self, said: Utterance) -> Said:
        file = self._files.keep("image", said.content)
        act = acts.Image(person=said.person, url=self._file_url(file), media_id=file.media_id)
        return Said(act=act, kind="image", file=file, name=said.name)

    async def _voice(self, said: Utterance) -> Said:
        content = await asyncio.to_thread(_recorded, said.content)
        file = self._files.keep("voice", content)
        heard = said.text if self._recognition else None
        act = acts.Voice(person=said.person, media_id=file.media_id, recognition=heard)
        return Said(act=act, kind="voice", file=file, name=said.name, text=said.text)

    def _video(self, said: Utterance) -> Said:
        file = self._files.keep("video", said.content, "video/mp4")
        thumb = self._files.keep("thumb", THUMB)
        act = acts.Video(person=said.person, media_id=file.media_id, thumb_media_id=thumb.media_id)
        return Said(act=act, kind="video", file=file, name=said.name)


def _text(said: Utterance) -> Said:
    return Said(act=acts.Text(person=said.person, text=said.text), text=said.text)


def _file(said: Utterance) -> Said:
    """The account learns the name alone: there is no way to the content."""
    md5 = hashlib.md5(said.content, usedforsecurity=False).hexdigest()
    act = acts.File(person=said.person, name=said.name, size_bytes=len(said.content), md5=md5)
    return Said(act=act, kind=said.kind, name=said.name)


def _recorded(content: bytes) -> bytes:
    """As WeChat's app records: AMR, a minute at most. Blocks. Raises Unspoken."""
    try:
        if duration_s(content) > VOICE_S:
            raise Unspoken("WeChat records a minute of voice at most")
        return content if sniff(content) == "amr" else to_amr(content)
    except MediaError as error:
        raise Unspoken(str(error)) from error
