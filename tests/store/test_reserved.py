"""What is in memory beside the tables: a batch's sums, and what is reserved."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from core.amounts import Amounts
from core.errors import StoreInvalid
from core.ports.ledger import Account, Booking, Ceiling, Exceeded
from storage.operation import Book, Charge
from storage.sqlite.connection import open_writer
from storage.sqlite.schema import prepare
from storage.sqlite.writer import Writer
from tests.store.both import Both, spend_of
from tests.store.talk import NOW

HOUR = timedelta(hours=1)
DAY = "2026-11-21"


def booked(who: str, tokens: int, limit: int) -> Booking:
    account = Account(
        person=f"web/bot/{who}", conversation="c", identity=f"web:{who}", bot="bot", day=DAY
    )
    ceiling = Ceiling(scope="all", unit="tokens", period="day", since=DAY, limit=limit)
    return Booking(
        account=account,
        kind="chat",
        amounts=Amounts(tokens=tokens),
        at=NOW,
        until=NOW + HOUR,
        ceilings=(ceiling,),
    )


def test_one_batch_counts_what_it_spent_and_reserved_itself() -> None:
    """The counters are written at its end: a claim behind must not be given what is used up."""
    both = Both()
    ann, bob = booked("ann", 6, limit=10), booked("bob", 5, limit=10)
    charge = Charge(
        message_id="m1", account=ann.account, spends=(spend_of(Amounts(tokens=6), NOW),)
    )
    _, _, exceeded = both.apply_all(
        [Book(message_id="m1", booking=ann), charge, Book(message_id="m2", booking=bob)]
    )
    assert exceeded == Exceeded(ceiling=bob.ceilings[0], used=6, wanted=5)
    assert both.rows("SELECT tokens FROM counters WHERE scope = 'all'") == [(6,)]
    both.connection.close()


def test_what_another_process_reserved_counts_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    with closing(open_writer(path, 2.0)) as one, closing(open_writer(path, 2.0)) as other:
        prepare(one, path)
        here, there = Both.over(one), Both.over(other)
        assert here.apply(Book(message_id="m1", booking=booked("ann", 1, limit=10))) is None
        assert there.apply(Book(message_id="m2", booking=booked("bob", 6, limit=10))) is None
        asked = booked("eve", 4, limit=10)
        exceeded = here.apply(Book(message_id="m3", booking=asked))
        assert exceeded == Exceeded(ceiling=asked.ceilings[0], used=7, wanted=4)
        free = Charge(message_id="m2", account=asked.account, spends=())
        there.apply(free)
        assert here.apply(Book(message_id="m3", booking=asked)) is None


async def test_what_cannot_be_counted_fails_alone(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    writer = await Writer.open(path, busy_timeout_s=2.0)
    account = booked("ann", 1, limit=10).account
    charges = [
        Charge(
            message_id=f"m{tokens}",
            account=account,
            spends=(spend_of(Amounts(tokens=tokens), NOW),),
        )
        for tokens in (3, 2**64, 4)
    ]
    first, failed, last = await writer.execute(charges)
    assert (first, last) == (None, None)
    assert isinstance(failed, StoreInvalid)
    await writer.close()
    with closing(sqlite3.connect(path)) as seen:
        assert seen.execute("SELECT sum(prompt_tokens) FROM spends").fetchall() == [(7,)]
        counted = seen.execute("SELECT tokens FROM counters WHERE scope = 'all'").fetchall()
        assert counted == [(7,)]
