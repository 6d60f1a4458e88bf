"""What can go wrong with a call, told apart by what is known of its outcome. Pure.

python-telegram-bot's errors, with two of ours: it reports a refused connection
as it does a lost one, and its RetryAfter warns whenever it is read.
"""

from collections.abc import Mapping

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from adapters.telegram.wire import decode_failed
from core.ports.sending import Refused, SendResult, Unknown

OUTAGE_RETRY_S = 60.0


class NotSent(NetworkError):
    """No connection was made: nothing reached Telegram."""


class Flood(TelegramError):
    """Too much was said. `retry_after_s` is how long this chat wants silence."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too many requests: silence for {retry_after_s:g} s")
        self.retry_after_s = retry_after_s


_KINDS: Mapping[int, type[TelegramError]] = {
    401: InvalidToken,
    403: Forbidden,
    404: InvalidToken,  # a token of a wrong form
    409: Conflict,
}


def failure(status: int, content: bytes) -> TelegramError:
    """The error that an answer other than 2xx stands for.

    core.telegram.org/bots/api#making-requests, read 2026-11. What is no answer of
    a Bot API server, such as a proxy's page, is never quoted: it may show the address.
    """
    told = decode_failed(content)
    words = told.description or f"HTTP {status}"
    if told.parameters.migrate_to_chat_id:
        return ChatMigrated(told.parameters.migrate_to_chat_id)
    if status == 429:
        return Flood(max(told.parameters.retry_after, 1.0))
    kind = _KINDS.get(status, BadRequest if 400 <= status < 500 else NetworkError)
    return kind(words)


def result_of(error: TelegramError) -> SendResult:
    """What a failed send is to the core. BadRequest and TimedOut are NetworkErrors, too."""
    match error:
        case Flood(retry_after_s=seconds):
            return Refused(error.message, seconds)
        case NotSent() | InvalidToken():
            return Refused(error.message, OUTAGE_RETRY_S)
        case BadRequest() | Forbidden() | ChatMigrated() | Conflict():
            return Refused(error.message)
        case TimedOut():
            return Unknown("no answer in time")
        case _:
            return Unknown(error.message)
