"""When a reservation ends, to the microsecond, and what the messages of one batch add up to."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from core.amounts import Amounts
from core.ports.ledger import Account, Booking
from storage.operation import Book, Charge, Lapse
from tests.store.both import Both, spend_of
from tests.store.talk import NOW
from tests.store.test_accounts import Ledger

HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
ANN = Account(
    person="web/bot/ann", conversation="c", identity="web:ann", bot="bot", day="2026-11-21"
)
BOB = replace(ANN, person="web/bot/bob", identity="web:bob")


@pytest.fixture
def both() -> Iterator[Both]:
    made = Both()
    yield made
    made.connection.close()


def book(both: Both, name: str, at: datetime, tokens: int = 1) -> None:
    booking = Booking(
        account=ANN, kind="chat", amounts=Amounts(tokens=tokens), at=at, until=at + HOUR
    )
    assert both.apply(Book(message_id=name, booking=booking)) is None


def lapsed(both: Both, at: datetime) -> object:
    """How many ended, of which nobody works any more."""
    return both.apply(Lapse(at=at))


def test_a_reservation_stands_until_its_hour_is_over_and_not_a_moment_longer(both: Both) -> None:
    book(both, "m1", NOW)
    assert lapsed(both, NOW + HOUR - MICROSECOND) == 0
    assert lapsed(both, NOW + HOUR) == 1
    assert lapsed(both, NOW + HOUR) == 0


@pytest.mark.parametrize("anew", [False, True])
def test_what_is_booked_beside_it_makes_it_stand_longer(both: Both, anew: bool) -> None:
    book(both, "m1", NOW)
    book(both, "m1", NOW + HOUR / 2, tokens=2)
    if anew:
        both.start_anew()
    assert lapsed(both, NOW + HOUR) == 0
    assert lapsed(both, NOW + 1.5 * HOUR) == 1
    assert both.rows("SELECT prompt_tokens FROM spends") == [(3,)]


def test_each_ends_at_its_own_time(both: Both) -> None:
    for number in range(3):
        book(both, f"m{number}", NOW + number * HOUR / 2)
    assert [lapsed(both, NOW + HOUR + number * HOUR / 2) for number in range(4)] == [1, 1, 1, 0]


def test_what_the_messages_of_one_batch_spent_is_added_up(both: Both) -> None:
    charges = [
        Charge(message_id=name, account=account, spends=(spend_of(Amounts(tokens=tokens), NOW),))
        for name, account, tokens in (("m1", ANN, 3), ("m2", BOB, 4), ("m3", ANN, 5))
    ]
    both.apply_all(charges)
    both.apply_all(charges[:1])
    assert dict(both.rows("SELECT scope, tokens FROM counters")) == {
        "person:web:ann": 11,
        "person:web:bob": 4,
        "bot:bot": 15,
        "all": 15,
    }


def test_a_process_that_ends_in_order_leaves_nothing_reserved() -> None:
    ledger = Ledger()
    ledger.comes("ann", "", "bot")
    ledger.claim(0, Amounts(messages=1, tokens=4), "boot")
    ledger.release(0, 0.5, own=True)
    assert ledger.both.rows("SELECT 1 FROM reservations") == []
    assert ledger.both.rows("SELECT prompt_tokens FROM spends") == [(2,)]
    ledger.the_dicts_say_the_same()
    ledger.teardown()
