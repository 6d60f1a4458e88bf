"""The segments that the bot sends, read as QQ's implementations read them."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.call import Params, is_number
from bots.sandbox.onebot.cqcode import parse_cq
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.onebot.piece import (
    At,
    Card,
    Face,
    Forward,
    Media,
    Node,
    Other,
    Piece,
    Reply,
    Text,
)
from core.errors import MediaError

PASSED = frozenset({"markdown", "dice", "rps", "poke", "music", "contact", "location", "mface"})
"""Segments that are shown by their name alone."""
DEPTH = 3
"""NapCat stops at forwards within forwards this deep (SendMsg.ts, 2026-08)."""


class Reader:
    """Makes pieces of segments. All raise Failed for what cannot be sent."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._archive = account.archive
        self._files = account.files
        self._read: Mapping[str, Callable[[Params], Awaitable[Piece | None]]] = {
            "text": self._text,
            "at": self._at,
            "reply": self._reply,
            "image": self._image,
            "record": self._record,
            "video": self._video,
            "file": self._file,
            "face": self._face,
            "json": self._card,
            "forward": self._forward,
        }

    async def pieces(self, segments: Sequence[Params]) -> tuple[Piece, ...]:
        pieces = [await self._piece(segment) for segment in segments]
        return tuple(piece for piece in pieces if piece is not None)

    async def _piece(self, segment: Params) -> Piece | None:
        kind, data = segment["type"], segment["data"]
        if kind in PASSED:
            return Other(kind, dict(data))
        read = self._read.get(kind)
        if read is None:
            raise Failed(f"未知的消息类型：{kind}")
        return await read(data)

    async def _text(self, data: Params) -> Piece:
        if not isinstance(data.get("text"), str):
            raise Failed("Key: message.data.text, Message: Expected string", "bad_request")
        return Text(data["text"])

    async def _at(self, data: Params) -> Piece | None:
        return At(str(data["qq"])) if data.get("qq") else None

    async def _reply(self, data: Params) -> Piece | None:
        """None for a message that is forgotten, as NapCat sends without it then."""
        number = str(data.get("id") or "")
        known = self._archive.find(int(number)) if is_number(number) else None
        return Reply(known.id) if known else None

    async def _image(self, data: Params) -> Piece:
        try:
            return self._known(data) or self._files.picture(self._content(data))
        except MediaError as error:
            raise Failed(f"文件处理失败: {error}") from error

    async def _record(self, data: Params) -> Piece:
        try:
            return self._known(data) or await self._files.voice(self._content(data))
        except MediaError as error:
            raise Failed(f"语音转换失败, 请检查语音文件是否正常: {error}") from error

    async def _video(self, data: Params) -> Piece:
        content = self._content(data)
        return self._files.file("video", content, str(data.get("name", "video.mp4")))

    async def _file(self, data: Params) -> Piece:
        return self.file(data)

    def file(self, data: Params) -> Media:
        return self._files.file("file", self._content(data), str(data.get("name", "")))

    def _known(self, data: Params) -> Media | None:
        """A file of QQ's own sent on."""
        return self._files.find(str(data.get("file", "")))

    def _content(self, data: Params) -> bytes:
        file = str(data.get("url") or data.get("file") or "")
        if not file.startswith("base64://"):
            raise Failed(
                f"文件处理失败: expected base64://, got {file[:40]!r}; the sandbox opens no files "
                "and fetches no addresses for the bot"
            )
        try:
            content = base64.b64decode(file.removeprefix("base64://"), validate=True)
        except binascii.Error as error:
            raise Failed(f"文件处理失败: {error}") from error
        if not content:
            raise Failed("文件处理失败: expected a file, got nothing")
        return content

    async def _face(self, data: Params) -> Piece | None:
        number = str(data.get("id", ""))
        return Face(number) if number.isdecimal() else None

    async def _card(self, data: Params) -> Piece:
        card = data.get("data")
        text = card if isinstance(card, str) else msgspec.json.encode(card).decode()
        try:
            msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise Failed(f"expected JSON in a json segment: {error}") from error
        return Card(text)

    async def _forward(self, data: Params) -> Piece:
        forward = self._archive.forward(str(data.get("id", "")))
        if forward is None:
            raise Failed("找不到相关的聊天记录")
        return forward

    async def merge(self, segments: Sequence[Params], depth: int = 0) -> Forward:
        if depth >= DEPTH:
            raise Failed("转发消息深度超过3层")
        nodes = tuple([await self._node(segment["data"], depth) for segment in segments])
        forward = Forward(f"sandbox-forward-{self._archive.next_forward()}", nodes)
        self._archive.keep_forward(forward)
        return forward

    async def _node(self, data: Params, depth: int) -> Node:
        if data.get("id"):
            return self._quoted_node(str(data["id"]))
        user = str(data.get("user_id") or data.get("uin") or self._account.self_id)
        segments = segments_of(data, "content")
        inner = [segment for segment in segments if segment["type"] == "node"]
        pieces: tuple[Piece, ...] = (
            (await self.merge(inner, depth + 1),) if inner else await self.pieces(segments)
        )
        if not pieces:
            raise Failed("生成节点为空")
        return Node(
            user=user if user.isdecimal() else self._account.self_id,
            nickname=str(data.get("nickname") or data.get("name") or "QQ用户"),
            pieces=pieces,
        )

    def _quoted_node(self, number: str) -> Node:
        message = self._archive.find(int(number)) if is_number(number) else None
        if message is None:
            raise Failed("转发消息失败，未找到消息")
        name = self._account.name(message.sender)
        return Node(user=message.sender, nickname=name, pieces=message.pieces)


def segments_of(params: Params, name: str = "message") -> list[Params]:
    """A message however it was given: array, one segment, or a string with CQ codes.

    Raises Failed.
    """
    message = params.get(name, params.get("messages"))
    if isinstance(message, str):
        plain = str(params.get("auto_escape", "")).lower() == "true"
        return [{"type": "text", "data": {"text": message}}] if plain else [*parse_cq(message)]
    segments = [message] if isinstance(message, dict) else message
    if not isinstance(segments, list) or not all(map(_is_segment, segments)):
        raise Failed(f"Key: {name}, Message: Expected union value", "bad_request")
    return segments


def _is_segment(segment: object) -> bool:
    match segment:
        case {"type": str(), "data": dict()}:
            return True
        case _:
            return False
