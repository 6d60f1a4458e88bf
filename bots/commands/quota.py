"""/quota: what I used, my limits and what is left of each, and what my relay's token tells. Admins
ask of others by naming them."""

from collections.abc import Iterator, Sequence

from bots.answer import sentence, tell
from bots.deciding import told, who
from bots.deciding.who import Named
from bots.quota_lines.left import left
from bots.quota_lines.summed import summed
from bots.quota_lines.teller import Teller
from bots.quota_lines.told import account, own_token
from bots.quota_lines.used import used
from core.command import Ask, Command, Outcome, Services
from core.model import Text, identity_of
from core.people import ADMINS
from core.ports.balances import Balance
from core.quota.limits import LEVELS


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.target(ask, rest)
    if await _is_own(ask, rest, named, services):
        return _told(await _own(Teller(ask=ask, services=services, now=services.clock.now())))
    if ask.role not in ADMINS:
        return tell(ask, services, "quota_for_admins")
    if not named.target or named.rest or (named.target in LEVELS and named.target != "all"):
        return told.on_what(ask, services, named.rest or rest, "quota")
    if missing := told.no_such_bot(ask, services, named.target, "quota"):
        return missing
    return await told.checked(ask, services, named, await _of(ask, services, named))


async def _is_own(ask: Ask, rest: str, named: Named, services: Services) -> bool:
    """Without a word it is, even in a reply: to himself, or to the bot, which never writes."""
    if named.target == identity_of(ask.message.address):
        return not named.rest
    if rest:
        return False
    return not (named.target and await services.store.seen(named.scope, services.cashier.bots))


async def _own(teller: Teller) -> str:
    payer = teller.services.cashier.account(teller.ask.message, teller.ask.conversation)
    balances = await teller.services.balances.of() if _asks_relays(teller) else ()
    sections = [
        *await used(teller, payer.identity),
        *await left(teller, payer),
        *_relays(teller, balances),
    ]
    return _joined(teller, sections)


async def _of(ask: Ask, services: Services, named: Named) -> Outcome:
    """Somebody else, a group, a bot or all together."""
    now, role = services.clock.now(), told.role_of_target(services, named)
    teller = Teller(ask=ask, services=services, now=now, scope=named.scope, scope_role=role)
    whose = told.whose(ask, services, named.scope)
    if named.is_person:
        head = teller.say("quota_head", whose=whose, role=told.role_word(ask, services, role))
        spent = await used(teller, named.target)
    else:
        head, spent = whose, await summed(teller, named.scope)
    asks = teller.shows_money and bool(teller.token)
    balances = await services.balances.of() if asks else ()
    sections = [
        [head],
        *spent,
        *await left(teller, teller.account),
        list(own_token(teller, balances)) if asks else [],
    ]
    return _told(_joined(teller, sections))


def _asks_relays(teller: Teller) -> bool:
    return teller.shows_money and (teller.admin or bool(teller.token))


def _relays(teller: Teller, balances: Sequence[Balance]) -> Iterator[list[str]]:
    if not _asks_relays(teller):
        return
    yield list(own_token(teller, balances))
    if teller.admin:
        yield from (list(account(teller, balance)) for balance in balances)


def _joined(teller: Teller, sections: Sequence[Sequence[str]]) -> str:
    text = "\n\n".join("\n".join(lines) for lines in sections if lines)
    return "\n\n".join((text, *_notes(teller, text)))


def _notes(teller: Teller, text: str) -> Iterator[str]:
    """What the signs above mean."""
    about = teller.say("quota_about") + "\n" if "≈" in text else ""
    yield about + sentence(teller.ask, teller.services, "quota_zone", zone=teller.ask.zone.key)


def _told(text: str) -> Outcome:
    return Outcome(parts=(Text(text=text),))


COMMAND = Command(name="quota", aliases=("额度", "usage"), run=run)
