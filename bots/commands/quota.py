"""/quota: what I used, my limits and what is left of each, and what my relay's token tells."""

from collections.abc import Iterator, Sequence

from bots.answer import sentence
from bots.quota_lines.left import left
from bots.quota_lines.teller import Teller
from bots.quota_lines.told import account, own_token
from bots.quota_lines.used import used
from core.command import Ask, Command, Outcome, Services
from core.model import Text
from core.ports.balances import Balance


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    teller = Teller(ask=ask, services=services, now=services.clock.now())
    payer = services.cashier.account(ask.message, ask.conversation)
    told = await services.balances.of() if _asks_relays(teller) else ()
    sections = [
        *await used(teller, payer.identity),
        *await left(teller, payer),
        *_told(teller, told),
    ]
    text = "\n\n".join("\n".join(lines) for lines in sections if lines)
    return Outcome(parts=(Text(text="\n\n".join((text, *_notes(teller, text)))),))


def _asks_relays(teller: Teller) -> bool:
    return teller.shows_money and (teller.admin or bool(teller.ask.errand.token))


def _told(teller: Teller, balances: Sequence[Balance]) -> Iterator[list[str]]:
    if not _asks_relays(teller):
        return
    yield list(own_token(teller, balances))
    if teller.admin:
        yield from (list(account(teller, balance)) for balance in balances)


def _notes(teller: Teller, text: str) -> Iterator[str]:
    """What the signs above mean."""
    about = teller.say("quota_about") + "\n" if "≈" in text else ""
    yield about + sentence(teller.ask, teller.services, "quota_zone", zone=teller.ask.zone.key)


COMMAND = Command(name="quota", aliases=("额度", "usage"), run=run)
