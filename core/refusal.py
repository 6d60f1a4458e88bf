"""What a person is told where a limit holds: which, how much, when it renews, whom to ask;
and where it is the key of his own that fails."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core.amounts import figure
from core.command import Ask
from core.people import ADMINS, Role
from core.ports.ledger import Exceeded
from core.ports.relays import Errand
from core.ports.texts import Texts

OWN_TOKEN = {"relay_used_up": "own_token_used_up", "relay_unauthorized": "own_token_refused"}


FOR_ADMINS = frozenset({"bot", "all"})
"""Kinds of scopes whose figures only admins see."""


def own_token(errand: Errand, code: str) -> str:
    """An error's code, or the one that tells whose key it is that does not serve any more."""
    bound = errand.token and not errand.common
    return OWN_TOKEN.get(code, code) if bound else code


def refusal(
    texts: Texts, ask: Ask, exceeded: Exceeded, now: datetime, renews: datetime, contact: str
) -> str:
    """Times are in the person's zone."""
    ceiling = exceeded.ceiling
    when = clock_time(renews, now, ask.zone)
    if (ceiling.unit, ceiling.period) == ("messages", "day") and ceiling.scope.startswith("person"):
        return texts.say(
            "cap_reached",
            ask.language,
            used=figure(ceiling.unit, exceeded.used),
            cap=figure(ceiling.unit, ceiling.limit),
            renews=when,
            contact=whom_to_ask(texts, ask, contact),
        )
    kind = ceiling.scope.partition(":")[0]
    bare = kind in FOR_ADMINS and ask.role not in ADMINS
    hidden = ceiling.unit == "usd" and not shows_money(ask)
    return texts.say(
        "limit_reached_bare" if bare else "limit_reached_share" if hidden else "limit_reached",
        ask.language,
        whose=texts.say(f"limit_{kind}", ask.language),
        what=texts.say(f"limit_{ceiling.unit}_{ceiling.period}", ask.language),
        renews=when,
        contact=whom_to_ask(texts, ask, contact),
        **({} if bare else _share(exceeded) if hidden else _figures(exceeded)),
    )


def whom_to_ask(texts: Texts, ask: Ask, contact: str) -> str:
    return contact or texts.say("limit_contact", ask.language)


def shows_money(ask: Ask) -> bool:
    """Dollars are nothing for guests or for a group to read."""
    return ask.role is not Role.GUEST and not ask.message.address.group


def _figures(exceeded: Exceeded) -> dict[str, str]:
    ceiling = exceeded.ceiling
    return {
        "used": figure(ceiling.unit, exceeded.used),
        "limit": figure(ceiling.unit, ceiling.limit),
        "wanted": figure(ceiling.unit, exceeded.wanted),
    }


def _share(exceeded: Exceeded) -> dict[str, str]:
    """How much of the limit is used, in whole per cent."""
    limit = exceeded.ceiling.limit
    return {"percent": f"{min(100, exceeded.used * 100 // limit) if limit else 100}"}


def clock_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """With its date where it is more than a day away."""
    local = at.astimezone(zone)
    near = (at - now).total_seconds() <= 86_400 + 3_600  # a day with summer time's hour
    return f"{local:%H:%M} {zone.key}" if near else f"{local:%Y-%m-%d %H:%M} {zone.key}"
