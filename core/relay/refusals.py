"""The rules by which a relay's refusals are told apart. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import (
    RelayError,
    RelayForbidden,
    RelayInvalid,
    RelayLost,
    RelayRateLimited,
    RelayTimeout,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
    RelayUsedUp,
)
from core.relay.dialect import Call, ErrorRule, Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a refusal is told apart. What is empty matches anything.

    `words` are looked for in the error's code, type and message, in lower case.
    `of_model`: the relay may serve the call all the same.
    """

    error: type[RelayError]
    says: str
    remedy: str = ""
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    calls: frozenset[Call] = frozenset()
    of_model: bool = False

    def matches(self, call: Call, status: int, code: str, said: str) -> bool:
        return (
            (not self.statuses or status in self.statuses)
            and (not self.calls or call in self.calls)
            and (not self.codes or code in self.codes)
            and (not self.words or any(word in said for word in self.words))
        )


CHECK_KEY = "Check relays.{relay}.{setting}."
TOP_UP = "Top it up, or set another relays.{relay}.{setting}."
ADD_RELAY = "Wait, or add another relay to the route."
ADD_CHANNEL = "Wait, or add another relay or model to the route."
CHOOSE_MODEL = "Choose another one for {routed}."
SEND_LESS = "Send less, or add another relay to the route."
ELSEWHERE = "Check relays.{relay}.base_url, or choose another relay for {routed}."
AGAIN = "Try again; the call may have been billed."
SEE_WORDS = "See the relay's words."


def _statuses(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


# The first that matches. The words are those of OpenAI, one-api and new-api
# (November 2026): their codes may be numbers or missing.
RULES = (
    Rule(
        error=RelayUsedUp,
        statuses=_statuses(200, 400, 401, 402, 403, 429),
        words=(
            "insufficient_user_quota",
            "pre_consume_token_quota_failed",
            "insufficient_quota",
            "exceeded your current quota",
            "quota is not enough",
            "insufficient balance",
            "额度不足",
            "余额不足",
            "额度已用尽",
        ),
        says="the quota is used up",
        remedy=TOP_UP,
    ),
    Rule(
        error=RelayUnauthorized,
        statuses=_statuses(401),
        says="the token is wrong, expired or used up",
        remedy=CHECK_KEY,
    ),
    Rule(
        error=RelayUnavailable,
        words=("no available channel", "无可用渠道", "no_available_channel"),
        says="it has no channel for this model now",
        remedy=ADD_CHANNEL,
    ),
    Rule(
        error=RelayUnsupported,
        statuses=_statuses(200, 400, 403, 404),
        words=("model_not_found", "unsupported_model", "模型不存在"),
        says="it does not serve this model",
        remedy=CHOOSE_MODEL,
        of_model=True,
    ),
    Rule(
        error=RelayUnsupported,
        statuses=_statuses(404, 405, 501),
        words=(
            "invalid url",
            "unknown request url",
            "unknown_url",
            "not implemented",
            "page not found",
            "no route",
            "cannot get /",
            "there is no get /",
        ),
        says="it does not serve this call",
        remedy=ELSEWHERE,
    ),
    Rule(
        error=RelayInvalid,
        statuses=_statuses(404),
        calls=frozenset(("file_content", "batch_status", "fine_tune_status")),
        says="it knows nothing by this id",
        remedy="Check the id; what is old may have been removed.",
    ),
    Rule(
        error=RelayUnsupported,
        statuses=_statuses(200, 400, 403, 404),
        words=("does not exist",),
        says="it does not serve this model",
        remedy=CHOOSE_MODEL,
        of_model=True,
    ),
    Rule(
        error=RelayTooLarge,
        statuses=_statuses(413),
        says="the request is too large for it",
        remedy=SEND_LESS,
    ),
    Rule(
        error=RelayTooLarge,
        statuses=_statuses(200, 400),
        words=("context_length_exceeded", "maximum context length"),
        says="the conversation is too long for this model",
        remedy="Lower history_chars, or add another model to the route.",
    ),
    Rule(
        error=RelayUsedUp,
        statuses=_statuses(402),
        says="it wants to be paid",
        remedy=TOP_UP,
    ),
    Rule(
        error=RelayForbidden,
        statuses=_statuses(403),
        says="the token may not do this, or its quota is short",
        remedy="Check the quota and the rights of relays.{relay}.{setting}.",
    ),
    Rule(
        error=RelayUnsupported,
        statuses=_statuses(404, 405, 410, 501),
        says="it does not serve this call",
        remedy=ELSEWHERE,
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
        remedy=ADD_RELAY,
    ),
    Rule(
        error=RelayTimeout,
        statuses=_statuses(408, 504, 524),
        says="it got no answer in time",
        remedy=AGAIN,
    ),
    Rule(
        error=RelayLost,
        statuses=_statuses(502, 520),
        says="it lost the model's side",
        remedy=AGAIN,
    ),
    Rule(
        error=RelayUnavailable,
        statuses=frozenset(range(500, 600)),
        says="it is overloaded or down",
        remedy=ADD_RELAY,
    ),
    Rule(
        error=RelayInvalid,
        statuses=frozenset(range(400, 500)),
        says="the request was refused as it stands",
        remedy=SEE_WORDS,
    ),
    # From here on an error inside an answer of status 200.
    Rule(
        error=RelayRateLimited,
        words=("rate_limit", "too many requests", "rate limit"),
        says="too many calls",
        remedy=ADD_RELAY,
    ),
    Rule(
        error=RelayUnauthorized,
        words=(
            "invalid_api_key",
            "incorrect api key",
            "access token",
            "无效的令牌",
            "令牌已过期",
            "令牌状态不可用",
            "未登录",
        ),
        says="the token is wrong or expired",
        remedy=CHECK_KEY,
    ),
    Rule(
        error=RelayInvalid,
        words=("invalid_request", "content_filter"),
        says="the request was refused as it stands",
        remedy=SEE_WORDS,
    ),
    Rule(
        error=RelayUnavailable,
        says="it answered with an error",
        remedy=ADD_RELAY,
    ),
)

_TOLD: Mapping[Failure, Rule] = {
    "unauthorized": Rule(
        error=RelayUnauthorized, says="the token is wrong or expired", remedy=CHECK_KEY
    ),
    "forbidden": Rule(
        error=RelayForbidden,
        says="the token may not do this",
        remedy="Check the rights of relays.{relay}.{setting}.",
    ),
    "used_up": Rule(error=RelayUsedUp, says="the quota is used up", remedy=TOP_UP),
    "rate_limited": Rule(error=RelayRateLimited, says="too many calls", remedy=ADD_RELAY),
    "unavailable": Rule(
        error=RelayUnavailable, says="it cannot serve this now", remedy=ADD_CHANNEL
    ),
    "invalid": Rule(
        error=RelayInvalid, says="the request was refused as it stands", remedy=SEE_WORDS
    ),
    "too_large": Rule(
        error=RelayTooLarge, says="the request is too large for it", remedy=SEND_LESS
    ),
    "unsupported": Rule(
        error=RelayUnsupported, says="it does not serve this", remedy=ELSEWHERE, of_model=True
    ),
}


def told_rule(told: ErrorRule) -> Rule:
    """A profile's own rule, to be looked at before RULES."""
    kind = _TOLD[told.failure]
    return Rule(
        error=kind.error,
        says=kind.says,
        remedy=kind.remedy,
        statuses=frozenset(told.statuses),
        codes=frozenset(told.codes),
        words=tuple(word.lower() for word in told.words),
        of_model=kind.of_model,
    )
