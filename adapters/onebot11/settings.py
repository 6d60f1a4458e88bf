"""What `[bots.NAME]` takes on this platform beside what every bot has."""

from typing import Literal, TypeAlias

from msgspec import Struct

from core.model import Limit
from core.secret import Secret

Welcome: TypeAlias = Literal["ignore", "accept", "owners"]
"""Which requests are granted: none, all, or those of the owners in [people]."""


class Settings(Struct, frozen=True, kw_only=True):
    """`token` is asked of whoever dials in; without one the bot does not start.

    `accounts` are the QQ numbers that may dial in, all where there are none.
    """

    token: Secret = Secret()
    accounts: tuple[str, ...] = ()
    long_answers: Literal["forward", "pieces"] = "forward"
    piece_chars: int = 1500
    """No limit is published; reports name about 2,000 in groups."""
    sends_per_s: Limit = 5
    """Of one account to all chats together."""
    resend: bool = False
    """Whether what QQ did not confirm, and its history does not show, is sent again."""
    on_unknown: Literal["resend-flagged", "hold"] = "hold"
    """What becomes of a part of which the history does not tell whether it arrived."""
    defang_urls: bool = False
    temp_sessions: bool = False
    """Whether strangers may write by way of a group that both are in."""
    friend_requests: Welcome = "ignore"
    group_invitations: Welcome = "ignore"
    silence_s: float = 120.0
    """How long an account that should be heard may be silent before it counts as deaf."""
    file_hosts: tuple[str, ...] = ()
    """`host:port`s in private networks that files may be fetched from."""
