"""A message's segments made parts. Pure, and never raises: QQ invents kinds all the time.

https://github.com/botuniverse/onebot-11/blob/master/message/segment.md, and what NapCat
(packages/napcat-onebot/types/message.ts), LLBot, Lagrange and go-cqhttp add (read 2026-11).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aiocqhttp import Message as Segments
from aiocqhttp import MessageSegment

from adapters.onebot11.cards import card_text, forward_in_card, xml_text
from adapters.onebot11.cq import read_cq
from adapters.onebot11.faces import face_name
from adapters.onebot11.fields import (
    Data,
    id_of,
    kind_of,
    list_of,
    mime_of,
    name_of,
    size_of,
    text_of,
)
from adapters.onebot11.handle import Handle, Kind, write_handle
from core.model import Media, Mention, Part, Text

KIND_CHARS = 20
FORWARD = "[聊天记录]"
PLACEHOLDERS = {
    "poke": "[戳一戳]", "shake": "[戳一戳]", "rps": "[猜拳]", "dice": "[骰子]", "redbag": "[红包]",
    "onlinefile": "[在线文件]", "flashtransfer": "[QQ闪传]", "gift": "[礼物]", "node": FORWARD,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who listens, where, and which names are known by number."""

    self_id: str
    group: int = 0
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What segments say. `quoted` and `forward` are ids to ask for, "" for none;
    `nodes` are a forward's messages where the segment has them itself."""

    parts: tuple[Part, ...]
    addressed: bool = False
    quoted: str = ""
    quoted_text: str = ""
    forward: str = ""
    nodes: Sequence[object] = ()


def segments_of(message: object) -> Segments:
    """A message however it is written: an array, one segment, or a string with CQ codes."""
    listed = read_cq(message) if isinstance(message, str) else message
    segments = Segments()
    for one in [listed] if isinstance(listed, dict) else listed if isinstance(listed, list) else ():
        segment = _segment(one)
        if segment is not None:
            segments.append(segment)
    return segments


def read_segments(segments: Segments, scene: Scene) -> Reading:
    parts: list[Part] = []
    addressed, quoted, quoted_text, forward = False, "", "", ""
    nodes: Sequence[object] = ()
    for segment in segments:
        data = segment.data
        match segment.type:
            case "at" if str(data.get("qq")) == scene.self_id:
                addressed = True
            case "reply":
                quoted, quoted_text = id_of(data.get("id")), text_of(data.get("text"))
            case "forward":
                forward, nodes = id_of(data.get("id")), list_of(data.get("content"))
                parts.append(Text(text=FORWARD))
            case "json" if found := forward_in_card(data.get("data")):
                forward = found
                parts.append(Text(text=FORWARD))
            case kind:
                parts.extend(READERS.get(kind, _placeholder)(segment, scene))
    return Reading(
        parts=_joined(parts),
        addressed=addressed,
        quoted=quoted,
        quoted_text=quoted_text,
        forward=forward,
        nodes=nodes,
    )


def file_media(data: Data, scene: Scene) -> Media:
    """A file that was sent as one: a picture or a sound goes as what it is."""
    name = name_of(data, "name", "file_name", "file") or "file"
    kind, mime = kind_of(name)
    handle = _handle("file" if kind != "voice" else "record", data, scene)
    if kind == "voice":
        return _voice(handle, data)
    return Media(kind=kind, remote=handle, mime=mime, name=name, size_bytes=size_of(data))


def _segment(one: object) -> MessageSegment | None:
    match one:
        case {"type": "text", "data": {"text": str(text)}}:
            return MessageSegment(one) if text else None
        case {"type": "text", **_rest}:
            return None
        case {"type": str(kind), "data": dict()} if kind:
            return MessageSegment(one)
        case {"type": str(kind)} if kind:
            return MessageSegment(type_=kind)
        case _:
            return None


# -- one kind each ---------------------------------------------------------------


def _words(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    del scene
    yield Text(text=segment.data["text"])


def _mention(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    """Its words as well, since what is said to a model are the texts."""
    user = id_of(segment.data.get("qq"))
    if user == "all":
        yield Text(text="@全体成员")
        return
    name = text_of(segment.data.get("name")).removeprefix("@") or scene.names.get(user, "")
    yield Mention(user=user, name=name)
    yield Text(text=f"@{name or user}")


def _picture(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    data = segment.data
    if data.get("emoji_id"):  # NapCat: a sticker of the shop
        yield Text(text=text_of(data.get("summary")) or "[表情]")
        return
    name = name_of(data, "filename", "file")
    yield Media(
        kind="image",
        remote=_handle("image", data, scene),
        mime=mime_of(name),
        name=name,
        size_bytes=size_of(data),
    )


def _recording(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    yield _voice(_handle("record", segment.data, scene), segment.data)


def _film(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    name = name_of(segment.data, "file") or "video.mp4"
    yield Media(
        kind="video",
        remote=_handle("video", segment.data, scene),
        mime=mime_of(name) or "video/mp4",
        name=name,
        size_bytes=size_of(segment.data),
    )


def _file(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    yield file_media(segment.data, scene)


def _face(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    del scene
    raw = segment.data.get("raw")
    named = text_of(raw.get("faceText")).removeprefix("/") if isinstance(raw, Mapping) else ""
    yield Text(text=f"[{named}]" if named else face_name(id_of(segment.data.get("id"))))


def _market_face(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    del scene
    yield Text(text=text_of(segment.data.get("summary")) or "[表情]")


def _card(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    del scene
    yield Text(text=card_text(segment.data.get("data")))


def _xml(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    del scene
    yield Text(text=xml_text(segment.data.get("data")))


def _markdown(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    del scene
    yield Text(text=text_of(segment.data.get("content")) or "[Markdown]")


def _labelled(label: str, *names: str) -> Callable[[MessageSegment, Scene], Iterator[Part]]:
    """A kind that is told by some of its fields."""

    def read(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
        del scene
        told = [str(segment.data[name]) for name in names if segment.data.get(name)]
        yield Text(text=" ".join([f"[{label}]", *told]))

    return read


def _placeholder(segment: MessageSegment, scene: Scene) -> Iterator[Part]:
    del scene
    yield Text(text=PLACEHOLDERS.get(segment.type, f"[{segment.type[:KIND_CHARS]}]"))


READERS: Mapping[str, Callable[[MessageSegment, Scene], Iterator[Part]]] = {
    "text": _words,
    "at": _mention,
    "image": _picture,
    "record": _recording,
    "video": _film,
    "file": _file,
    "face": _face,
    "mface": _market_face,
    "bface": _market_face,
    "json": _card,
    "miniapp": _card,
    "xml": _xml,
    "markdown": _markdown,
    "location": _labelled("位置", "title", "content", "lat", "lon"),
    "contact": _labelled("推荐联系人", "type", "id"),
    "music": _labelled("音乐", "title", "content", "url", "type", "id"),
    "share": _labelled("分享", "title", "content", "url"),
    "dice": _labelled("骰子", "result"),
    "rps": _labelled("猜拳", "result"),
}


def _voice(handle: str, data: Data) -> Media:
    """Named as what `fetch` gives: whatever QQ carries becomes WAV."""
    return Media(
        kind="voice", remote=handle, mime="audio/wav", name="voice.wav", size_bytes=size_of(data)
    )


def _handle(kind: Kind, data: Data, scene: Scene) -> str:
    bus_id = data.get("busid")
    return write_handle(
        Handle(
            account=scene.self_id,
            kind=kind,
            file=text_of(data.get("file")) or text_of(data.get("path")),
            url=text_of(data.get("url")),
            file_id=text_of(data.get("file_id")) or text_of(data.get("id")),
            bus_id=bus_id if isinstance(bus_id, int) else 0,
            group=scene.group,
        )
    )


def _joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Texts side by side are one. A mention stands apart from the word before it, since QQ puts
    none between them: /limit@Ben is no command."""
    joined: list[Part] = []
    for part in parts:
        match joined, part:
            case [*_, Text(text=before)], Text(text=text):
                joined[-1] = Text(text=before + text)
            case [*_, Text(text=before), Mention()], Text(text=text) if not before[-1:].isspace():
                joined.append(Text(text=f" {text}"))
            case _:
                joined.append(part)
    return tuple(joined)
