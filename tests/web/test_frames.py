"""What a tab sends, what it gets: the pure half."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.byte_range import OutOfRange, parse_range
from adapters.web.files import clean_name
from adapters.web.format import format_history
from adapters.web.frames import Attached, Ping, Send
from adapters.web.guard import same_origin
from adapters.web.kind import kind_of, recording_of
from adapters.web.parse import FRAME_CHARS, BadFrame, message_id, parse_frame, parse_message
from adapters.web.session import Sessions, Tickets
from core.errors import ConfigError, MediaError
from core.model import Address, Delivery, Media, Message, Reply, Text
from core.ports.store import Exchange
from core.secret import Secret

SECRET = Secret("a key for tests only")
ADDRESS = Address(platform="web", bot="parley", chat="anna", sender="anna")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
FILE = Media(kind="image", blob="ab" * 32, mime="image/png", name="猫.png", size_bytes=7)


def parse(frame: Send) -> Message:
    return parse_message(frame, address=ADDRESS, tickets=Tickets(SECRET), own_id="m1", sent_at=NOW)


@given(st.text() | st.binary())
def test_whatever_comes_a_frame_is_read_or_refused(data: str | bytes) -> None:
    try:
        frame = parse_frame(data)
    except BadFrame:
        return
    assert isinstance(frame, Send | Ping)


@pytest.mark.parametrize(
    "data",
    [
        '{"type":"send","id":"short"}',
        '{"type":"send","id":"../../etc/passwd"}',
        '{"type":"send","id":"12345678","text":5}',
        '{"type":"send","id":"12345678","language":"xx"}',
        '{"type":"other"}',
        "[" * 100_000,
        '{"type":"send","id":"12345678","text":"' + "a" * FRAME_CHARS + '"}',
    ],
)
def test_a_frame_the_page_never_sends_is_refused(data: str) -> None:
    with pytest.raises(BadFrame):
        parse_frame(data)


@given(st.text(alphabet="abcdef0123456789-", min_size=8, max_size=64), st.text(min_size=1))
def test_a_message_keeps_its_text_and_its_id(page_id: str, text: str) -> None:
    sent = msgspec.json.encode({"type": "send", "id": page_id, "text": text, "language": "zh"})
    frame = parse_frame(sent)
    assert isinstance(frame, Send)
    if not text.strip():
        with pytest.raises(BadFrame, match="empty"):
            parse(frame)
        return
    message = parse(frame)
    assert message.parts == (Text(text=text),)
    assert message_id(message.key) == page_id
    assert message.language == "zh"
    assert message.address == ADDRESS


def test_two_sessions_may_use_the_same_message_id() -> None:
    frame = Send(id="12345678", text="hello")
    other = Address(platform="web", bot="parley", chat="berta", sender="berta")
    theirs = parse_message(frame, address=other, tickets=Tickets(SECRET), own_id="m2", sent_at=NOW)
    assert parse(frame).key != theirs.key


def test_a_ticket_brings_its_file_back() -> None:
    ticket = Tickets(SECRET).issue("anna", FILE)
    frame = Send(id="12345678", media=(Attached(ticket=ticket, duration_s=2.5),))
    (media,) = parse(frame).media
    assert media == msgspec.structs.replace(FILE, duration_s=2.5)


def test_a_ticket_of_another_session_is_refused() -> None:
    ticket = Tickets(SECRET).issue("berta", FILE)
    with pytest.raises(MediaError, match="session"):
        parse(Send(id="12345678", media=(Attached(ticket=ticket),)))


@given(st.text(max_size=80))
def test_a_made_up_ticket_or_cookie_is_refused(made_up: str) -> None:
    assert Sessions(SECRET).read(made_up) is None
    with pytest.raises(MediaError):
        Tickets(SECRET).read("anna", made_up)


def test_a_cookie_signed_with_another_key_is_refused() -> None:
    cookie = Sessions(Secret("another key")).sign("anna")
    assert Sessions(SECRET).read(cookie) is None
    assert Sessions(SECRET).read(Sessions(SECRET).sign("anna")) == "anna"


def test_a_page_without_a_signing_key_refuses_to_start() -> None:
    with pytest.raises(ConfigError, match="expected a key"):
        Sessions(Secret(""))


@pytest.mark.parametrize(
    ("head", "kind", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n", "image", "image/png"),
        (b"\xff\xd8\xff\xe0", "image", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio", "audio/wav"),
        (b"OggS\x00\x02", "audio", "audio/ogg"),
        (b"ID3\x04", "audio", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio", "audio/mpeg"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio", "audio/mp4"),
        (b"\x00\x00\x00\x20ftypisom", "video", "video/mp4"),
        (b"\x00\x00\x00\x20ftypheic", "file", "application/octet-stream"),
        (b"\x1a\x45\xdf\xa3....A_OPUS", "audio", "audio/webm"),
        (b"\x1a\x45\xdf\xa3....V_VP9", "video", "video/webm"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "file", "application/octet-stream"),
        (b"<!doctype html>", "file", "application/octet-stream"),
        (b"", "file", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, kind: str, mime: str) -> None:
    assert kind_of(head) == (kind, mime)


def test_what_the_microphone_recorded_is_a_voice_even_in_a_films_container() -> None:
    assert recording_of(b"\x00\x00\x00\x20ftypisom") == ("voice", "audio/mp4")
    assert recording_of(b"\x1a\x45\xdf\xa3....A_OPUS") == ("voice", "audio/webm")
    assert recording_of(b"<html>")[0] == "file"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("bytes=0-", range(100)),
        ("bytes=0-0", range(1)),
        ("bytes=90-200", range(90, 100)),
        ("bytes=-10", range(90, 100)),
        ("bytes=-500", range(100)),
        ("bytes=5-2", None),
        ("bytes=1-2,5-6", None),
        ("bytes=-", None),
        ("apples=1-2", None),
    ],
)
def test_a_range_is_read_as_the_standard_says(header: str, expected: range | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=999-1000"])
def test_a_range_past_the_end_is_told_so(header: str) -> None:
    with pytest.raises(OutOfRange):
        parse_range(header, 100)


@given(st.text(), st.integers(0, 10_000))
def test_a_range_never_leaves_the_file(header: str, size: int) -> None:
    try:
        part = parse_range(header, size)
    except OutOfRange:
        return
    assert part is None or (0 <= part.start < part.stop <= size)


@given(st.text())
def test_a_file_name_is_only_a_name(name: str) -> None:
    cleaned = clean_name(name)
    assert len(cleaned) <= 120
    assert not set(cleaned) & set("/\\\r\n\0")
    assert not cleaned.startswith(".")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:8000", True),
        ("https://127.0.0.1:8000", True),
        ("http://127.0.0.1:9000", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_our_own_origin_may_connect(origin: str, allowed: bool) -> None:
    assert same_origin({"origin": origin, "host": "127.0.0.1:8000"}) is allowed


def exchange(text: str, *, answered: bool) -> Exchange:
    message = parse(Send(id="12345678", text=text))
    reply = Reply(id="r1", answers="m1", to=ADDRESS, parts=(Text(text="yes"),))
    return Exchange(
        message=message, delivery=Delivery(reply=reply, states=()) if answered else None
    )


def test_history_shows_as_pending_what_may_still_be_answered() -> None:
    past = [
        exchange("set aside", answered=False),
        exchange("answered", answered=True),
        exchange("running", answered=False),
        exchange("/quota", answered=True),
        exchange("waiting", answered=False),
    ]
    page = format_history(past, 50, Tickets(SECRET))
    assert [view.pending for view in page.exchanges] == [False, False, True, False, True]
    assert not page.more
    assert format_history(past, 5, Tickets(SECRET)).more


def test_history_shows_what_was_told_of_an_answer_that_is_still_to_come() -> None:
    told = Reply(id="n1", answers="m1", to=ADDRESS, parts=(Text(text="It is kept."),))
    waiting = replace(exchange("waiting", answered=False), notice=told)
    answered = replace(exchange("answered", answered=True), notice=told)
    page = format_history([answered, waiting], 50, Tickets(SECRET))
    assert [view.notice for view in page.exchanges] == ["", "It is kept."]
