"""media/upload and media/get, and the picture server that PicUrl points to."""

import asyncio

import msgspec
from starlette.responses import Response

from bots.sandbox.wechat.asked import Asked
from bots.sandbox.wechat.files import File, check, file_kind
from bots.sandbox.wechat.refusal import Denied
from bots.sandbox.wechat.wechat import WeChat


async def upload(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied. The answer is JSON under the name of plain text, as WeChat's is."""
    kind = file_kind(asked.query("type"))
    content = asked.file().content
    mime = await asyncio.to_thread(check, kind, content)
    file = wechat.files.keep(kind, content, mime)
    id_name = "thumb_media_id" if kind == "thumb" else "media_id"
    told = {"type": kind, id_name: file.media_id, "created_at": int(file.at.timestamp())}
    return Response(msgspec.json.encode(told), media_type="text/plain")


async def get(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied. For a video the answer is where to find it."""
    media_id = asked.query("media_id")
    if not media_id:
        raise Denied(41006)
    file = wechat.files.get(media_id)
    if file is None:
        raise Denied(40007)
    if file.kind == "video":
        return {"video_url": wechat.file_url(file)}
    return as_file(file)


def as_file(file: File) -> Response:
    told = {"Content-disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, headers=told, media_type=file.mime or "application/octet-stream")
