"""What admins are told of a decision."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bots.answer import sentence, tell
from bots.deciding.roles import Giver
from bots.deciding.who import HERE, Named, parted
from core.amounts import UNITS, Unit, figure_set
from core.command import Ask, Outcome, Services
from core.model import Text, identity_of, place_of
from core.people import Role, role_of_identity
from core.quota.limits import LEVELS, Target

LISTED = 30


def giver_of(ask: Ask) -> Giver:
    return Giver(role=ask.role, identity=identity_of(ask.message.address))


def role_of_target(services: Services, named: Named) -> Role:
    """Of a person; anything else has a member's, which does not matter there."""
    if not named.is_person:
        return Role.MEMBER
    return role_of_identity(named.target, services.rules, services.store.decided("roles"))


def role_word(ask: Ask, services: Services, role: Role) -> str:
    return sentence(ask, services, f"role_{role}")


async def checked(ask: Ask, services: Services, named: Named, outcome: Outcome) -> Outcome:
    """With a note where nobody of an id has written yet: it may be mistyped."""
    address = ask.message.address
    own = (f"person:{identity_of(address)}", f"group:{place_of(address)}")  # stored after it, maybe
    if not named.by_id or named.scope in own:
        return outcome
    if await services.store.seen(named.scope, services.cashier.bots):
        return outcome
    note = sentence(ask, services, "unseen_person" if named.is_person else "unseen_group")
    first, *others = outcome.parts or (Text(text=""),)
    if not isinstance(first, Text):
        return outcome
    return replace(outcome, parts=(Text(text=f"{first.text}\n\n{note}"), *others))


def whom(ask: Ask, services: Services, text: str, command: str) -> Outcome:
    """Nobody was named."""
    got = parted(text)[0][:60]
    return tell(ask, services, "decide_whom", got=got, example=example(ask, services, command))


def on_what(ask: Ask, services: Services, text: str, command: str) -> Outcome:
    """Nothing was named that a limit can hold for."""
    first = parted(text)[0]
    shown = example(ask, services, command)
    if first.lower() in HERE:
        return tell(ask, services, "decide_here", got=first, example=shown)
    return tell(ask, services, f"{command}_whom", got=first[:60], example=shown)


def no_such_bot(ask: Ask, services: Services, target: Target, command: str) -> Outcome | None:
    """None where it is one of those that there are, or no bot at all."""
    kind, _, name = target.partition(":")
    bots = services.cashier.bots
    if kind != "bot" or not name or name in bots:
        return None
    return tell(
        ask,
        services,
        "decide_bot",
        got=name[:60],
        bots=", ".join(f"`bot:{bot}`" for bot in bots),
        example=example(ask, services, command),
    )


def example(ask: Ask, services: Services, command: str) -> str:
    return sentence(ask, services, f"example_{command}")


def strange(ask: Ask, services: Services, word: str, expected: str) -> Outcome:
    """What was expected and, where there is one, the word that means nothing there."""
    if not word:
        return Outcome(parts=(Text(text=expected),))
    return tell(ask, services, "decide_strange", word=word[:60], expected=expected)


def explained(ask: Ask, services: Services, command: str, lines: Sequence[str]) -> Outcome:
    """How a command is used and, in a talk alone, what is set."""
    usage = sentence(ask, services, f"usage_{command}")
    if ask.message.address.group:
        return tell(ask, services, "decide_listed_alone", usage=usage)
    shown = [f"- {line}" for line in lines[:LISTED]]
    if not shown:
        return tell(ask, services, "decide_nothing_set", usage=usage)
    if len(lines) > LISTED:
        shown.append(sentence(ask, services, "decide_more", count=len(lines) - LISTED))
    return tell(ask, services, "decide_set", usage=usage, lines="\n".join(shown))


def whose(ask: Ask, services: Services, target: Target) -> str:
    """A scope or a level, as it stands in a sentence."""
    kind, _, name = target.partition(":")
    if target in LEVELS:
        return sentence(ask, services, f"limits_of_{kind}")
    return f"`{name if kind == 'person' else target}`"


def amount(ask: Ask, services: Services, unit: Unit, figure: Decimal | None) -> str:
    if figure is None:
        return sentence(ask, services, "limit_unlimited")
    return figure_set(unit, figure)


def unit_of(of: str) -> Unit:
    """Of the end of a decision's name, as in "usd_day"."""
    word = of.rpartition("_")[0]
    return next(unit for unit in UNITS if unit == word)


def moment(ask: Ask, at: datetime) -> str:
    return f"{at.astimezone(ask.zone):%Y-%m-%d %H:%M} {ask.zone.key}"
