"""Pieces as a flavour's segments."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from bots.sandbox.onebot.files import Files, path_of
from bots.sandbox.onebot.flavour import Flavour
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

Segment: TypeAlias = dict[str, Any]


class Speller:
    """Writes messages the way one implementation does."""

    def __init__(self, flavour: Flavour, files: Files) -> None:
        self._flavour = flavour
        self._files = files

    def segments(self, pieces: Sequence[Piece]) -> list[Segment]:
        return [self._segment(piece) for piece in pieces]

    def _segment(self, piece: Piece) -> Segment:
        kind, data = self._spelled(piece)
        return {"type": kind, "data": data}

    def _spelled(self, piece: Piece) -> tuple[str, dict[str, Any]]:
        match piece:
            case Text(text):
                spelled: tuple[str, dict[str, Any]] = "text", {"text": text}
            case At(user):
                number = self._flavour.number_at and user.isdecimal()
                spelled = "at", {"qq": int(user) if number else user}
            case Reply(message_id):
                number = self._flavour.number_reply
                spelled = "reply", {"id": message_id if number else str(message_id)}
            case Media(kind=kind):
                spelled = kind, self._media(piece)
            case Face(face):
                spelled = "face", {"id": face}
            case Card(card):
                spelled = "json", {"data": card}
            case Forward():
                spelled = "forward", self._forward(piece)
            case Other(other, data):
                spelled = other, data
        return spelled

    def _media(self, media: Media) -> dict[str, Any]:
        known = self._facts(media)
        return {name: known[fact] for name, fact in self._flavour.media[media.kind]}

    def _facts(self, media: Media) -> dict[str, Any]:
        path = path_of(media)
        return {
            "name": media.name,
            "image_name": f"{media.name.partition('.')[0].lower()}.image",
            "id": media.id,
            "url": self._files.url(media),
            "path": path,
            "file_url": f"file://{path}",
            "size_text": str(media.size_bytes),
            "image_summary": "[图片]",
            "none": "",
            "zero": 0,
            "zero_text": "0",
        }

    def _forward(self, forward: Forward) -> dict[str, Any]:
        data: dict[str, Any] = {"id": forward.id}
        if self._flavour.forward_inline:
            data["content"] = [self._node_message(node) for node in forward.nodes]
        return data

    def forwarded(self, forward: Forward) -> dict[str, Any]:
        """What get_forward_msg answers."""
        match self._flavour.forward:
            case "messages":
                return {"messages": [self._node_message(node) for node in forward.nodes]}
            case "nodes":
                return {"message": [self._node(node) for node in forward.nodes]}
            case "plain":
                return {"messages": [self._plain(node) for node in forward.nodes]}

    def _node_message(self, node: Node) -> dict[str, Any]:
        return {
            "self_id": int(node.user),
            "user_id": int(node.user),
            "message_type": "group",
            "sub_type": "normal",
            "sender": {"user_id": int(node.user), "nickname": node.nickname, "card": ""},
            "font": 14,
            "message": self.segments(node.pieces),
            "message_format": "array",
            "post_type": "message",
        }

    def _node(self, node: Node) -> dict[str, Any]:
        data = {
            "user_id": node.user,
            "nickname": node.nickname,
            "content": self.segments(node.pieces),
        }
        return {"type": "node", "data": data}

    def _plain(self, node: Node) -> dict[str, Any]:
        return {
            "content": self.segments(node.pieces),
            "sender": {"nickname": node.nickname, "user_id": int(node.user)},
            "time": 0,
        }
