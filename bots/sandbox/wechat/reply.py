"""What an account answers to a push, checked as strictly as WeChat does.

developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message,
read 2026-11. Of text that page gives no limit; 2,048 bytes is what is known from use.
"""

from typing import Literal, TypeAlias, get_args
from xml.etree.ElementTree import Element

from msgspec import Struct

from bots.sandbox.wechat.files import File, FileKind, Files
from bots.sandbox.wechat.xml import Malformed, read

TEXT_BYTES = 2048
ARTICLES = 8

ReplyKind: TypeAlias = Literal["text", "image", "voice", "video", "music", "news"]
MEDIA: dict[ReplyKind, FileKind] = {"image": "image", "voice": "voice", "video": "video"}


class Reply(Struct, frozen=True, kw_only=True):
    """`text` is what the person reads: of music and news, titles and addresses."""

    kind: ReplyKind
    text: str = ""
    file: File | None = None


def parse_reply(body: bytes, *, to: str, account: str, files: Files) -> Reply:
    """Raises Malformed."""
    root = read(body)
    _same(root, "ToUserName", to)
    _same(root, "FromUserName", account)
    if not _text(root, "CreateTime").isdecimal():
        raise Malformed("CreateTime is not a whole number of seconds")
    kind = _kind(_text(root, "MsgType"))
    match kind:
        case "text":
            return Reply(kind=kind, text=check_text(_text(root, "Content")))
        case "news":
            return Reply(kind=kind, text=_news(root))
        case "music":
            return Reply(kind=kind, text=_music(root, files))
        case _:
            return Reply(kind=kind, file=_file(root, kind, files))


def check_text(text: str) -> str:
    """Raises Malformed."""
    if not text.strip():
        raise Malformed("Content is empty")
    size = len(text.encode())
    if size > TEXT_BYTES:
        raise Malformed(f"Content has {size} bytes, {TEXT_BYTES} at most")
    return text


def _kind(name: str) -> ReplyKind:
    for kind in get_args(ReplyKind):
        if name == kind:
            return kind  # type: ignore[no-any-return]
    raise Malformed(f"MsgType is {name!r}")


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    if found is None:
        raise Malformed(f"{path} is missing")
    return found.text or ""


def _same(root: Element, name: str, wanted: str) -> None:
    got = _text(root, name)
    if got != wanted:
        raise Malformed(f"{name} is {got!r}, expected {wanted!r}")


def _file(root: Element, kind: ReplyKind, files: Files) -> File:
    media_id = _text(root, f"{kind.capitalize()}/MediaId")
    file = files.get(media_id)
    if file is None or file.kind != MEDIA[kind]:
        raise Malformed(f"MediaId names no {kind} of the last three days")
    return file


def _news(root: Element) -> str:
    items = root.findall("Articles/item")
    if not items or _text(root, "ArticleCount") != str(len(items)) or len(items) > ARTICLES:
        raise Malformed(f"ArticleCount or Articles is wrong: {len(items)} items")
    return "\n".join(f"{_text(item, 'Title')}\n{_text(item, 'Url')}" for item in items)


def _music(root: Element, files: Files) -> str:
    music = root.find("Music")
    if music is None:
        raise Malformed("Music is missing")
    thumb = files.get(_text(music, "ThumbMediaId"))
    if thumb is None or thumb.kind != "thumb":
        raise Malformed("ThumbMediaId names no thumb of the last three days")
    return "\n".join(music.findtext(name) or "" for name in ("Title", "MusicUrl")).strip()
