"""What people are told where a limit holds: which, how much, when it renews, whom to ask."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from bots.texts.catalogue import Catalogue
from core.amounts import UNITS, Unit, figure, figure_set, kept
from core.bot import Bot
from core.command import Ask
from core.model import Address, Language, Message, Text
from core.people import Role
from core.ports.ledger import Ceiling, Exceeded, Period
from core.quota.limits import PERIODS
from core.refusal import refusal

TEXTS = Catalogue()
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)
DECEMBER = datetime(2026, 11, 30, 16, tzinfo=UTC)
SCOPES = ("person:qq:ann", "group:qq:club", "bot:b", "all")
LANGUAGES: tuple[Language, ...] = ("en", "zh")

ASK = Ask(
    message=Message(
        id="m",
        key="k",
        address=Address(platform="qq", bot="b", chat="c", sender="ann"),
        parts=(Text(text="hello"),),
        sent_at=NOW,
    ),
    bot=Bot(name="b", platform="qq"),
    conversation="c",
    person="qq/b/ann",
    role=Role.MEMBER,
    language="en",
    settings={},
    user="",
    zone=ZoneInfo("Asia/Shanghai"),
)


def exceeded(scope: str, unit: Unit, period: Period) -> Exceeded:
    ceiling = Ceiling(
        scope=scope, unit=unit, period=period, since="2026-11-21", limit=kept(unit, Decimal(50))
    )
    return Exceeded(ceiling=ceiling, used=kept(unit, Decimal(49)), wanted=kept(unit, Decimal(3)))


@pytest.mark.parametrize(
    ("scope", "unit", "period", "language"), list(product(SCOPES, UNITS, PERIODS, LANGUAGES))
)
def test_a_refusal_says_which_limit_how_much_when_and_whom_to_ask(
    scope: str, unit: Unit, period: Period, language: Language
) -> None:
    over = exceeded(scope, unit, period)
    renews = MIDNIGHT if period == "day" else DECEMBER
    ask = replace(ASK, language=language, role=Role.ADMIN)
    told = refusal(TEXTS, ask, over, NOW, renews, "@alice")
    when = "00:00 Asia/Shanghai" if period == "day" else "2026-12-01 00:00 Asia/Shanghai"
    assert when in told
    assert figure(unit, over.used) in told
    assert figure(unit, over.ceiling.limit) in told
    if (scope, unit, period) == ("person:qq:ann", "messages", "day"):
        return
    assert figure(unit, over.wanted) in told
    assert "@alice" in told
    assert TEXTS.say(f"limit_{scope.partition(':')[0]}", language) in told
    assert TEXTS.say(f"limit_{unit}_{period}", language) in told


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
@pytest.mark.parametrize(("unit", "language"), list(product(UNITS, LANGUAGES)))
def test_what_all_use_together_is_told_to_admins_alone(
    unit: Unit, language: Language, role: Role
) -> None:
    ask = replace(ASK, language=language, role=role)
    for scope in ("bot:b", "all"):
        told = refusal(TEXTS, ask, exceeded(scope, unit, "day"), NOW, MIDNIGHT, "@alice")
        words = told.replace("00:00", "").replace("@alice", "")
        assert not any(sign.isdigit() or sign in "$%" for sign in words)
        assert "00:00 Asia/Shanghai" in told
        assert "@alice" in told
        assert TEXTS.say(f"limit_{scope.partition(':')[0]}", language) in told
        assert TEXTS.say(f"limit_{unit}_day", language) in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nobody_is_named_whoever_runs_the_bot_is_to_be_asked(language: Language) -> None:
    ask = replace(ASK, language=language)
    told = refusal(TEXTS, ask, exceeded("all", "usd", "day"), NOW, MIDNIGHT, "")
    assert TEXTS.say("limit_contact", language) in told


def test_times_are_in_the_persons_own_zone() -> None:
    ask = replace(ASK, zone=ZoneInfo("Europe/Berlin"))
    told = refusal(TEXTS, ask, exceeded("all", "usd", "day"), NOW, MIDNIGHT, "")
    assert "17:00 Europe/Berlin" in told


@pytest.mark.parametrize(
    ("unit", "amount", "read"),
    [
        ("usd", 12_345_678, "$0.0123"),
        ("usd", 0, "$0.00"),
        ("audio_s", 61_500, "61.5"),
        ("audio_s", 600_000, "600"),
        ("tokens", 4_100, "4,100"),
        ("messages", 0, "0"),
    ],
)
def test_figures_read_as_people_write_them(unit: Unit, amount: int, read: str) -> None:
    assert figure(unit, amount) == read


@pytest.mark.parametrize(("unit", "amount"), [("tokens", "20000"), ("usd", "5"), ("audio_s", "60")])
def test_what_was_set_reads_as_what_is_left_of_it(unit: Unit, amount: str) -> None:
    assert figure_set(unit, Decimal(amount)) == figure(unit, kept(unit, Decimal(amount)))
