"""What the core says, made frames. Pure."""

from collections.abc import Sequence

import msgspec

from adapters.web.frames import (
    Answer,
    ExchangeView,
    FileView,
    Page,
    PartView,
    Said,
    ServerFrame,
    TextView,
)
from adapters.web.parse import message_id
from adapters.web.session import Tickets
from core.model import Media, Message, Part, Text
from core.ports.sending import Outgoing
from core.ports.store import Exchange

_encoder = msgspec.json.Encoder()


def encode(frame: ServerFrame | Page | FileView) -> str:
    return _encoder.encode(frame).decode()


def format_answer(outgoing: Outgoing, tickets: Tickets) -> Answer:
    return Answer(
        key=outgoing.key,
        answers=message_id(outgoing.answers),
        index=outgoing.index,
        total=outgoing.total,
        part=_view(outgoing.part, outgoing.to.chat, tickets),
        notice=outgoing.notice,
    )


def format_said(message: Message, tickets: Tickets) -> Said:
    return Said(
        id=message_id(message.key),
        at=message.sent_at,
        parts=_views(message.parts, message.address.chat, tickets),
    )


def format_file(media: Media, session: str, tickets: Tickets) -> FileView:
    return FileView(
        kind=media.kind,
        ticket=tickets.issue(session, media),
        mime=media.mime,
        name=media.name,
        size_bytes=media.size_bytes,
        duration_s=media.duration_s,
    )


def format_history(exchanges: Sequence[Exchange], count: int, tickets: Tickets) -> Page:
    """A message is pending while neither it nor a later one was answered.

    Text that starts with "/" may be answered beside a running answer, so such a
    later answer proves nothing.
    """
    answered_from = max(
        (at for at, exchange in enumerate(exchanges) if exchange.delivery and not _slash(exchange)),
        default=-1,
    )
    views = (
        _exchange(
            exchange, pending=exchange.delivery is None and at > answered_from, tickets=tickets
        )
        for at, exchange in enumerate(exchanges)
    )
    return Page(exchanges=tuple(views), more=len(exchanges) >= count)


def _slash(exchange: Exchange) -> bool:
    return exchange.message.text.startswith(("/", "／"))


def _exchange(exchange: Exchange, *, pending: bool, tickets: Tickets) -> ExchangeView:
    message = exchange.message
    session = message.address.chat
    answer = exchange.delivery.reply.parts if exchange.delivery else ()
    return ExchangeView(
        id=message_id(message.key),
        at=message.sent_at,
        parts=_views(message.parts, session, tickets),
        answer=_views(answer, session, tickets),
        pending=pending,
        notice=_notice(exchange) if pending else "",
    )


def _notice(exchange: Exchange) -> str:
    parts = exchange.notice.parts if exchange.notice else ()
    return "\n\n".join(part.text for part in parts if isinstance(part, Text))


def _views(parts: Sequence[Part], session: str, tickets: Tickets) -> tuple[PartView, ...]:
    return tuple(_view(part, session, tickets) for part in parts if isinstance(part, Text | Media))


def _view(part: Text | Media, session: str, tickets: Tickets) -> PartView:
    match part:
        case Text():
            return TextView(text=part.text)
        case Media():
            return format_file(part, session, tickets)
