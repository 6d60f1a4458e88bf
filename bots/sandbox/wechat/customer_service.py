"""message/custom/send and message/custom/typing: what an account says unasked."""

from typing import Any

import msgspec
from msgspec import Struct

from bots.sandbox.wechat.asked import Asked
from bots.sandbox.wechat.files import File, FileKind
from bots.sandbox.wechat.refusal import Denied
from bots.sandbox.wechat.reply import TEXT_BYTES
from bots.sandbox.wechat.wechat import WeChat

OK = {"errcode": 0, "errmsg": "ok"}
STATUS = "customer service"
FILES: dict[str, FileKind] = {"image": "image", "voice": "voice", "video": "video"}


class Sending(Struct, frozen=True, kw_only=True):
    """The head of every message; its content stands under its type's name."""

    touser: str
    msgtype: str


class Typing(Struct, frozen=True, kw_only=True):
    touser: str
    command: str


async def send(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied."""
    head = asked.json(Sending)
    whole: dict[str, Any] = msgspec.json.decode(asked.body)
    content = whole.get(head.msgtype)
    if not isinstance(content, dict):
        raise Denied(40008, f"msgtype {head.msgtype!r} without its content")
    allowance = wechat.allowance(head.touser)
    text, file = _shown(wechat, head.msgtype, content)
    allowance.take()
    wechat.show(head.touser, text=text, file=file, status=STATUS, raw=whole)
    return OK


async def show_typing(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied."""
    told = asked.json(Typing)
    allowance = wechat.allowance(told.touser)
    match told.command:
        case "Typing":
            allowance.type()
        case "CancelTyping":
            allowance.stop_typing()
        case _:
            raise Denied(45072)
    return OK


def _shown(wechat: WeChat, kind: str, content: dict[str, Any]) -> tuple[str, File | None]:
    """The message as the person reads it: its text, its file. Raises Denied."""
    match kind:
        case "text":
            return _text(content.get("content")), None
        case "image" | "voice" | "video":
            return "", _file(wechat, FILES[kind], content.get("media_id"))
        case "music":
            _file(wechat, "thumb", content.get("thumb_media_id"))
            return _text(f"{content.get('title', '')}\n{content.get('musicurl', '')}"), None
        case "news":
            return _text(_news(content.get("articles"))), None
        case "msgmenu":
            return _text(_menu(content)), None
        case _:
            raise Denied(40008, kind)


def _text(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise Denied(44004)
    if len(text.encode("utf-8", "replace")) > TEXT_BYTES:
        raise Denied(45002)
    return text


def _file(wechat: WeChat, kind: FileKind, media_id: object) -> File:
    file = wechat.files.get(media_id) if isinstance(media_id, str) else None
    if file is None or file.kind != kind:
        raise Denied(40007)
    return file


def _news(articles: object) -> str:
    """One article at most since 2018."""
    match articles:
        case [{"title": str() as title, **rest}]:
            return f"{title}\n{rest.get('url', '')}"
        case _:
            raise Denied(47001, "one article expected")


def _menu(content: dict[str, Any]) -> str:
    entries = [f"· {entry.get('content', '')}" for entry in content.get("list", [])]
    return "\n".join((str(content.get("head_content", "")), *entries))
