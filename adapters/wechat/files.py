"""Pictures and recordings, to and from WeChat."""

import asyncio
import re
from dataclasses import dataclass, field

import msgspec

from adapters.wechat.api import Api, ApiError, Lost, Unreached
from adapters.wechat.format import Uploaded
from adapters.wechat.push import Remote
from core.errors import MediaError
from core.model import Media
from core.picture import picture_mime
from core.ports.store import MediaStore
from core.sound import duration_s, sniff, to_mp3, to_wav

PICTURE = re.compile(r"https?://(?:[A-Za-z0-9-]{1,63}\.){1,4}(?:qpic|qlogo)\.cn/[!-~]*")
"""Where PicUrl leads, as seen in pushes (http://mmbiz.qpic.cn/…), November 2026."""

VOICE_S = 60.0
UPLOAD_BYTES = 2 * 2**20
"""Of a picture or a recording; for pictures the same page says 10 MB further down
(developers.weixin.qq.com/doc/subscription/api/material/temporary/api_uploadtempmedia.html)."""

KEPT_S = 2.5 * 86400
"""WeChat keeps what was uploaded for three days."""

ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}


class NotSendable(Exception):
    """WeChat does not take this file; the message is the reason."""


@dataclass(slots=True, kw_only=True)
class Files:
    """`may_call`: there is an app_secret. Pictures can be had without, by their own addresses;
    what is below `api_base` may be fetched, too."""

    api: Api
    may_call: bool
    media: MediaStore
    api_base: str
    _uploaded: dict[str, tuple[str, float]] = field(default_factory=dict)

    async def upload(self, media: Media, now: float) -> Uploaded:
        """Raises NotSendable, MediaError, ApiError, Unreached, Lost."""
        if not self.may_call:
            raise NotSendable("the bot has no app_secret")
        kind = "image" if media.kind == "image" else "voice"
        media_id, until = self._uploaded.get(media.blob, ("", 0.0))
        if not media_id or now >= until:
            name, content = await self._prepared(kind, media)
            media_id = await self.api.upload(kind, name, content)
            self._forget(now)
            self._uploaded[media.blob] = media_id, now + KEPT_S
        return Uploaded(kind=kind, media_id=media_id)

    async def fetch(self, media: Media) -> bytes:
        """A picture as it is, a recording as WAV. Raises MediaError."""
        try:
            remote = msgspec.json.decode(media.remote or b"{}", type=Remote)
            content = await self._content(remote)
        except msgspec.MsgspecError as error:
            raise MediaError("wechat: expected an adapter's own handle, got another") from error
        except (ApiError, Unreached, Lost) as error:
            raise MediaError(f"wechat: {error}") from error
        if media.kind != "voice":
            return content
        return await asyncio.to_thread(_as_wave, content)

    async def _content(self, remote: Remote) -> bytes:
        if not self._allowed(remote.url):
            return await self._downloaded(remote)
        try:
            return await self.api.get(remote.url)
        except MediaError:
            if not (remote.media_id and self.may_call):
                raise
            return await self._downloaded(remote)

    async def _downloaded(self, remote: Remote) -> bytes:
        if not remote.media_id:
            raise MediaError("wechat: expected a file that can be had, got only its name")
        if not self.may_call:
            raise MediaError(
                "wechat: expected app_id and app_secret for files, got none; "
                "set both, or turn WeChat's own speech recognition on for the account"
            )
        return await self.api.download(remote.media_id)

    def _allowed(self, url: str) -> bool:
        own = url.startswith(f"{self.api_base}/") and url.isascii() and url.isprintable()
        return own or PICTURE.fullmatch(url) is not None

    async def _prepared(self, kind: str, media: Media) -> tuple[str, bytes]:
        content = await self.media.get(media.blob)
        if kind == "voice":
            return "voice.mp3", await asyncio.to_thread(_as_voice, content)
        ending = ENDINGS.get(picture_mime(content))
        if ending is None or len(content) > UPLOAD_BYTES:
            raise NotSendable(f"expected a JPEG or PNG of at most {UPLOAD_BYTES} bytes")
        return f"picture.{ending}", content

    def _forget(self, now: float) -> None:
        self._uploaded = {blob: kept for blob, kept in self._uploaded.items() if kept[1] > now}


def _as_wave(content: bytes) -> bytes:
    return content if sniff(content) == "wav" else to_wav(content)


def _as_voice(content: bytes) -> bytes:
    seconds = duration_s(content)
    if seconds > VOICE_S:
        raise NotSendable(f"expected at most {VOICE_S:.0f} s of speech, got {seconds:.0f}")
    voice = to_mp3(content)
    if len(voice) > UPLOAD_BYTES:
        raise NotSendable(f"expected at most {UPLOAD_BYTES} bytes of speech, got {len(voice)}")
    return voice
