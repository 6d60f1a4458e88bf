"""What a person used today, this month and in all, by kind."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bots.quota_lines.teller import Teller
from core.amounts import dollars, number
from core.ports.store import Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """`messages` is None where it is not kept."""

    spent: Sequence[Spent]
    messages: int | None = None


async def used(teller: Teller, identity: str) -> list[list[str]]:
    """The lines of each period; one that was no more than the one before says so."""
    calendar, store = teller.cashier.calendar, teller.services.store

    async def since(first: str) -> _Period:
        spent, counted = await asyncio.gather(
            store.spent(identity, first), store.used(f"person:{identity}", first)
        )
        return _Period(spent=spent, messages=counted.messages)

    day, month, whole = await asyncio.gather(
        since(calendar.since(teller.now, "day")),
        since(calendar.since(teller.now, "month")),
        store.spent(identity),
    )
    return _joined(
        [
            list(_lines(teller, teller.say("quota_today"), day)),
            list(_lines(teller, teller.say("quota_this_month"), month, same=month == day)),
            list(
                _lines(
                    teller,
                    teller.say("quota_in_all"),
                    _Period(spent=whole),
                    same=whole == month.spent,
                )
            ),
        ]
    )


def _joined(sections: list[list[str]]) -> list[list[str]]:
    """Those of one line stand with the one before."""
    first, *others = sections
    joined = [first]
    for section in others:
        if len(section) == 1:
            joined[-1] = joined[-1] + section
        else:
            joined.append(section)
    return joined


def _lines(teller: Teller, name: str, period: _Period, *, same: bool = False) -> Iterator[str]:
    if not period.spent:
        yield teller.say("quota_nothing", period=name)
        return
    if same:
        yield teller.say("quota_same", period=name)
        return
    yield teller.say("quota_period", period=name, usd=_sum(teller, period.spent)).rstrip()
    if period.messages is not None:
        yield teller.say("quota_messages", count=number(period.messages))
    for row in period.spent:
        yield _kind(teller, row)
    if unsure := sum(row.unsure for row in period.spent):
        yield teller.say("quota_unsure", count=number(unsure))


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
    return known + teller.say("quota_usd_besides", count=number(unpriced)) if unpriced else known


def _about(spent: Sequence[Spent]) -> str:
    return "≈" if any(row.estimated for row in spent) else ""
