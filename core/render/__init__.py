"""Fits a reply to a platform: its markup, its media, its sizes. Pure."""

from core.model import Capabilities, Media, Text
from core.render.bare import is_bare
from core.render.pieces import clip, split, thin

__all__ = ["clip", "render", "split"]

SIGNS = {"image": "🖼", "voice": "🎤", "audio": "🎵", "video": "🎬", "file": "📎"}


def render(parts: tuple[Text | Media, ...], caps: Capabilities) -> tuple[Text | Media, ...]:
    """What to send for `parts`: each part of the answer is one send that `caps` allows.

    Markdown becomes the platform's markup; text too long is split, blank text
    left out; media the platform cannot take becomes a line that names it.
    Past `caps.sends_per_message` the rest is left out, and "…" ends the last
    text; an adapter that answers `Later` keeps parts for later by itself and
    leaves that limit "unlimited". Never raises; may be empty.
    """
    if len(parts) == 1 and _fits_as_it_is(parts[0], caps):
        return parts
    fitted = [piece for part in parts for piece in _fit(part, caps)]
    if caps.sends_per_message == "unlimited" or len(fitted) <= caps.sends_per_message:
        return tuple(fitted)
    return _cut_short(fitted[: caps.sends_per_message], caps)


def _fits_as_it_is(part: Text | Media, caps: Capabilities) -> bool:
    """Nearly every reply: short Markdown for a platform that takes it. No character
    measures more than 4 in any unit."""
    return (
        isinstance(part, Text)
        and caps.markup == "markdown"
        and caps.sends_per_message != 0
        and (caps.text_limit == "unlimited" or len(part.text) * 4 <= caps.text_limit)
        and not part.text.isspace()
        and part.text != ""
    )


def _fit(part: Text | Media, caps: Capabilities) -> list[Text | Media]:
    match part:
        case Media() if _takes(part, caps):
            return [part]
        case Media():
            return [*_texts(_label(part), caps)]
        case Text():
            return [*_texts(_marked_up(part.text, caps), caps)]


def _takes(media: Media, caps: Capabilities) -> bool:
    limit = caps.media_limit_bytes
    return media.kind in caps.media and (limit == "unlimited" or media.size_bytes <= limit)


def _label(media: Media) -> str:
    """Signs need no language: 📎 report.pdf (12 KB)."""
    name = " ".join(media.name.split()) or media.kind
    size = f" ({-(-media.size_bytes // 1024)} KB)" if media.size_bytes else ""
    return f"{SIGNS[media.kind]} {name}{size}"


def _marked_up(text: str, caps: Capabilities) -> str:
    if caps.markup == "markdown" or is_bare(text):
        return text
    from core.render.markup import plain, terminal  # noqa: PLC0415 - the parser takes 50 ms

    return terminal(text) if caps.markup == "terminal" else plain(text)


def _texts(text: str, caps: Capabilities) -> list[Text]:
    """Sendable pieces: none blank, and without the empty lines around a cut."""
    try:
        pieces = list(split(text, caps))
    except ValueError:
        pieces = list(split(thin(text, caps), caps))
    return [Text(text=piece.strip("\r\n")) for piece in pieces if piece and not piece.isspace()]


def _cut_short(parts: list[Text | Media], caps: Capabilities) -> tuple[Text | Media, ...]:
    match parts:
        case [*kept, Text(text=last)]:
            return (*kept, Text(text=clip(last, caps)))
        case _:
            return tuple(parts)
