"""WeChat's signatures: the account's token proves that a request is WeChat's. Pure.

developers.weixin.qq.com/doc/subscription/guide/dev/push/, November 2026.
"""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha1

from core.secret import Secret


class Forged(Exception):
    """The request is not WeChat's, or not of this account; the message is the reason."""


def sign(token: Secret, *words: str) -> str:
    """SHA-1 of token and words, sorted and joined; WeChat's own construction."""
    joined = "".join(sorted((token.reveal(), *words)))
    return sha1(joined.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def check_signature(token: Secret, given: str, *words: str) -> None:
    """Compared in constant time. Raises Forged."""
    if not token or not hmac.compare_digest(sign(token, *words).encode(), _plain(given)):
        raise Forged("expected the signature that the token gives, got another one")


def check_query(
    token: Secret, query: Mapping[str, str], times_s: Sequence[float], window_s: float
) -> tuple[str, str]:
    """The signed timestamp and nonce. Raises Forged.

    In plain mode nothing but these two is signed: whoever has seen one address
    could send anything under it for ever, were it not for the window. It may be kept to by
    any of `times_s`: this machine's clock, and what it would be had nobody set it since.
    """
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    check_signature(token, query.get("signature", ""), timestamp, nonce)
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise Forged("expected a timestamp of digits")
    off_s = min((now_s - int(timestamp) for now_s in times_s), key=abs)
    if abs(off_s) > window_s:
        raise Forged(
            f"expected a signed time within {window_s:g} s of this machine's clock, got one "
            f"{off_s:+.0f} s off; set the clock, or raise replay_window_s"
        )
    return timestamp, nonce


def _plain(given: str) -> bytes:
    return given.encode("utf-8", "surrogatepass")
