"""Deciding at the terminal, where whoever runs the bots decides everything."""

import argparse
import sys
from decimal import Decimal

from bots.config import Config
from bots.deciding import roles, words
from bots.deciding.changes import gift, given, limit_change, limited
from bots.deciding.roles import Giver, RoleChange
from bots.deciding.words import Said
from bots.loop import run_async
from bots.quota.desk import Desk, check_bot, configured, decide, desk, person, target
from core.amounts import Unit, figure_set
from core.errors import ConfigError
from core.model import SetSetting
from core.people import Role
from core.ports.ledger import Period
from core.quota.cashier import NO_BINDING
from core.quota.limits import LEVELS, Target
from core.secret import looks_secret

OPERATOR = Giver(role=Role.OWNER)


def role(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError, OrderRefused, OrderWaits; as do the others."""
    run_async(give_role(configured(options.config), person(options.who), options.role))
    return 0


async def give_role(config: Config, who: str, word: str) -> None:
    wanted = None if word == "auto" else Role(word)
    async with desk(config) as at:
        change = roles.change(OPERATOR, who, wanted, config.people, at.of("roles"))
        note = await at.note(f"person:{who}")
    if not isinstance(change, RoleChange):
        raise ConfigError(
            f"expected somebody who is no owner, got {who}, whom people.owners names. "
            "Change it there"
        )
    await decide(config, [SetSetting(scope="roles", name=who, value=change.value)])
    say(f"{who}: {change.before} → {change.after}", note)


def limit(options: argparse.Namespace) -> int:
    run_async(
        set_limit(configured(options.config), target(options.target), " ".join(options.words))
    )
    return 0


async def set_limit(config: Config, on: Target, text: str) -> None:
    said = understood(text)
    value = said.value
    if value is None or said.unit is None or said.period is None:
        raise ConfigError(
            'expected a unit, day or month, and a number, "unlimited" or "default", as in '
            f'"usd month 5"; got "{shown(text)}"'
        )
    if value != "default":
        check_bot(config, on)
    of = (said.unit, said.period)
    async with desk(config) as at:
        change = limit_change(at.ceilings, at.of("limits"), on, at.role_of_target(on), of, value)
        notes = (gift_note(at, on, of, change.after), await at.note(on))
    await decide(config, [change.setting])
    before, after = amount(said.unit, change.before), amount(said.unit, change.after)
    say(f"{on}, {described(*of)}: {before} → {after}", *notes)


def gift_note(at: Desk, on: Target, of: tuple[Unit, Period], limit: Decimal | None) -> str:
    """What still lets calls through in the running period; "" where nothing does."""
    granted, until = given(at.calendar, at.now, at.of("grants"), on, of)
    if limit is None or not granted:
        return ""
    sums = amount(of[0], granted), amount(of[0], limit + granted)
    ends = f"{until:%Y-%m-%d %H:%M} {at.config.people.timezone}"
    return f"A gift of {sums[0]} stays on top of it until {ends}: {sums[1]} in all."


def grant(options: argparse.Namespace) -> int:
    run_async(
        give_more(configured(options.config), target(options.target), " ".join(options.words))
    )
    return 0


async def give_more(config: Config, on: Target, text: str) -> None:
    said = understood(text)
    if said.word or not said.figure or said.unit is None:
        raise ConfigError(
            f'expected an amount and its unit, as in "5 usd month"; got "{shown(text)}"'
        )
    if on in LEVELS and on != "all":
        raise ConfigError(f"expected a person, a group, a bot or all, got each of the {on}s")
    check_bot(config, on)
    async with desk(config) as at:
        found = limited(
            at.ceilings, at.of("limits"), on, at.role_of_target(on), (said.unit, said.period)
        )
        if found is None:
            raise ConfigError(
                f"expected a limit to add to, got none of {said.unit} for {on}: "
                "it may use as much as it likes"
            )
        made = gift(at.calendar, at.now, at.of("grants"), on, said.unit, found, said.figure)
        note = await at.note(on)
    if made.after > words.MOST_GRANTED:
        raise ConfigError(f"expected at most {words.MOST_GRANTED} granted, got {made.after}")
    answer = await decide(config, [made.grant])
    granted = Decimal(answer["granted"][made.grant.name])
    before = amount(said.unit, made.limit + granted - said.figure)
    say(
        f"{on}, {described(said.unit, made.period)}: {before} → "
        f"{amount(said.unit, made.limit + granted)}, {amount(said.unit, granted)} of it granted, "
        f"until {made.until:%Y-%m-%d %H:%M} {config.people.timezone}",
        note,
    )


def bind(options: argparse.Namespace) -> int:
    config, who = configured(options.config), person(options.who)
    token = of_key(config, options.token) if options.key else named(config, options.token)
    run_async(bind_to(config, who, token))
    return 0


async def bind_to(config: Config, who: str, token: str) -> None:
    """ "" is the common key."""
    async with desk(config) as at:
        before, note = at.token(who), await at.note(f"person:{who}")
    unbound = NO_BINDING if who in config.bindings else None
    await decide(config, [SetSetting(scope="bindings", name=who, value=token or unbound)])
    say(f"{who}: {before or 'the common key'} → {token or 'the common key'}", note)


def named(config: Config, word: str) -> str:
    """A token that is configured; "" for none. Raises ConfigError."""
    tokens = [f"{entry.name}:{name}" for entry in config.relays for name in entry.tokens]
    if word == NO_BINDING:
        return ""
    if word in tokens:
        return word
    known = ", ".join(tokens) or "none is there"
    got = "what may be a key (not shown)" if looks_secret(word) else f'"{word}"'
    raise ConfigError(
        f"expected the name of a token ({known}) or none, got {got}. Keys are named under "
        "[relays.NAME.tokens]; with --key one is found by the key itself"
    )


def of_key(config: Config, relay: str) -> str:
    """Which token of a relay the key on standard input is: all are compared, each in constant
    time, and it is kept nowhere. Raises ConfigError."""
    entry = next((entry for entry in config.relays if entry.name == relay), None)
    if entry is None:
        names = ", ".join(entry.name for entry in config.relays)
        got = "what may be a key (not shown)" if looks_secret(relay) else f'"{relay}"'
        raise ConfigError(f"expected a relay, {names}, with --key; got {got}")
    given = sys.stdin.readline().strip()
    fitting = [name for name, key in entry.tokens.items() if key.matches(given)]
    if fitting:
        return f"{relay}:{fitting[0]}"
    common = any(key.matches(given) for key in (entry.key, *entry.keys))
    got = "the common key, which nobody needs to be bound to" if common else "another key"
    got = got if given else "nothing"
    raise ConfigError(
        f"relays.{relay}.tokens: expected the key of one of them on standard input, got {got}. "
        'Name it there first, as in alice = "file:secrets/alice"'
    )


# -- words -----------------------------------------------------------------------------


def understood(text: str) -> Said:
    """Raises ConfigError."""
    said = words.read(text)
    if said.wrong:
        raise ConfigError(
            f"expected an amount that can be counted, got {said.wrong}: messages, tokens, images "
            "and seconds are whole numbers, dollars have nine decimals at most"
        )
    if said.strange:
        raise ConfigError(
            f'expected an amount as in "5 usd", got "{said.strange[:60]}" in "{shown(text)}"'
        )
    return said


def shown(text: str) -> str:
    return text[:60]


def amount(unit: Unit, figure: Decimal | None) -> str:
    if figure is None:
        return "unlimited"
    return figure_set(unit, figure)


def described(unit: Unit, period: Period) -> str:
    return f"{'seconds of audio' if unit == 'audio_s' else unit} a {period}"


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines if line))
