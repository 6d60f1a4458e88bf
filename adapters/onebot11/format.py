"""Answers as segments: arrays only, since a string would be read for CQ codes. Pure."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiocqhttp import MessageSegment

from adapters.onebot11.mark import Mark, mark
from adapters.onebot11.target import Target, message_id
from core.model import Address

Segments: TypeAlias = Sequence[MessageSegment]

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
EVERYBODY = re.compile(r"@\s*全体成员")
URL = re.compile(r"https?://([^\s/]+)")

SEND_S = 20.0
"""What NapCat is asked to wait for QQ, instead of its own 10 s
(packages/napcat-onebot/api/msg.ts, sendMsgWithOb11UniqueId, read 2026-11)."""
UPLOAD_BYTES_S = 200_000
ANSWER_S = 10.0


FORWARD = Mark(kinds=("forward",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that sends. `mark` is by what it would be known in a history."""

    action: str
    params: Mapping[str, Any]
    mark: Mark
    timeout_s: float = SEND_S + ANSWER_S


def clean(text: str, *, defang: bool) -> str:
    """Text that steers nothing and calls nobody but whom it is for."""
    text = EVERYBODY.sub("全体成员", CONTROLS.sub("", text))
    return URL.sub(_defanged, text) if defang else text


def lead(target: Target, to: Address, answers: str) -> list[MessageSegment]:
    """In groups: whose question is answered, and a mention that tells them."""
    if not target.group:
        return []
    replied = message_id(answers)
    reply = [_segment("reply", id=replied)] if replied.removeprefix("-").isdecimal() else []
    mention = [_segment("at", qq=to.sender)] if to.sender.isdecimal() else []
    return [*reply, *mention]


def words(text: str, before: Segments = ()) -> list[MessageSegment]:
    mentions = any(segment.type == "at" for segment in before)
    return [*before, MessageSegment.text(f" {text}" if mentions else text)]


def file_segment(kind: str, content: bytes, name: str = "") -> MessageSegment:
    """By base64: the implementation may run in a container or on another machine."""
    named = {"name": name} if name else {}
    return _segment(kind, file=encoded(content), **named)


def encoded(content: bytes) -> str:
    return f"base64://{base64.b64encode(content).decode()}"


def message_call(target: Target, segments: Segments, size_bytes: int = 0) -> Call:
    action = "send_group_msg" if target.group else "send_private_msg"
    return _call(action, {**target.params, "message": [*segments]}, mark(segments), size_bytes)


def forward_call(target: Target, name: str, pieces: Sequence[str]) -> Call:
    """Nodes alone: NapCat refuses them beside anything else."""
    nodes = [
        MessageSegment(
            type_="node",
            data={
                "user_id": target.self_id,
                "nickname": name,
                "uin": target.self_id,  # the same two by go-cqhttp's names
                "name": name,
                "content": [MessageSegment.text(piece)],
            },
        )
        for piece in pieces
    ]
    action = "send_group_forward_msg" if target.group else "send_private_forward_msg"
    params = {**target.params, "messages": nodes}
    return _call(action, params, FORWARD, sum(map(len, pieces)) * 4)


def upload_call(target: Target, content: bytes, name: str) -> Call:
    action = "upload_group_file" if target.group else "upload_private_file"
    params = {**target.params, "file": encoded(content), "name": name}
    return _call(action, params, Mark(kinds=("file",), name=name), len(content))


def _call(action: str, params: Mapping[str, Any], known_by: Mark, size_bytes: int) -> Call:
    wait_s = SEND_S + size_bytes / UPLOAD_BYTES_S
    return Call(
        action=action,
        params={**params, "timeout": int(wait_s * 1000)},
        mark=known_by,
        timeout_s=wait_s + ANSWER_S,
    )


def _segment(kind: str, **data: str) -> MessageSegment:
    return MessageSegment(type_=kind, data=data)


def _defanged(url: re.Match[str]) -> str:
    """Readable, but no link that QQ would check: example[.]org."""
    return url[1].replace(".", "[.]")
