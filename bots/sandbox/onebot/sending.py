"""What the bot sends, on its way to people."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.archive import Message
from bots.sandbox.onebot.call import Params
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.onebot.piece import Forward, Media, Piece, Reply, all_media, shown
from bots.sandbox.onebot.reader import Reader, segments_of
from bots.sandbox.town.town import BOT, Kind, Place

Target: TypeAlias = Literal["private", "group"]
LINES: Mapping[str, Kind] = {"image": "image", "record": "voice", "video": "video", "file": "file"}
HEAVY_CHARS = 10_000
"""Longer strings are cut in what the town keeps of a payload: they are files in base64."""


class Sending:
    """Checks what is to be sent, and shows it in the town."""

    def __init__(self, account: Account, sent: Callable[[Message], Awaitable[None]]) -> None:
        self._account = account
        self._archive = account.archive
        self._town = account.town
        self._sent = sent
        self._reader = Reader(account)

    async def send(self, target: Target, params: Params) -> dict[str, Any]:
        """send_private_msg and its like. Raises Failed."""
        place = self._place(target, params)
        segments = segments_of(params)
        if any(segment["type"] == "node" for segment in segments):
            return await self._send_forward(place, segments, params)
        pieces = await self._reader.pieces(segments)
        if not pieces:
            raise Failed("消息体无法解析, 请检查是否发送了不支持的消息类型")
        return {"message_id": (await self._deliver(place, pieces, params)).id}

    async def _send_forward(
        self, place: Place, segments: Sequence[Params], params: Params
    ) -> dict[str, Any]:
        if any(segment["type"] != "node" for segment in segments):
            raise Failed(
                "转发消息不能和普通消息混在一起发送,转发需要保证message只有type为node的元素",
                "bad_request",
            )
        forward = await self._reader.merge(segments)
        message = await self._deliver(place, (forward,), params)
        return {"message_id": message.id, "res_id": forward.id, "forward_id": forward.id}

    async def upload(self, target: Target, params: Params) -> dict[str, Any]:
        """upload_group_file and upload_private_file. Raises Failed."""
        place = self._place(target, params)
        media = self._reader.file(params)
        await self._deliver(place, (media,), params)
        return {"file_id": media.id}

    # -- where to ------------------------------------------------------------------

    def _place(self, target: Target, params: Params) -> Place:
        name = "group_id" if target == "group" else "user_id"
        number = str(params.get(name) or "")
        if not number:
            raise Failed("请指定正确的 group_id 或 user_id", "bad_request")
        place = self._town.places.get(number)
        if place is None or place.group is not (target == "group"):
            raise Failed(f"无法获取用户信息: {number}")
        return place

    # -- there -------------------------------------------------------------------------

    async def _deliver(self, place: Place, pieces: tuple[Piece, ...], params: Params) -> Message:
        text = shown(pieces, self._account.names())
        nodes = sum(len(piece.nodes) for piece in pieces if isinstance(piece, Forward))
        self._account.standing.check(place, 0 if nodes else len(text), nodes)
        message = self._archive.add(place, self._account.self_id, pieces, self._account.now())
        self._show(message, text, params)
        await self._sent(message)
        return message

    def _show(self, message: Message, text: str, params: Params) -> None:
        """One line; more where there are several files."""
        quoted = next((p.message_id for p in message.pieces if isinstance(p, Reply)), 0)
        found = self._archive.find(quoted)
        media = all_media(message.pieces)
        forward = any(isinstance(piece, Forward) for piece in message.pieces)
        fields = [_file_fields(each) for each in media]
        if forward or not fields:
            fields.insert(0, {})
        for number, of_file in enumerate(fields):
            line = self._town.add(
                message.place.id,
                BOT,
                **{
                    "text": "" if number else text,
                    "reply_to": found.line if found and not number else 0,
                    "raw": lightened(params) if media else params,
                    "status": "sent",
                }
                | of_file,
            )
            if not number:
                self._archive.note_line(message, line.number)


def _file_fields(media: Media) -> dict[str, Any]:
    fields = {"kind": LINES[media.kind], "file": media.file, "name": media.name, "mime": media.mime}
    return fields | {"status": f"sent as {media.note}"} if media.note else fields


def lightened(value: Any) -> Any:
    """A payload without the bulk of its files, since thousands are kept."""
    match value:
        case str() if len(value) > HEAVY_CHARS:
            return f"{value[:40]}… ({len(value)} characters)"
        case Mapping():
            return {name: lightened(each) for name, each in value.items()}
        case list():
            return [lightened(each) for each in value]
        case _:
            return value
