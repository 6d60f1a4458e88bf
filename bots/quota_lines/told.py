"""What relays tell: of the token that a person is bound to, and of accounts."""

from collections.abc import Iterator, Sequence

from bots.quota_lines.teller import Teller, code_span
from core.amounts import dollars, number
from core.ports.balances import AccountBalance, Balance, TokenBalance

STATES = ("enabled", "disabled", "expired", "exhausted", "refused")
"""The relays' words that have a word of ours: one-api's and new-api's (November 2026), and what
is said of a key that a relay does not take."""


def own_token(teller: Teller, balances: Sequence[Balance]) -> Iterator[str]:
    """Nothing for whoever shares the common ones."""
    relay, _, alias = teller.token.partition(":")
    if not relay:
        return
    balance = next((b for b in balances if b.relay == relay), None)
    token = next((t for t in balance.tokens if t.alias == alias), None) if balance else None
    name = token.name if token else ""
    yield teller.say(
        "quota_their_token" if teller.scope else "quota_own_token",
        relay=relay,
        name=_named(teller, alias, name),
    )
    if f"{relay}:{alias}" not in teller.services.relays.tokens():
        yield teller.say("quota_token_gone")
        return
    if balance and (balance.unreadable_since or not balance.read_at):
        yield _unread(teller, balance)
    if token:
        yield from _whole(teller, token)
    elif balance is None or balance.read_at:
        yield teller.say("quota_token_untold")


def account(teller: Teller, balance: Balance) -> Iterator[str]:
    """For admins: the account, and the tokens that the configuration names but one's own."""
    own = teller.token
    tokens = [t for t in balance.tokens if t.alias and f"{balance.relay}:{t.alias}" != own]
    unread = balance.unreadable_since or not balance.read_at
    if not (balance.account or tokens or unread):
        return
    yield teller.say("quota_account", relay=balance.relay)
    if unread:
        yield _unread(teller, balance)
    if balance.account:
        yield from _account(teller, balance.account)
    for token in tokens:
        yield _short(teller, token)


def _whole(teller: Teller, token: TokenBalance) -> Iterator[str]:
    yield f"• {_amounts(teller, token)}"
    if token.state:
        yield teller.say("quota_token_state", state=_state(teller, token))
    yield _expiry(teller, token)
    if token.last_used_at:
        yield teller.say("quota_token_last_used", at=teller.when(token.last_used_at))
    elif token.tells_use:
        yield teller.say("quota_token_never_used")


def _short(teller: Teller, token: TokenBalance) -> str:
    """One line among several: its state only where it is not as it should be."""
    line = teller.say(
        "quota_token",
        name=_named(teller, token.alias, token.name),
        amounts=_amounts(teller, token),
    )
    if token.state in ("", "enabled"):
        return line
    return line + teller.say("quota_token_but", state=_state(teller, token))


def _named(teller: Teller, alias: str, name: str) -> str:
    """As the configuration calls it, by which it is bound, and as the relay does."""
    if name in ("", alias):
        return code_span(alias)
    return teller.say("quota_token_named", alias=code_span(alias), name=code_span(name))


def _amounts(teller: Teller, token: TokenBalance) -> str:
    """A remainder means nothing while the token is unlimited."""
    used = token.used_nano_usd
    if used is None or (token.remaining_nano_usd is None and not token.unlimited):
        return teller.say("quota_token_unlimited" if token.unlimited else "quota_untold_unit")
    spent = teller.say("quota_token_used", used=dollars(used))
    if token.unlimited:
        return teller.say("quota_token_unlimited") + spent
    return teller.say("quota_token_left", left=dollars(token.remaining_nano_usd or 0)) + spent


def _state(teller: Teller, token: TokenBalance) -> str:
    known = token.state in STATES
    return teller.say(f"quota_state_{token.state}") if known else code_span(token.state)


def _expiry(teller: Teller, token: TokenBalance) -> str:
    at = token.expires_at
    if at is None:
        return teller.say("quota_token_never_expires")
    past = at <= teller.now
    return teller.say("quota_token_expired" if past else "quota_token_expires", at=teller.when(at))


def _unread(teller: Teller, balance: Balance) -> str:
    since, at = balance.unreadable_since, balance.read_at
    if not since:
        return teller.say("quota_not_read_yet")
    if not at:
        return teller.say("quota_unread", since=teller.when(since))
    return teller.say("quota_unread_after", since=teller.when(since), at=teller.when(at))


def _account(teller: Teller, told: AccountBalance) -> Iterator[str]:
    yield teller.say("quota_free", usd=dollars(told.free_nano_usd))
    yield teller.say("quota_bonus", usd=dollars(told.bonus_nano_usd))
    yield teller.say("quota_paid", usd=dollars(told.paid_nano_usd))
    yield teller.say("quota_total", usd=dollars(told.total_nano_usd))
    yield teller.say("quota_used", usd=dollars(told.used_nano_usd), requests=number(told.requests))
