"""What a command can take from the message itself or from the one it replies to. Pure."""

from core.model import Media, Message, Quote, Text

HEARD = frozenset({"voice", "audio", "video"})


def quoted_text(message: Message) -> str:
    texts = (part.text for part in _quoted(message) if isinstance(part, Text))
    return "".join(texts).strip()


def recording(message: Message) -> Media | None:
    """The first recording attached to the message, or else to the one it replies to."""
    quoted = (part for part in _quoted(message) if isinstance(part, Media))
    return next((media for media in (*message.media, *quoted) if _is_heard(media)), None)


def _quoted(message: Message) -> tuple[Text | Media, ...]:
    quote = next((part for part in message.parts if isinstance(part, Quote)), None)
    return quote.parts if quote else ()


def _is_heard(media: Media) -> bool:
    return media.kind in HEARD or media.mime.startswith(("audio/", "video/"))
