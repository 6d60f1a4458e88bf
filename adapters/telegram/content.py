"""What a message shows beside its text: files, and words for what is neither. Pure."""

from collections.abc import Callable, Sequence

from adapters.telegram.wire import Content, File, PhotoSize
from core.model import Media, MediaKind, Part, Text

DOWNLOAD_BYTES = 20 * 2**20
"""core.telegram.org/bots/api#getfile, 2026-11: "up to 20MB in size"."""


def media(shown: Content) -> tuple[Media, ...]:
    """The file of a message, if it has one. Only one field is set, but for an animation's twin."""
    if shown.photo:
        return (_photo(shown.photo),)
    for field, kind, mime in _FILES:
        file: File | None = getattr(shown, field)
        if file:
            return (_file(file, kind or _kind(file.mime_type), mime),)
    return ()


def placeholder(shown: Content) -> str:
    """Words for what is no file, in brackets; "" where there is nothing that we know."""
    for field, tell in _TOLD:
        value = getattr(shown, field)
        if value is not None:
            return f"[{' '.join(tell(value).split())}]"
    return ""


def parts(shown: Content, text: str) -> tuple[Text | Media, ...]:
    """Files first, as every app shows them, then the words."""
    said = "\n".join(filter(None, (placeholder(shown), text)))
    return (*media(shown), Text(text=said)) if said else media(shown)


def is_lone_picture(shown: Sequence[Part]) -> bool:
    """Whether its question may follow in a message of its own."""
    return any(isinstance(part, Media) and part.kind == "image" for part in shown) and not any(
        isinstance(part, Text) for part in shown
    )


_FILES: tuple[tuple[str, MediaKind | None, str], ...] = (
    ("voice", "voice", "audio/ogg"),
    ("audio", "audio", "audio/mpeg"),
    ("video_note", "voice", "video/mp4"),  # a face that speaks: heard, not watched
    ("video", "video", "video/mp4"),
    ("animation", "video", "video/mp4"),  # comes with a document, which is the same file
    ("document", None, ""),
)
"""(field, kind or None to go by its type, type where Telegram tells none)"""


def _photo(sizes: Sequence[PhotoSize]) -> Media:
    """The largest that may be fetched."""
    small = [size for size in sizes if size.file_size <= DOWNLOAD_BYTES] or sizes
    best = max(small, key=lambda size: (size.width * size.height, size.file_size))
    return Media(
        kind="image", remote=best.file_id, mime="image/jpeg", size_bytes=max(best.file_size, 0)
    )


def _file(file: File, kind: MediaKind, mime: str) -> Media:
    return Media(
        kind=kind,
        remote=file.file_id,
        mime=file.mime_type or mime,
        name=file.file_name,
        size_bytes=max(file.file_size, 0),
        duration_s=max(file.duration, 0.0),
    )


def _kind(mime: str) -> MediaKind:
    """Pictures sent uncompressed and recordings sent as files are what they are."""
    match mime.partition("/")[0]:
        case "image" if mime.removeprefix("image/") in ("jpeg", "png", "webp", "gif"):
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
        case _:
            return "file"


_TOLD: tuple[tuple[str, Callable[..., str]], ...] = (
    ("sticker", lambda it: f"sticker {it.emoji}"),
    (
        "venue",
        lambda it: (
            f"place: {it.title}, {it.address}, {it.location.latitude}, {it.location.longitude}"
        ),
    ),  # comes with a location, which is the same place
    ("location", lambda it: f"location: {it.latitude}, {it.longitude}"),
    ("contact", lambda it: f"contact: {it.first_name} {it.last_name}, {it.phone_number}"),
    (
        "poll",
        lambda it: f"poll: {it.question} {' / '.join(option.text for option in it.options)}",
    ),
    ("dice", lambda it: f"dice {it.emoji}: {it.value}"),
    ("game", lambda it: f"game: {it.title}"),
    ("invoice", lambda it: f"invoice: {it.title}"),
    ("checklist", lambda it: f"checklist: {it.title}"),
    ("story", lambda _: "story"),
    ("paid_media", lambda _: "paid media"),
)
