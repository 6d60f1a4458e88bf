"""What a person used today, this month and in all, by kind."""

import asyncio
from collections.abc import Iterator, Sequence

from bots.quota_lines.teller import Teller, number
from core.amounts import dollars
from core.ports.store import Spent


async def used(teller: Teller, identity: str) -> list[list[str]]:
    """The lines of each period; one that was no more than the one before says so."""
    calendar, spent = teller.cashier.calendar, teller.services.store.spent
    day, month, whole = await asyncio.gather(
        spent(identity, calendar.since(teller.now, "day")),
        spent(identity, calendar.since(teller.now, "month")),
        spent(identity),
    )
    return [
        list(_period(teller, teller.say("quota_today"), day, None)),
        list(_period(teller, teller.say("quota_this_month"), month, day)),
        list(_period(teller, teller.say("quota_in_all"), whole, month)),
    ]


def _period(
    teller: Teller, name: str, spent: Sequence[Spent], before: Sequence[Spent] | None
) -> Iterator[str]:
    if not spent:
        yield teller.say("quota_nothing", period=name)
        return
    if spent == before:
        yield teller.say("quota_same", period=name)
        return
    yield teller.say("quota_period", period=name, usd=_sum(teller, spent)).rstrip()
    for row in spent:
        yield _kind(teller, row)
    if unsure := sum(row.unsure for row in spent):
        yield teller.say("quota_unsure", count=unsure)


def _kind(teller: Teller, row: Spent) -> str:
    return teller.say(
        f"quota_{row.kind}",
        calls=number(row.calls),
        prompt=number(row.prompt_tokens),
        completion=number(row.completion_tokens),
        about=_about([row]),
        characters=number(row.characters),
        images=number(row.images),
        seconds=number(row.audio_s),
        price=teller.say("quota_price", usd=_usd(teller, [row])) if teller.shows_money else "",
    )


def _sum(teller: Teller, spent: Sequence[Spent]) -> str:
    """Of several kinds; of one its own line tells."""
    return _usd(teller, spent) if teller.shows_money and len(spent) > 1 else ""


def _usd(teller: Teller, spent: Sequence[Spent]) -> str:
    calls = sum(row.calls for row in spent)
    unpriced = sum(row.unpriced for row in spent)
    if calls == unpriced:
        return teller.say("quota_usd_unknown")
    known = teller.say(
        "quota_usd", about=_about(spent), usd=dollars(sum(row.nano_usd for row in spent))
    )
    return known + teller.say("quota_usd_besides", count=unpriced) if unpriced else known


def _about(spent: Sequence[Spent]) -> str:
    return "≈" if any(row.estimated for row in spent) else ""
