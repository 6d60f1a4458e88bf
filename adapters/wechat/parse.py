"""From a push's XML to a Push, by werobot's message and event classes. Pure."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from adapters.wechat.push import Content, Followed, Push, Remote, Said, Scanned, Unheard
from adapters.wechat.xml import PushError, clean, read_xml
from core.model import Media, Text

ID_CHARS = 128
"""An OpenID has 28 characters, a MsgId 64 bits."""
LATEST_S = 4_102_444_800  # the year 2100: what is later is no time


def parse_push(text: str, *, recognition: bool = True) -> Push:
    """`recognition`: take WeChat's own words for a voice message, where it tells them.

    Raises PushError, and nothing else, for what is no push. Kinds that there
    are not yet are Unheard.
    """
    fields = read_xml(text)
    try:
        return _push(fields, text, recognition)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PushError(f"expected a push of WeChat's form, got {type(error).__name__}") from error


def parse_encrypted(text: str) -> str:
    """What stands in <Encrypt>; "" where the push is in plain text. Raises PushError."""
    return _word(read_xml(text), "Encrypt")


def sent_at(push: Push) -> datetime:
    return datetime.fromtimestamp(push.created, UTC)


def _push(fields: dict[str, Any], text: str, recognition: bool) -> Push:
    source, created = _word(fields, "FromUserName"), int(fields["CreateTime"])
    target = _word(fields, "ToUserName")
    if not source or max(len(source), len(target)) > ID_CHARS or not 0 <= created < LATEST_S:
        raise ValueError
    kind = _word(fields, "MsgType").lower()
    return Push(
        key=_key(fields, kind, source, created),
        source=source,
        target=target,
        created=created,
        content=_event(fields) if kind == "event" else _said(fields, kind, recognition),
        raw=text,
    )


def _key(fields: dict[str, Any], kind: str, source: str, created: int) -> str:
    if kind != "event" and (number := _word(fields, "MsgId")):
        return str(int(number[:ID_CHARS]))
    return "-".join(
        (
            source,
            str(created),
            (_word(fields, "Event") or kind)[:ID_CHARS],
            _word(fields, "EventKey")[:200],
        )
    )


def _said(fields: dict[str, Any], kind: str, recognition: bool) -> Content:
    from werobot.parser import process_message  # type: ignore[import-untyped] # noqa: PLC0415

    message = process_message(dict(fields))
    if words := _words(message, recognition):
        return Said(parts=(Text(text=clean(words)),))
    if media := _media(message, fields, kind):
        return Said(parts=(media,))
    return Said(parts=()) if kind == "text" else Unheard(kind=kind)


def _words(message: Any, recognition: bool) -> str:
    """What is said in so many words; signs need no language."""
    from werobot.messages import messages as of  # type: ignore[import-untyped] # noqa: PLC0415

    match message:
        case of.TextMessage():
            return str(message.content or "")
        case of.VoiceMessage() if recognition:
            return str(message.recognition or "").strip()
        case of.LocationMessage():
            return " ".join(
                filter(None, ("📍", message.label, "({}, {})".format(*message.location)))
            )
        case of.LinkMessage():
            return "\n".join(
                filter(None, (f"🔗 {message.title or ''}", message.description, message.url))
            )
        case _:
            return ""


def _media(message: Any, fields: dict[str, Any], kind: str) -> Media | None:
    from werobot.messages import messages as of  # noqa: PLC0415

    match message:
        case of.VoiceMessage():
            remote = _remote(message.media_id)
            return Media(kind="voice", remote=remote, mime="audio/wav", name="voice.wav")
        case of.ImageMessage():
            remote = _remote(_word(fields, "MediaId"), message.img)
            return Media(kind="image", remote=remote, mime="image/jpeg", name="picture.jpg")
        case of.VideoMessage():
            remote = _remote(message.media_id)
            return Media(kind="video", remote=remote, mime="video/mp4", name="video.mp4")
        case _ if kind == "file":
            return Media(kind="file", name=_word(fields, "Title"))
        case _:
            return None


def _event(fields: dict[str, Any]) -> Content:
    """Only the names of events are asked of werobot: some of its classes fail on real pushes."""
    kind = _word(fields, "Event").lower()
    match kind:
        case "subscribe":
            return Followed()
        case "scan":
            return Scanned()
        case "click" if key := _word(fields, "EventKey"):
            return Said(parts=(Text(text=key),), by_menu=True)
        case _:
            return Unheard(kind=f"event {kind}")


def _remote(media_id: str | None, url: str | None = "") -> str:
    return msgspec.json.encode(Remote(media_id=media_id or "", url=url or "")).decode()


def _word(fields: dict[str, Any], name: str) -> str:
    """ "" where it is missing, empty, or not one text."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""
