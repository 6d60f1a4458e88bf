"""What people used and may use, at the terminal."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bots.columns import columns
from bots.config import Config
from bots.loop import run_async
from bots.printable import printable
from bots.quota.decide import amount, described
from bots.quota.desk import Desk, Now, configured, desk, system_now, whose
from core.amounts import Amounts, Unit, dollars, figure, kept, number, said
from core.model import DECISIONS
from core.people import Role
from core.ports.ledger import Period, Scope
from core.quota.limits import PERIODS, grant_name
from storage.operation import Held, Used
from storage.spending import Counted

HEADS = ("who", "role", "key", "messages", "dollars", "reserved", "messages", "dollars", "granted")


def show(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError."""
    config = configured(options.config)
    told = one(config, whose(options.who)) if options.who else everyone(config)
    sys.stdout.write("\n".join(run_async(told)) + "\n")
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a scope used and has reserved in each running period."""

    used: dict[Period, Amounts]
    held: dict[Period, Amounts]


async def use(at: Desk, scope: Scope) -> Use:
    days = {period: at.calendar.since(at.now, period) for period in PERIODS}
    ask = at.database.ask
    return Use(
        used={p: await ask(Used(scope=scope, since=since)) for p, since in days.items()},
        held={p: await ask(Held(scope=scope, since=s, now=at.now)) for p, s in days.items()},
    )


# -- everybody ---------------------------------------------------------------------------


async def everyone(config: Config, now: Now = system_now) -> list[str]:
    """Who used anything this month, or was decided on, and all together."""
    async with desk(config, now) as at:
        scopes = [*await people(at), "all"]
        rows = [row(at, scope, await use(at, scope)) for scope in scopes]
    days = ("", "", "", "today", "today", "now", "month", "month", "month")
    return [*columns([HEADS, days, *rows]), *("", *decided_lines(at))]


async def people(at: Desk) -> list[Scope]:
    counted = await at.database.ask(Counted(since=at.calendar.since(at.now, "month")))
    decided = [f"person:{name}" for scope in ("roles", "bindings") for name in at.of(scope)]
    bound = [f"person:{name}" for name in at.config.bindings]
    known = {*counted, *decided, *bound}
    return sorted(scope for scope in known if scope.startswith("person:"))


def row(at: Desk, scope: Scope, used: Use) -> tuple[str, ...]:
    identity = scope.partition(":")[2]
    today, month = used.used["day"], used.used["month"]
    return (
        printable(identity) or scope,
        str(at.role(identity)) if identity else "",
        at.shown_token(identity) if identity else "",
        number(today.messages),
        dollars(today.nano_usd),
        dollars(used.held["month"].nano_usd),
        number(month.messages),
        dollars(month.nano_usd),
        dollars(granted(at, scope, "usd", "month") + granted(at, scope, "usd", "day")),
    )


def decided_lines(at: Desk) -> Iterator[str]:
    """What admins decided over the configuration; gifts of the running periods alone."""
    running = tuple(f" {at.calendar.since(at.now, period)}" for period in PERIODS)
    for scope in sorted(DECISIONS):
        for name, value in sorted(at.of(scope).items()):
            if scope != "grants" or name.endswith(running):
                yield f"decided: {scope}: {printable(name)} = {printable(value)}"


# -- one person ----------------------------------------------------------------------------


async def one(config: Config, identity: str, now: Now = system_now) -> list[str]:
    async with desk(config, now) as at:
        scope = f"person:{identity}"
        used = await use(at, scope)
        lines = list(limits(at, scope, at.role(identity), used))
        note = await at.note(scope)
    about = {
        "who": identity,
        "role": str(at.role(identity)),
        "key": at.shown_token(identity) or "the common one",
    }
    heads = ("", "used", "reserved", "limit", "granted")
    noted = ["", note] if note else []
    return [*columns(list(about.items())), *noted, "", *columns([heads, *lines])]


def limits(at: Desk, scope: Scope, role: Role, used: Use) -> Iterator[tuple[str, ...]]:
    """A row for each unit and period, limited or not."""
    units: tuple[Unit, ...] = ("usd", "messages", "tokens", "images", "audio_s")
    for period in PERIODS:
        for unit in units:
            limit = at.ceilings.held(scope, role, unit, period, at.of("limits"))
            gift = granted(at, scope, unit, period)
            yield (
                described(unit, period),
                figure(unit, used.used[period].of(unit)),
                figure(unit, used.held[period].of(unit)),
                amount(unit, None if limit is None else limit + said(unit, gift)),
                figure(unit, gift) if gift else "",
            )


def granted(at: Desk, scope: Scope, unit: Unit, period: Period) -> int:
    """In the kept measure."""
    name = grant_name(scope, unit, period, at.calendar.since(at.now, period))
    value = at.of("grants").get(name)
    return kept(unit, Decimal(value)) if value else 0
