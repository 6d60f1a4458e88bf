"""What a relay's refusal is told apart as, and that its error gives nothing away."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    RelayError,
    RelayForbidden,
    RelayGarbage,
    RelayInvalid,
    RelayLost,
    RelayRateLimited,
    RelayRefused,
    RelayTimeout,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
    RelayUsedUp,
)
from core.relay.decode import decode_chat
from core.relay.decode_media import decode_speech, read_image
from core.relay.failure import (
    Complaint,
    Origin,
    outage,
    read_complaint,
    redact,
    refusal,
    retry_after,
)
from core.relay.retry import Backoff, Rounds, repeatable
from core.relay.stream import StreamDecoder
from tests.relays.stage import KEY, ORIGIN, ask

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def error_of(status: int, body: bytes = b"") -> RelayError:
    return refusal(ORIGIN, status, read_complaint(body))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (301, b"", RelayUnsupported),
        (400, b'{"error":{"message":"bad","type":"invalid_request_error"}}', RelayInvalid),
        (400, b'{"error":{"code":"context_length_exceeded"}}', RelayTooLarge),
        (401, b'{"error":{"message":"Incorrect API key"}}', RelayUnauthorized),
        (401, '{"error":{"message":"该令牌额度已用尽"}}'.encode(), RelayUsedUp),
        (402, b"", RelayUsedUp),
        (403, b'{"error":{"code":"insufficient_user_quota"}}', RelayUsedUp),
        (403, b'{"error":{"code":"pre_consume_token_quota_failed"}}', RelayUsedUp),
        (404, b'{"error":{"code":"model_not_found"}}', RelayUnsupported),
        (404, b"<html>nothing here</html>", RelayUnsupported),
        (405, b"", RelayUnsupported),
        (408, b"", RelayTimeout),
        (413, b"", RelayTooLarge),
        (422, b'{"detail":"bad"}', RelayInvalid),
        (429, b"", RelayRateLimited),
        (429, b'{"error":{"code":"insufficient_quota"}}', RelayUsedUp),
        (500, b"", RelayUnavailable),
        (501, b"", RelayUnsupported),
        (502, b"<html>Bad gateway</html>", RelayLost),
        (503, b'{"error":{"message":"overloaded"}}', RelayUnavailable),
        (
            503,
            '{"error":{"message":"当前分组下对于模型 gpt-9 无可用渠道","code":404}}'.encode(),
            RelayUnavailable,
        ),
        (
            503,
            b'{"error":{"code":"model_not_found","message":"No available channel for model m"}}',
            RelayUnavailable,
        ),
        (504, b"", RelayTimeout),
        (524, b"", RelayTimeout),
        (529, b"", RelayUnavailable),
        (200, b'{"error":{"code":429,"message":"slow"}}', RelayRateLimited),
        (200, b'{"error":{"code":"401","message":"who"}}', RelayUnauthorized),
        (200, b'{"error":{"type":"invalid_request_error"}}', RelayInvalid),
        (200, b'{"error":{"code":"' + b"4" * 5000 + b'"}}', RelayUnavailable),
        (200, b'{"success":false,"message":"no"}', RelayUnavailable),
    ],
)
def test_refusals_are_told_apart(status: int, body: bytes, kind: type[RelayError]) -> None:
    assert type(error_of(status, body)) is kind


def test_a_message_names_relay_status_path_reason_and_remedy() -> None:
    assert str(error_of(401)) == (
        'relay "main": 401 from /v1/chat/completions: the token is wrong, expired or used up. '
        "Check relays.main.key."
    )


def test_a_message_quotes_the_relays_own_words() -> None:
    assert "(max_tokens is too large)" in str(
        error_of(400, b'{"error":{"message":"max_tokens is\\n too large"}}')
    )


def test_an_unsupported_call_is_named_for_the_user() -> None:
    assert error_of(404).params["call"] == "chat"


@given(status=st.integers(200, 599), code=st.none() | st.integers() | st.text(), words=st.text())
def test_every_refusal_has_an_error_of_one_printable_line(
    status: int, code: int | str | None, words: str
) -> None:
    error = refusal(ORIGIN, status, Complaint(code=str(code), message=words))
    assert str(error).isprintable()
    assert len(str(error)) < 600
    assert error.status >= 200


@pytest.mark.parametrize(
    "words",
    [
        f"Incorrect API key provided: {KEY}.",
        "Invalid token sk-abcd********wxyz",
        "Authorization: Bearer canary-token was wrong",
        "key abcd***canary",
        "cannot reach http://me:canary@proxy.test:3128",
        f"{KEY}" * 3,
    ],
)
def test_secrets_are_redacted_whole_masked_or_in_part(words: str) -> None:
    told = str(error_of(401, b'{"error":"' + words.encode() + b'"}'))
    for fragment in ("canary", KEY, "abcd", "wxyz"):
        assert fragment not in told


def test_a_key_of_any_form_is_redacted() -> None:
    origin = Origin("main", "chat", "/", ("plain.canary/key",))
    assert "canary" not in str(refusal(origin, 401, Complaint(message="got plain.canary/key")))


@pytest.mark.parametrize("before", range(150, 205, 9))
def test_a_key_is_redacted_wherever_an_excerpt_of_a_body_is_cut(before: int) -> None:
    key = "plain.canary/key-0123456789"
    origin = Origin("main", "chat", "/", (key,))
    body = b"x" * before + b" " + key.encode()
    stream = StreamDecoder(ask(), origin)
    tellers: list[Callable[[], object]] = [
        lambda: decode_chat(body, ask(), origin),
        lambda: decode_speech(body, "text/plain", origin),
        lambda: read_image(b" " * (before % 20) + key.encode(), origin),
        lambda: [*stream.feed(b"x" * (before + 800) + body + b"\n"), *stream.finish()],
    ]
    for teller in tellers:
        with pytest.raises(RelayGarbage) as caught:
            teller()
        assert not any(part in str(caught.value) for part in ("plai", "can", "0123"))


def test_a_key_in_a_page_is_redacted_where_only_its_beginning_is_read() -> None:
    origin = Origin("main", "chat", "/", ("plain.canary/key",))
    for spaces in range(4080, 4097):
        complaint = read_complaint(b" " * spaces + b"plain.canary/key")
        assert "pl" not in str(refusal(origin, 400, complaint)).replace("Supply", "")


def test_a_long_text_without_spaces_is_redacted_in_no_time() -> None:
    began = time.perf_counter()
    redact("*a" * 2**16 + "sk-" * 2**16)
    assert time.perf_counter() - began < 1.0


def test_what_is_no_secret_stays() -> None:
    assert redact("model gpt-4o is task-bound: see https://x.test/a@b") == (
        "model gpt-4o is task-bound: see https://x.test/a@b"
    )


def test_an_origin_does_not_print_its_secrets() -> None:
    assert KEY not in repr(Origin("main", "chat", "/", (KEY,)))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 12:00:30 -0000", 30.0),
        ("Fri, 20 Nov 2026 13:00:30 +0100", 30.0),
        ("Fri, 20 Nov 2026 11:59:00 GMT", 0.0),
        ("9" * 400, 86_400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("Fri, 99 Nov 2026 99:00:30 GMT", None),
    ],
)
def test_retry_after_in_seconds_and_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_any_retry_after_is_read_or_ignored(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("error", "kind", "certain"),
    [
        (httpx.ConnectError("refused"), RelayRefused, True),
        (httpx.ConnectTimeout("slow"), RelayRefused, True),
        (httpx.ProxyError("no"), RelayRefused, True),
        (httpx.ReadTimeout("slow"), RelayTimeout, False),
        (httpx.WriteTimeout("slow"), RelayTimeout, False),
        (httpx.ReadError("gone"), RelayLost, False),
        (httpx.WriteError("gone"), RelayLost, False),
        (httpx.CloseError("gone"), RelayLost, False),
        (httpx.RemoteProtocolError("noise"), RelayGarbage, False),
    ],
)
def test_a_call_that_sent_nothing_is_told_apart_from_one_that_may_have(
    error: httpx.TransportError, kind: type[RelayError], certain: bool
) -> None:
    told = outage(ORIGIN, error)
    assert type(told) is kind
    assert told.certain is certain
    assert 'relay "main"' in str(told)


REPEATABLE = {
    RelayRefused: 0,
    RelayRateLimited: 429,
    RelayUnavailable: 503,
}


@pytest.mark.parametrize(("kind", "status"), REPEATABLE.items())
def test_what_was_never_begun_may_be_repeated(kind: type[RelayError], status: int) -> None:
    assert repeatable(kind("x", status=status))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (RelayLost, 0),
        (RelayLost, 502),
        (RelayTimeout, 0),
        (RelayGarbage, 200),
        (RelayUnavailable, 500),
        (RelayUnavailable, 200),
        (RelayUnauthorized, 401),
        (RelayForbidden, 403),
        (RelayInvalid, 400),
    ],
)
def test_what_may_be_billed_or_cannot_help_is_not_repeated(
    kind: type[RelayError], status: int
) -> None:
    assert not repeatable(kind("x", status=status))


def test_pauses_double_up_to_a_cap_and_chance_spreads_them() -> None:
    backoff = Backoff(tries=9, base_s=0.5, cap_s=8.0)
    longest = [backoff.jitter_s(tried, 1.0) for tried in range(1, 8)]
    assert longest == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert backoff.jitter_s(3, 0.25) == 0.5
    assert backoff.jitter_s(3, 0.0) == 0.0


def rounds(**settings: float) -> Rounds[str]:
    return Rounds(["a"], Backoff(tries=3, **settings))


def test_a_relays_own_time_is_kept_and_a_long_one_is_not_waited_for() -> None:
    short, long = rounds(patience_s=20.0), rounds(patience_s=20.0)
    short.failed("a", RelayRateLimited("x", retry_after_s=20.0), 100.0)
    assert short.pause_s(100.0, 0.5) == pytest.approx(20.25)
    assert short.ready == ["a"]
    long.failed("a", RelayRateLimited("x", retry_after_s=20.1), 100.0)
    assert long.pause_s(100.0, 0.5) is None


def test_tries_come_to_an_end() -> None:
    turns = rounds()
    pauses = []
    for _ in range(3):
        turns.failed("a", RelayRefused("x"), 0.0)
        pauses.append(turns.pause_s(0.0, 1.0))
    assert pauses == [0.5, 1.0, None]
