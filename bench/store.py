"""How many whole messages a second the store takes, beside a session for each step.

    python -m bench.store [--messages 20000] [--at-once 50]

A whole message is accept, claim, commit (two turns, a reply of one part, a
spend, the done mark) and two marks, each awaited before the next, by
`--at-once` conversations side by side. The baseline does the same through
SQLModel sessions, one commit a step. Both at synchronous=FULL, which is
asserted.
"""

import argparse
import asyncio
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from msgspec import structs
from sqlalchemy import Engine, create_engine, event
from sqlmodel import Session, col, select

from core.amounts import Amounts
from core.model import (
    Address,
    Message,
    PartState,
    Reply,
    Spend,
    Text,
    Turn,
    conversation_key,
    person_key,
)
from core.ports.ledger import Account, Booking, Ceiling
from core.ports.store import Commit
from storage.media import FileMedia
from storage.rows import INBOX, REPLY, TURN, inbox_row, reply_row, spend_row, turn_row
from storage.store import SqlStore
from storage.tables import (
    CounterRow,
    InboxRow,
    PartRow,
    ReplyRow,
    Row,
    SpendRow,
    TurnRow,
    from_us,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = "2026-11-21"
WORDS = "The quick brown fox jumps over the lazy dog. " * 4

Whole = Callable[[Message, Commit], Awaitable[None]]


def message_of(user: int, number: int) -> tuple[Message, Commit]:
    """A question of 180 characters and an answer of 360."""
    who = f"user{user}"
    address = Address(platform="web", bot="bench", chat=who, sender=who)
    message = Message(
        id=f"m{user:04}-{number:06}",
        key=f"{who}-{number}",
        address=address,
        parts=(Text(text=WORDS),),
        sent_at=NOW,
        raw='{"update_id": 1}',
    )
    reply = Reply(
        id=f"r{message.id}", answers=message.id, to=address, parts=(Text(text=WORDS * 2),)
    )
    turns = (
        Turn(role="user", text=WORDS, message_id=message.id, at=NOW),
        Turn(role="assistant", text=WORDS * 2, message_id=message.id, at=NOW),
    )
    spend = Spend(
        kind="chat", relay="main", model="m", at=NOW, prompt_tokens=50, completion_tokens=90
    )
    return message, Commit(
        message_id=message.id,
        conversation=conversation_key(address),
        person=person_key(address),
        at=NOW,
        reply=reply,
        turns=turns,
        spends=(spend,),
    )


def booking_of(commit: Commit) -> Booking:
    """One message, of a limit that nobody reaches."""
    account = account_of(commit)
    ceiling = Ceiling(
        scope=account.scopes[0], unit="messages", period="day", since=DAY, limit=1_000_000
    )
    return Booking(
        account=account,
        kind="chat",
        amounts=Amounts(messages=1),
        at=NOW,
        until=NOW + timedelta(hours=1),
        ceilings=(ceiling,),
    )


def account_of(commit: Commit) -> Account:
    return Account(
        person=commit.person,
        conversation=commit.conversation,
        identity=commit.person,
        bot="bench",
        day=DAY,
    )


def through(store: SqlStore) -> Whole:
    async def whole(message: Message, commit: Commit) -> None:
        await store.accept(message, commit.conversation, NOW)
        await store.claim(message.id, "boot", booking_of(commit))
        await store.recent(commit.conversation, 2000)
        await store.commit(structs.replace(commit, account=account_of(commit)))
        await store.mark(f"r{message.id}", 0, PartState.TRYING)
        await store.mark(f"r{message.id}", 0, PartState.SENT, "receipt")

    return whole


class Sessions:
    """The naive way: SQLModel rows, a session and a commit for each step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def whole(self, message: Message, commit: Commit) -> None:
        for step in (self._accept, self._claim, self._commit, self._mark, self._mark):
            await asyncio.to_thread(step, message, commit)

    def _accept(self, message: Message, commit: Commit) -> None:
        values = dict(zip(INBOX, inbox_row(message, commit.conversation, NOW), strict=True))
        with Session(self._engine) as session:
            session.add(InboxRow(**{**values, "received_at": NOW}))
            session.commit()

    def _claim(self, message: Message, commit: Commit) -> None:
        with Session(self._engine) as session:
            row = session.exec(select(InboxRow).where(InboxRow.id == message.id)).one()
            row.attempt += 1
            used = session.get(CounterRow, (commit.person, DAY))
            if used is None:
                used = CounterRow(scope=commit.person, day=DAY)
            used.messages += 1
            session.add_all((row, used))
            session.commit()

    def _commit(self, message: Message, commit: Commit) -> None:
        reply = commit.reply
        assert reply
        with Session(self._engine) as session:
            session.exec(
                select(TurnRow)
                .where(TurnRow.conversation == commit.conversation)
                .order_by(col(TurnRow.seq).desc())
                .limit(8)
            ).all()
            row = session.exec(select(InboxRow).where(InboxRow.id == message.id)).one()
            row.state, row.answered_at = "answered", NOW
            turns = [
                dict(zip(TURN, turn_row(turn, commit.conversation), strict=True))
                for turn in commit.turns
            ]
            account = account_of(commit)
            spends = [_spend_values(spend, account, commit.message_id) for spend in commit.spends]
            session.add_all(TurnRow(**_aware(values)) for values in turns)
            session.add_all(SpendRow(**_aware(values)) for values in spends)
            values = dict(zip(REPLY, reply_row(reply, commit.message_id, NOW), strict=True))
            session.add(ReplyRow(**_aware(values)))
            session.add(PartRow(reply_id=reply.id, position=0, state="pending"))
            session.add(row)
            session.commit()

    def _mark(self, message: Message, _commit: Commit) -> None:
        with Session(self._engine) as session:
            part = session.get(PartRow, (f"r{message.id}", 0))
            assert part
            part.state = "sent"
            session.add(part)
            session.commit()


def _spend_values(spend: Spend, account: Account, message_id: str) -> dict[str, object]:
    names = [column.name for column in SpendRow.table().columns if column.name != "seq"]
    return dict(zip(names, spend_row(spend, account, message_id), strict=True))


def _aware(values: dict[str, object]) -> dict[str, object]:
    at = values["at"]
    assert isinstance(at, int)
    return {**values, "at": from_us(at)}


async def measure(name: str, whole: Whole, messages: int, at_once: int) -> float:
    """Prints and answers messages a second."""
    each = messages // at_once
    work = [[message_of(user, number) for number in range(each)] for user in range(at_once)]
    took_ms: list[float] = []

    async def converse(mine: list[tuple[Message, Commit]]) -> None:
        for message, commit in mine:
            started = time.perf_counter()
            await whole(message, commit)
            took_ms.append((time.perf_counter() - started) * 1e3)

    gc.collect()
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(converse(mine) for mine in work))
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    count = each * at_once
    cuts = quantiles(took_ms, n=100)
    print(
        f"{name:34} {count / elapsed:8.0f} messages/s  {cpu / count * 1e3:6.3f} ms CPU each  "
        f"p50 {cuts[49]:6.1f} ms  p99 {cuts[98]:6.1f} ms"
    )
    return count / elapsed


async def ours(folder: Path, messages: int, at_once: int) -> float:
    store = await SqlStore.open(f"sqlite:///{folder}/ours.db", FileMedia(folder / "media"))
    connection = store._database.writer._connection  # noqa: SLF001
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    rate = await measure("the store", through(store), messages, at_once)
    await store.close()
    return rate


async def naive(folder: Path, messages: int, at_once: int) -> float:
    engine = create_engine(f"sqlite:///{folder}/naive.db", connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def _full(connection, _record) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)

    Row.metadata.create_all(engine)
    rate = await measure("SQLModel, a session a step", Sessions(engine).whole, messages, at_once)
    engine.dispose()
    return rate


async def main() -> None:
    parser = argparse.ArgumentParser(description="messages a second through the store")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; default: a new one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        rates = []
        for turn in range(3):
            place = folder / str(turn)
            place.mkdir()
            baseline = await naive(place, max(given.messages // 20, given.at_once), given.at_once)
            rates.append(await ours(place, given.messages, given.at_once) / baseline)
    print(f"the store is {sorted(rates)[1]:.0f} times the baseline (median of {len(rates)} turns)")


if __name__ == "__main__":
    asyncio.run(main())
