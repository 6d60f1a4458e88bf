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
    RelayGarbage,
    RelayLost,
    RelayRefused,
    RelayTimeout,
    RelayUnsupported,
)
from core.relay.dialect import KINDS, Call
from core.relay.refusals import RULES, Rule

EXCERPT_CHARS = 200
READ_CHARS = 4096
"""How much of a text is read for an excerpt: room for what is redacted or only spaces."""
LONGEST_S = 86_400.0

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, of another form, or nested without end."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The call that an error comes from. `secrets` never appear in its message.

    `rules` are the relay's own, before the common ones. `envelope`: its answers carry
    `code` and `msg`. `setting` is the one under relays.NAME that holds the key.
    """

    relay: str
    call: Call
    path: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    envelope: bool = False
    setting: str = "key"

    def message(self, got: str, remedy: str, words: str = "") -> str:
        """`relay "main": 401 from /v1/…: reason (its own words). Remedy.`"""
        said = f" ({redact(words, self.secrets).rstrip('.')})" if words else ""
        routed = f"{self.call} in [routes]" if self.call in KINDS else self.call.replace("_", "-")
        remedy = remedy.format(relay=self.relay, routed=routed, setting=self.setting)
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


def read_complaint(body: bytes, *, envelope: bool = False) -> Complaint:
    """The error inside a body of any shape: OpenAI's, a dashboard's, plain text, HTML."""
    try:
        told = msgspec.json.decode(body)
    except UNREADABLE:
        return Complaint(message=_plain(body))
    return complaint_of(told, envelope=envelope) or Complaint()


def complaint_of(told: Any, *, envelope: bool = False) -> Complaint | None:
    """The error inside decoded JSON; None if it tells of none.

    `envelope`: any `code` but 0 is one. Else it is beside `msg` where no choices are.
    """
    match told:
        case {"error": dict(error)}:
            return _complaint(error)
        case {"error": str(message)} | {"detail": str(message)} if message:
            return Complaint(message=message)
        case {"code": int() | str() as code} if _fails(told, envelope=envelope):
            return Complaint(code=str(code), message=_word(told, "msg") if told.get("msg") else "")
        case {"success": False} | {"message": str()}:
            return _complaint(told)
    return None


def _fails(told: Mapping[str, object], *, envelope: bool) -> bool:
    enveloped = envelope or ("msg" in told and not told.get("choices"))
    return enveloped and told["code"] not in (0, "0", "")


def _complaint(fields: Mapping[str, object]) -> Complaint:
    code, kind, message = (_word(fields, name) for name in ("code", "type", "message"))
    return Complaint(code=code, type=kind, message=message)


def _word(fields: Mapping[str, object], name: str) -> str:
    """ "" for what is nested deeper than Python can write."""
    value = fields.get(name)
    try:
        return "" if value is None else str(value)
    except RecursionError:
        return ""


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
    told = (origin.call, status, complaint.code, said)
    rule = next(rule for rule in (*origin.rules, *RULES) if rule.matches(*told))
    got = f"{status} from {origin.path}: {rule.says}"
    message = origin.message(got, rule.remedy, complaint.message)
    params: dict[str, str] = {}
    if rule.error is RelayUnsupported:
        params = {"call": origin.call, "about": "model" if rule.of_model else "call"}
    return rule.error(message, retry_after_s=retry_after_s, status=status, **params)


def denies_call(error: RelayError) -> bool:
    """Whether the relay said that it has no such call, rather than no such model."""
    return (
        isinstance(error, RelayUnsupported)
        and error.status in (404, 405, 501)
        and error.params.get("about") == "call"
    )


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
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_S)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError, IndexError):  # the parser's own slips, too
        return None
    if until.tzinfo is None:  # "-0000", which RFC 9110 reads as UTC
        until = until.replace(tzinfo=UTC)
    return min(max(0.0, (until - now).total_seconds()), LONGEST_S)


_SECONDS = re.compile(r"[ \t]*[0-9]+[ \t]*")

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
