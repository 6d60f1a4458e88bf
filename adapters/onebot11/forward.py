"""A merged forward as words, to a bound. Pure; never raises."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.onebot11.segments import FORWARD, Scene, read_segments, segments_of
from core.model import Media, Part, Text

DEPTH = 3
MESSAGES = 100
LABELS = {
    "image": "[图片]",
    "voice": "[语音]",
    "audio": "[音频]",
    "video": "[视频]",
    "file": "[文件]",
}


def nodes_in(answer: object) -> Sequence[object]:
    """The messages in what get_forward_msg answers: `messages`, or `message` with nodes."""
    if not isinstance(answer, Mapping):
        return ()
    found = answer.get("messages") or answer.get("message")
    return found if isinstance(found, list) else ()


def forward_text(nodes: Sequence[object], chars: int) -> str:
    """A line each, `name: words`; forwards within are indented. At most `chars` characters."""
    lines: list[str] = []
    room = chars - len(FORWARD)
    for line in _lines(nodes, 0):
        room -= len(line) + 1
        if room < 0 or len(lines) == MESSAGES:
            lines.append("…")
            break
        lines.append(line)
    return "\n".join([FORWARD, *lines])


def plain_text(parts: Sequence[Part]) -> str:
    """Texts as they are, files by a label."""
    return "".join(_shown(part) for part in parts).strip()


def _lines(nodes: Sequence[object], depth: int) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Mapping):
            yield from _node_lines(_told(node), depth)


def _told(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lagrange wraps each message in a node segment, the others don't."""
    data = node.get("data")
    return data if node.get("type") == "node" and isinstance(data, Mapping) else node


def _node_lines(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    message = node.get("message")
    segments = segments_of(message or node.get("content"))
    reading = read_segments(segments, Scene(self_id=""))
    words = plain_text(reading.parts).replace("\n", " ")
    yield f"{'  ' * depth}{_sender(node)}: {words}"
    inner = reading.nodes or [one for one in segments if one.type == "node"]
    if depth + 1 < DEPTH:
        yield from _lines(inner, depth + 1)


def _sender(node: Mapping[str, Any]) -> str:
    sender = node.get("sender")
    if isinstance(sender, Mapping):
        return str(sender.get("card") or sender.get("nickname") or sender.get("user_id") or "?")
    return str(node.get("nickname") or node.get("name") or node.get("user_id") or "?")


def _shown(part: Part) -> str:
    match part:
        case Text(text=text):
            return text
        case Media(kind=kind):
            return LABELS[kind]
        case _:
            return ""
