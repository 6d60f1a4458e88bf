"""What a tab sent, made a Message. Pure."""

from datetime import datetime

import msgspec

from adapters.web.frames import ClientFrame, Send
from adapters.web.session import Tickets
from core.errors import ParleyError
from core.model import Address, Media, Message, Part, Text

FRAME_CHARS = 500_000
_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)


class BadFrame(ParleyError):
    """A frame that the page never sends. The text is fit to be shown to its sender."""

    code = "bad_frame"


def parse_frame(data: str | bytes) -> ClientFrame:
    """Raises BadFrame, and nothing else, whatever the data."""
    if len(data) > FRAME_CHARS:
        raise BadFrame(f"expected a frame of at most {FRAME_CHARS} characters, got {len(data)}")
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadFrame(f"expected a frame as in adapters/web/frames.py: {error}") from error


def parse_message(
    frame: Send, *, address: Address, tickets: Tickets, own_id: str, sent_at: datetime
) -> Message:
    """Raises BadFrame if it is empty, MediaError if a ticket is not of this session."""
    files = tuple(
        _media(attached.ticket, attached.duration_s, address, tickets) for attached in frame.media
    )
    words = (Text(text=frame.text),) if frame.text.strip() else ()
    parts: tuple[Part, ...] = (*files, *words)
    if not parts:
        raise BadFrame("expected text or a file, got an empty message")
    return Message(
        id=own_id,
        key=message_key(address.chat, frame.id),
        address=address,
        parts=parts,
        sent_at=sent_at,
        language=frame.language,
    )


def message_key(session: str, message_id: str) -> str:
    return f"{session}/{message_id}"


def message_id(key: str) -> str:
    """The id that the tab gave a message, or "" where `key` is no message's."""
    return key.partition("/")[2]


def _media(ticket: str, duration_s: float, address: Address, tickets: Tickets) -> Media:
    media = tickets.read(address.chat, ticket)
    return msgspec.structs.replace(media, duration_s=duration_s) if duration_s else media
