"""What a browser sends: frames, headers, cookies and tickets."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from adapters.web.byte_range import OutOfRange, parse_range
from adapters.web.files import clean_name
from adapters.web.frames import Send
from adapters.web.guard import same_origin
from adapters.web.network import network_of
from adapters.web.parse import BadFrame, message_id, parse_frame, parse_message
from adapters.web.session import Sessions, Tickets
from bots.web.access import names_this_machine
from core.errors import MediaError
from core.model import Address, Media
from core.secret import Secret
from prove.fuzz.kept import keep
from prove.fuzz.target import Broken, Target

SECRET = Secret("the page's own secret")
SESSIONS = Sessions(SECRET)
TICKETS = Tickets(SECRET)
AT = datetime(2026, 11, 21, tzinfo=UTC)
CHAT = Address(platform="web", bot="w", chat="session", sender="session")
PICTURE = Media(kind="image", blob="ab" * 32, mime="image/png", name="a.png", size_bytes=9)


def _frame(data: bytes) -> None:
    frame = parse_frame(data)
    if isinstance(frame, Send):
        message = parse_message(frame, address=CHAT, tickets=TICKETS, own_id="0" * 26, sent_at=AT)
        keep(message)
        if message_id(message.key) != frame.id or not frame.id.isprintable():
            raise Broken("an id that is not one")


def _cookie(data: bytes) -> None:
    cookie = data.decode("latin-1")
    if SESSIONS.read(cookie) is not None and cookie != SESSIONS.sign("session"):
        raise Broken("a cookie that nobody signed was taken")


def _ticket(data: bytes) -> None:
    ticket = data.decode(errors="surrogateescape")
    TICKETS.read("session", ticket)
    if ticket != TICKETS.issue("session", PICTURE):
        raise Broken("a ticket that nobody signed was taken")


def _headers(data: bytes) -> None:
    told = data.decode("latin-1")
    same_origin({"origin": told, "host": "bot.example"})
    same_origin({"origin": "http://bot.example", "host": told})
    names_this_machine(told)
    network_of(told)
    clean_name(told)
    parse_range(told, 1000)


@cache
def _frames() -> Sequence[bytes]:
    ticket = TICKETS.issue("session", PICTURE)
    return [
        b'{"type":"send","id":"abcdefgh12","text":"hello","language":"en"}',
        b'{"type":"send","id":"abcdefgh12","media":[{"ticket":"%s","duration_s":1.5}]}'
        % ticket.encode(),
        b'{"type":"ping"}',
    ]


TARGETS = (
    Target(name="web-frame", run=_frame, seeds=_frames, raises=(BadFrame, MediaError)),
    Target(
        name="web-cookie",
        run=_cookie,
        seeds=lambda: [SESSIONS.sign("session").encode()],
        form="text",
        most_bytes=2**16,
    ),
    Target(
        name="web-ticket",
        run=_ticket,
        seeds=lambda: [TICKETS.issue("session", PICTURE).encode()],
        form="text",
        most_bytes=2**16,
        raises=(MediaError,),
    ),
    Target(
        name="web-headers",
        run=_headers,
        seeds=lambda: [b"http://bot.example", b"[::1]:8700", b"bytes=0-99", b"a/b.png"],
        form="text",
        most_bytes=2**16,
        raises=(OutOfRange,),
    ),
)
