"""What went wrong with a call, as one of our errors. Pure."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

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
)
from core.relay.dialect import Call

EXCERPT_CHARS = 200
READ_CHARS = 4096
"""How much of a text is read for an excerpt: room for what is redacted or only spaces."""
LONGEST_S = 86_400.0

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, of another form, or nested without end."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The call that an error comes from. `secrets` never appear in its message."""

    relay: str
    call: Call
    path: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def message(self, got: str, remedy: str, words: str = "") -> str:
        """`relay "main": 401 from /v1/…: reason (its own words). Remedy.`"""
        said = f" ({redact(words, self.secrets)})" if words else ""
        remedy = remedy.format(relay=self.relay, call=self.call)
        return f'relay "{self.relay}": {redact(got, self.secrets)}{said}. {remedy}'.rstrip()

    def excerpt(self, body: bytes) -> str:
        """The beginning of a body. Its secrets go first: a cut may leave part of one."""
        for secret in self.secrets:
            body = body.replace(secret.encode(), "…".encode())
        return body[:READ_CHARS].decode(errors="replace")

    def garbage(self, got: str, words: str = "") -> RelayGarbage:
        """The answer could not be read: `got` says what came instead."""
        return RelayGarbage(
            self.message(
                f"{got} from {self.path}", "Check that relays.{relay}.base_url is an API.", words
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a refusal is told apart. Empty `statuses` or `words` match anything.

    `words` are looked for in the error's code, type and message, in lower case.
    """

    error: type[RelayError]
    says: str
    remedy: str = ""
    statuses: frozenset[int] = frozenset()
    words: tuple[str, ...] = ()

    def matches(self, status: int, said: str) -> bool:
        return (not self.statuses or status in self.statuses) and (
            not self.words or any(word in said for word in self.words)
        )


def _statuses(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


# The first that matches. The words are those of OpenAI, one-api and new-api
# (relays/README, November 2026): their codes may be numbers or missing.
RULES = (
    Rule(
        error=RelayUnauthorized,
        statuses=_statuses(401),
        says="the token is wrong, expired or used up",
        remedy="Check relays.{relay}.key.",
    ),
    Rule(
        error=RelayForbidden,
        words=(
            "insufficient_user_quota",
            "pre_consume_token_quota_failed",
            "insufficient_quota",
            "exceeded your current quota",
            "额度不足",
            "余额不足",
            "额度已用尽",
        ),
        says="the quota is used up",
        remedy="Top it up, or set another relays.{relay}.key.",
    ),
    Rule(
        error=RelayUnavailable,
        words=("no available channel", "无可用渠道", "no_available_channel"),
        says="it has no channel for this model now",
        remedy="Wait, or add another relay or model to the route.",
    ),
    Rule(
        error=RelayUnsupported,
        statuses=_statuses(200, 400, 403, 404),
        words=("model_not_found", "does not exist", "unsupported_model", "模型不存在"),
        says="it does not serve this model",
        remedy="Choose another one for {call} in [routes].",
    ),
    Rule(
        error=RelayTooLarge,
        statuses=_statuses(413),
        says="the request is too large for it",
        remedy="Send less, or add another relay to the route.",
    ),
    Rule(
        error=RelayTooLarge,
        statuses=_statuses(200, 400),
        words=("context_length_exceeded", "maximum context length"),
        says="the conversation is too long for this model",
        remedy="Lower history_chars, or add another model to the route.",
    ),
    Rule(
        error=RelayForbidden,
        statuses=_statuses(402, 403),
        says="the token may not do this, or its quota is short",
        remedy="Check the quota and the rights of relays.{relay}.key.",
    ),
    Rule(
        error=RelayUnsupported,
        statuses=_statuses(404, 405, 410, 501),
        says="it does not serve this call",
        remedy="Check relays.{relay}.base_url, or give {call} another relay in [routes].",
    ),
    Rule(
        error=RelayUnsupported,
        statuses=frozenset(range(300, 400)),
        says="it redirects elsewhere, where a key does not follow",
        remedy="Set relays.{relay}.base_url to the new address.",
    ),
    Rule(
        error=RelayRateLimited,
        statuses=_statuses(429),
        says="too many calls",
        remedy="Wait, or add another relay to the route.",
    ),
    Rule(
        error=RelayTimeout,
        statuses=_statuses(408, 504, 524),
        says="it got no answer in time",
        remedy="Try again; the call may have been billed.",
    ),
    Rule(
        error=RelayLost,
        statuses=_statuses(502, 520),
        says="it lost the model's side",
        remedy="Try again; the call may have been billed.",
    ),
    Rule(
        error=RelayUnavailable,
        statuses=frozenset(range(500, 600)),
        says="it is overloaded or down",
        remedy="Wait, or add another relay to the route.",
    ),
    Rule(
        error=RelayInvalid,
        statuses=frozenset(range(400, 500)),
        says="the request was refused as it stands",
        remedy="See the relay's words.",
    ),
    # From here on an error inside an answer of status 200.
    Rule(
        error=RelayRateLimited,
        words=("rate_limit", "too many requests", "rate limit"),
        says="too many calls",
        remedy="Wait, or add another relay to the route.",
    ),
    Rule(
        error=RelayInvalid,
        words=("invalid_request", "content_filter"),
        says="the request was refused as it stands",
        remedy="See the relay's words.",
    ),
    Rule(
        error=RelayUnavailable,
        says="it answered with an error",
        remedy="Wait, or add another relay to the route.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A relay's own words about an error, as far as it has any."""

    code: str = ""
    type: str = ""
    message: str = ""

    def status(self, given: int) -> int:
        """The status that counts: a number in `code` where the answer's own says nothing."""
        if given >= 300 or len(self.code) != 3 or not self.code.isdecimal():
            return given
        told = int(self.code)
        return told if 400 <= told < 600 else given


def read_complaint(body: bytes) -> Complaint:
    """The error inside a body of any shape: OpenAI's, a dashboard's, plain text, HTML."""
    try:
        told = msgspec.json.decode(body)
    except UNREADABLE:
        return Complaint(message=_plain(body))
    return complaint_of(told) or Complaint()


def complaint_of(told: Any) -> Complaint | None:
    """The error inside decoded JSON; None if it tells of none."""
    match told:
        case {"error": dict(error)}:
            return _complaint(error)
        case {"error": str(message)} | {"detail": str(message)} if message:
            return Complaint(message=message)
        case {"code": int() | str() as code, "msg": str(message)} if code not in (0, "0", ""):
            return Complaint(code=str(code), message=message)
        case {"success": False} | {"message": str()}:
            return _complaint(told)
    return None


def _complaint(fields: Mapping[str, object]) -> Complaint:
    def word(name: str) -> str:
        value = fields.get(name)
        return "" if value is None else str(value)

    return Complaint(code=word("code"), type=word("type"), message=word("message"))


def _plain(body: bytes) -> str:
    text = body.decode(errors="replace")
    return "" if "<html" in text[:READ_CHARS].lower() else text


def refusal(
    origin: Origin,
    status: int,
    complaint: Complaint,
    retry_after_s: float | None = None,
) -> RelayError:
    """The error for an answer that is none."""
    status = complaint.status(status)
    said = f"{complaint.code} {complaint.type} {complaint.message}".lower()
    rule = next(rule for rule in RULES if rule.matches(status, said))
    got = f"{status} from {origin.path}: {rule.says}"
    message = origin.message(got, rule.remedy, complaint.message)
    params = {"call": origin.call} if rule.error is RelayUnsupported else {}
    return rule.error(message, retry_after_s=retry_after_s, status=status, **params)


def outage(origin: Origin, error: httpx.TransportError) -> RelayError:
    """The error for a call that ended without a whole answer."""
    reason = str(error) or type(error).__name__
    network = "Check the network, relays.{relay}.base_url and relays.{relay}.proxy."
    match error:
        case httpx.ConnectError() if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            remedy = "Set relays.{relay}.ca_file to the authority that signed it."
            return RelayRefused(origin.message(f"no connection: {reason}", remedy))
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError():
            return RelayRefused(origin.message(f"no connection: {reason}", network))
        case httpx.TimeoutException():
            remedy = "Try again; the call may have been billed."
            return RelayTimeout(origin.message(f"{reason} from {origin.path}", remedy))
        case httpx.RemoteProtocolError() | httpx.DecodingError():
            return origin.garbage("an unreadable answer", reason)
        case _:
            remedy = "Try again; the call may have been billed."
            got = f"the connection broke after {origin.path} was asked"
            return RelayLost(origin.message(got, remedy, reason))


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3), a day at most; None if it says none."""
    if value.strip().isdecimal():
        return min(float(value), LONGEST_S)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:  # "-0000", which RFC 9110 reads as UTC
        until = until.replace(tzinfo=UTC)
    return min(max(0.0, (until - now).total_seconds()), LONGEST_S)


# A relay may echo a key masked, in part, or as it was sent.
_SECRET = re.compile(r"(?i)\bbearer\s+\S+|\bsk-[\w*.-]+|(?<=//)[^\s/@]+@")
_MASK = "***"


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Text on one line, cut at EXCERPT_CHARS, with everything that may be a secret as "…"."""
    for secret in secrets:
        text = text.replace(secret, "…")
    words = _SECRET.sub("…", text[:READ_CHARS]).split()
    line = " ".join("…" if _MASK in word else word for word in words)
    line = "".join(char for char in line if char.isprintable())
    return line if len(line) <= EXCERPT_CHARS else line[:EXCERPT_CHARS] + "…"
