"""Every error Parley raises on purpose.

    ParleyError
    ├── ConfigError            a setting is wrong (expected, got, remedy)
    ├── MessageTooLong         the new message does not fit `history_chars`
    ├── Busy                   a bound was reached; nothing was stored
    ├── StoreError             the database did not take it
    │   ├── StoreInvalid       one operation is wrong in itself; the store is well
    │   │   └── MessageEnded   the message is answered, set aside or forgotten already
    │   └── NewerSchema        the database was written by a newer Parley
    ├── AnswerUnbounded        tokens or dollars are limited, and no model bounds its answer
    ├── PriceUnknown           dollars are limited, and nobody knows what the call costs
    ├── MediaError             a file is missing, too large or of a wrong type
    │   ├── MediaNotKept       the media store could not write it
    │   ├── PictureUnknown     no PNG, JPEG, GIF or WebP by its bytes
    │   └── PictureTooLarge    more pixels than are shown to a model
    └── RelayError             a relay call did not succeed
        ├── RelayRefused       no connection was made: nothing was sent
        ├── RelayLost          the connection broke after sending: unknown outcome
        ├── RelayTimeout       no answer in time: unknown outcome
        ├── RelayUnauthorized  the key is wrong, expired or used up (401)
        ├── RelayForbidden     the key may not do this (403)
        │   └── RelayUsedUp    the key's quota is short or used up
        ├── RelayRateLimited   429
        ├── RelayUnavailable   5xx, overloaded, no channel
        ├── RelayInvalid       the request was refused as it stands (4xx)
        │   └── RelayTooLarge  more than this relay or model takes; another may
        ├── RelayUnsupported   the relay or model does not serve this call
        ├── RelayTokenGone     whoever asks is bound to a key that is not configured
        ├── RelayGarbage       the answer could not be read, or broke a limit
        └── RelayCut           a stream ended without proof that it was whole

Each error knows its `code` (the key of the user's sentence in `bots/texts/`),
whether a retry can help, after how many seconds, and whether the outcome is
certain. `str(error)` is for the operator: expected, got, remedy; no secrets.
"""

from typing import ClassVar, TypeAlias

Lost: TypeAlias = tuple[str, str, str]
"""A call of unknown outcome: relay, model, and the alias of the key."""


class ParleyError(Exception):
    """Base of all. `params` fill the placeholders of the user's sentence.

    `certain` is the class's, but where a part of the work was done before it failed.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    certain: bool = True

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, **params: str | int
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.params = params


class ConfigError(ParleyError):
    code = "config"


class MessageTooLong(ParleyError):
    """Params: got, limit (both code points)."""

    code = "message_too_long"


class Busy(ParleyError):
    code = "busy"
    retryable = True


class StoreError(ParleyError):
    code = "store"
    retryable = True


class StoreInvalid(StoreError):
    retryable = False


class MessageEnded(StoreInvalid):
    """Another answer to it must not be sent."""


class NewerSchema(StoreError):
    retryable = False


class AnswerUnbounded(ParleyError):
    """Params: model."""

    code = "answer_unbounded"


class PriceUnknown(ParleyError):
    """Params: kind, model."""

    code = "price_unknown"


class MediaError(ParleyError):
    code = "media"


class MediaNotKept(MediaError):
    """Nothing is wrong with the file; the disk may be full."""

    code = "media_not_kept"


class PictureUnknown(MediaError):
    code = "picture_unknown"


class PictureTooLarge(MediaError):
    """Params: got, limit (both megapixels)."""

    code = "picture_too_large"


class RelayError(ParleyError):
    """A relay call did not succeed. `status` is the HTTP status, 0 if there was none.

    `lost` are the calls of a route that may have been billed all the same.
    `again_s`: the soonest that a relay of the route wants to be asked again, by its own word.
    """

    code = "relay"

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        status: int = 0,
        **params: str | int,
    ) -> None:
        super().__init__(message, retry_after_s=retry_after_s, **params)
        self.status = status
        self.lost: tuple[Lost, ...] = ()
        self.again_s = retry_after_s or 0.0


class RelayRefused(RelayError):
    code = "relay_refused"
    retryable = True


class RelayLost(RelayError):
    code = "relay_lost"
    certain = False


class RelayTimeout(RelayError):
    code = "relay_timeout"
    certain = False


class RelayUnauthorized(RelayError):
    code = "relay_unauthorized"


class RelayForbidden(RelayError):
    code = "relay_forbidden"


class RelayUsedUp(RelayForbidden):
    code = "relay_used_up"


class RelayRateLimited(RelayError):
    code = "relay_rate_limited"
    retryable = True


class RelayUnavailable(RelayError):
    code = "relay_unavailable"
    retryable = True


class RelayInvalid(RelayError):
    code = "relay_invalid"


class RelayTooLarge(RelayInvalid):
    """Params, where they are known: got, limit."""

    code = "relay_too_large"


class RelayUnsupported(RelayError):
    """Params: call (chat, images, speech, …)."""

    code = "relay_unsupported"


class RelayTokenGone(RelayError):
    """Params: token, as in "main:alice"."""

    code = "relay_token_gone"


class RelayGarbage(RelayError):
    code = "relay_garbage"
    certain = False


class RelayCut(RelayError):
    code = "relay_cut"
    certain = False


def why_of(error: Exception) -> str:
    """What is kept of an error: ours hold no secrets, others may, and stand in the log."""
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, ParleyError) else f"{name}: see the log"
