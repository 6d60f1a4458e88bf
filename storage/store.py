"""The store: what the core's ports ask, answered by a backend."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.amounts import Amounts
from core.errors import StoreError
from core.model import Deciding, Limit, Message, PartState, SetSetting, Spend, Turn
from core.ports.ledger import Account, Booking, Exceeded, Scope
from core.ports.store import Claim, Commit, Exchange, Spent, Unfinished, Waiting
from core.quota.report import Report
from storage.announcing import StoredAnnouncements, SweepLetters
from storage.aside import Backlog, Count, Drop, PutBack
from storage.batcher import Batcher
from storage.cache import Cache
from storage.groups import GroupSettings
from storage.media import FileMedia
from storage.memo import StoredMemo
from storage.operation import (
    Accept,
    Book,
    Carried,
    CarryAgain,
    Charge,
    Check,
    Decide,
    Enter,
    Erase,
    Expected,
    Expire,
    Expired,
    Export,
    Finish,
    Finished,
    Fire,
    GroupsSet,
    Held,
    Known,
    Lapse,
    LayAside,
    Log,
    Mark,
    Operation,
    Own,
    Pair,
    Pending,
    Recall,
    Referenced,
    Release,
    Rest,
    Seen,
    SentThen,
    Settings,
    Shelved,
    Show,
    Sum,
    Take,
    Tell,
    Unpriced,
    Untell,
    Used,
)
from storage.readings import StoredReadings, SweepReadings
from storage.recent import Recent
from storage.spending import Spending
from storage.sqlite.database import Database

KEYS_KEPT = timedelta(days=7)
"""Platforms deliver a message again for as long as this (promise 7)."""

COUNTERS_KEPT = timedelta(days=63)
"""Longer than any period that is limited, and gifts with them; what was spent itself stays."""

SWEPT_AT_ONCE = 500

Now = Callable[[], datetime]


def system_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep erased: messages of their content or whole, and files."""

    messages: int
    files: int


class SqlStore:
    """`core.ports.store.Store` over one database. Belongs to one event loop."""

    def __init__(
        self, database: Database, media: FileMedia, *, queue_limit: int, now: Now = system_now
    ) -> None:
        self._database = database
        self._now = now
        self._media = media
        self._groups = GroupSettings({})
        self._closed = False
        self._accept_limit = queue_limit // 2
        self._writes = Batcher(database.writer, observer=self._written, queue_limit=queue_limit)
        self._reads = Batcher(database.reader, queue_limit=queue_limit)
        self._recent = Cache[Recent](
            lambda recent: recent.weight, weight_limit=32_000_000, count_limit=10_000
        )
        self._settings = Cache[Mapping[str, str]](
            lambda _: 1, weight_limit=20_000, count_limit=20_000
        )

    @classmethod
    async def open(
        cls,
        url: str,
        media: FileMedia,
        *,
        busy_timeout_s: float = 2.0,
        queue_limit: int = 8192,
        now: Now = system_now,
    ) -> "SqlStore":
        """Open `sqlite:///path`, creating or upgrading it.

        `busy_timeout_s`: how long another process's lock is waited for.
        `queue_limit`: operations that may wait; new messages get half of it.
        `now`: the time by which claims and tries are noted, UTC and aware.
        Raises StoreError, NewerSchema.
        """
        database = await Database.open(url, busy_timeout_s=busy_timeout_s)
        return await cls.over(database, media, queue_limit=queue_limit, now=now)

    @classmethod
    async def over(
        cls,
        database: Database,
        media: FileMedia,
        *,
        queue_limit: int = 8192,
        now: Now = system_now,
    ) -> "SqlStore":
        """A store over a database that is open. It is closed with it, or where this raises.

        Raises StoreError.
        """
        store = cls(database, media, queue_limit=queue_limit, now=now)
        try:
            store._groups = GroupSettings(await store._reads.submit(GroupsSet()))
        except StoreError:
            await store.close()
            raise
        return store

    async def close(self, timeout_s: float = 1.0) -> None:
        """Write what waits, within a bound; what could not be written fails with StoreError.

        Closing again does nothing.
        """
        if self._closed:
            return
        self._closed = True
        flushed, _ = await asyncio.gather(
            self._writes.close(timeout_s), self._reads.close(timeout_s)
        )
        if not flushed:
            self._database.writer.interrupt()
        await self._database.close()

    # -- inbox ---------------------------------------------------------------

    async def accept(self, message: Message, conversation: str, received_at: datetime) -> bool:
        if self._writes.waiting >= self._accept_limit:
            raise StoreError(
                f"store: {self._writes.waiting} writes are waiting already, so no new message "
                "is taken: the disk is slower than what comes in",
                retry_after_s=1.0,
            )
        return await self._writes.submit(
            Accept(message=message, conversation=conversation, received_at=received_at)
        )

    async def known(self, message: Message) -> bool:
        platform, bot = message.address.platform, message.address.bot
        return await self._reads.submit(Known(platform=platform, bot=bot, key=message.key))

    async def claim(self, message_id: str, owner: str, booking: Booking | None) -> Claim:
        """Raises MessageEnded if the message is not there to be answered (any more)."""
        return await self._writes.submit(
            Take(message_id=message_id, owner=owner, booking=booking, at=self._now())
        )

    async def book(self, message_id: str, booking: Booking) -> Exceeded | None:
        return await self._writes.submit(Book(message_id=message_id, booking=booking))

    async def release(
        self,
        message_id: str,
        owner: str,
        account: Account | None = None,
        spends: Sequence[Spend] = (),
    ) -> bool:
        return await self._writes.submit(
            Release(message_id=message_id, owner=owner, account=account, spends=tuple(spends))
        )

    async def rest(self, message_id: str, owner: str, *, rests: bool) -> None:
        await self._writes.submit(Rest(message_id=message_id, owner=owner, rests=rests))

    async def unfinished(self) -> Sequence[Unfinished]:
        """Messages still to be answered, and replies with a PENDING or TRYING part.

        Oldest first. A part left LATER, UNKNOWN or REFUSED is settled: it
        makes no reply unfinished.
        """
        return await self._reads.submit(Pending())

    # -- history -------------------------------------------------------------

    async def recent(self, conversation: str, chars: Limit) -> Sequence[Turn]:
        known = self._recent.get(conversation)
        if known is None or not known.covers(chars):
            known = await self._recent.load(conversation, lambda: self._recall(conversation, chars))
        return known.latest(chars)

    async def log(self, conversation: str, count: int) -> Sequence[Turn]:
        return await self._reads.submit(Log(conversation=conversation, count=count))

    async def own(self, conversation: str, person: str, count: int) -> Sequence[Turn]:
        return await self._reads.submit(Own(conversation=conversation, person=person, count=count))

    async def pair(self, message_id: str) -> Sequence[Turn]:
        return await self._reads.submit(Pair(message_id=message_id))

    async def _recall(self, conversation: str, chars: Limit) -> Recent:
        turns = await self._reads.submit(Recall(conversation=conversation, chars=chars))
        return Recent(turns, chars)

    # -- outbox --------------------------------------------------------------

    async def commit(self, commit: Commit) -> None:
        """The same commit again changes nothing.

        Raises MessageEnded for another answer to an ended or forgotten message:
        that answer must not be sent.
        """
        finished = await self._writes.submit(Finish(commit=commit))
        await self._discard(finished.orphans)

    async def tell(self, commit: Commit) -> bool:
        return await self._writes.submit(Tell(commit=commit))

    async def untell(self, commit: Commit, reason: str) -> None:
        await self._writes.submit(Untell(commit=commit, reason=reason, at=self._now()))

    async def set_aside(self, message_id: str, reason: str) -> None:
        await self._writes.submit(LayAside(message_id=message_id, reason=reason))

    async def charge(self, message_id: str, account: Account, spends: Sequence[Spend]) -> None:
        await self._writes.submit(
            Charge(message_id=message_id, account=account, spends=tuple(spends))
        )

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        await self._writes.submit(
            Mark(reply_id=reply_id, position=index, state=state, receipt=receipt, at=self._now())
        )

    # -- people --------------------------------------------------------------

    async def settings(self, scope: str) -> Mapping[str, str]:
        known = self._settings.get(scope)
        if known is None:
            known = await self._settings.load(
                scope, lambda: self._reads.submit(Settings(scope=scope))
            )
        return dict(known)

    async def used(self, scope: Scope, since: str) -> Amounts:
        return await self._reads.submit(Used(scope=scope, since=since))

    async def held(self, scope: Scope, since: str, now: datetime) -> Amounts:
        return await self._reads.submit(Held(scope=scope, since=since, now=now))

    async def unpriced(self, scope: Scope, since: str) -> int:
        return await self._reads.submit(Unpriced(scope=scope, since=since))

    async def seen(self, scope: Scope, bots: Sequence[str]) -> bool:
        return await self._reads.submit(Seen(scope=scope, bots=bots))

    async def spent(self, identity: str, since: str = "") -> Sequence[Spent]:
        return await self._reads.submit(Sum(identity=identity, since=since))

    async def export(self, person: str) -> dict[str, object]:
        return await self._reads.submit(Export(person=person))

    def group(self, scope: str) -> Mapping[str, str]:
        return self._groups.of(scope)

    def decided(self, scope: str) -> Mapping[str, str]:
        return self._groups.of(scope)

    # -- shelf ---------------------------------------------------------------

    async def waiting(self, platform: str, bot: str, chat: str) -> Sequence[Waiting]:
        return await self._reads.submit(Shelved(platform=platform, bot=bot, chat=chat))

    async def expected(self, platform: str, bot: str, chat: str) -> Sequence[str]:
        """Of the chat's latest messages."""
        return await self._reads.submit(Expected(platform=platform, bot=bot, chat=chat))

    async def carried(self, platform: str, bot: str, chat: str, receipt: str) -> Waiting | None:
        """Among the parts of the chat's latest messages."""
        return await self._reads.submit(
            Carried(platform=platform, bot=bot, chat=chat, receipt=receipt)
        )

    async def carry_again(self, reply_id: str, index: int, receipt: str) -> None:
        await self._writes.submit(CarryAgain(reply_id=reply_id, position=index, receipt=receipt))

    async def sent(
        self, platform: str, bot: str, chat: str, since: datetime, until: datetime
    ) -> Sequence[Waiting]:
        """Among the parts of the chat's latest messages."""
        return await self._reads.submit(
            SentThen(platform=platform, bot=bot, chat=chat, since=since, until=until)
        )

    def memo(self, bot: str) -> StoredMemo:
        """What the bot's adapter keeps between starts."""
        return StoredMemo(owner=bot, writes=self._writes, reads=self._reads)

    @property
    def readings(self) -> StoredReadings:
        """What relays said of their accounts."""
        return StoredReadings(writes=self._writes, reads=self._reads)

    @property
    def announcements(self) -> StoredAnnouncements:
        """What is told on our own initiative."""
        return StoredAnnouncements(writes=self._writes, reads=self._reads)

    # -- transcript ----------------------------------------------------------

    async def exchanges(self, platform: str, bot: str, chat: str, count: int) -> Sequence[Exchange]:
        return await self._reads.submit(Show(platform=platform, bot=bot, chat=chat, count=count))

    # -- the process's own ---------------------------------------------------

    async def check(self, now: datetime) -> None:
        """Write something of no consequence. Raises StoreError if nothing can be stored now."""
        await self._writes.submit(Check(at=now))

    async def fire(self, job: str, at: datetime) -> bool:
        """Note a schedule's firing; False if it was noted before."""
        return await self._writes.submit(Fire(job=job, at=at))

    async def sweep(
        self, now: datetime, *, keep_days: Limit, media_grace_s: float = 3600.0
    ) -> Swept:
        """Erase content of messages that ended more than `keep_days` ago, and idle files.

        Dedupe keys stay for a week at least; spends stay.
        """
        messages = 0
        if keep_days != "unlimited":
            before = now - timedelta(days=keep_days)
            messages = await self._sweep_messages(now, before)
            await self._writes.submit(SweepReadings(before=before))
            await self._writes.submit(SweepLetters(before=before))
        await self._writes.submit(Lapse(at=now))
        await self._writes.submit(
            Expire(day=(now - COUNTERS_KEPT).date().isoformat(), at=now - KEYS_KEPT)
        )
        files = await self._media.sweep(
            self._referenced, grace_s=media_grace_s, now_s=now.timestamp()
        )
        return Swept(messages=messages, files=files)

    async def _sweep_messages(self, now: datetime, before: datetime) -> int:
        """By some hundreds, so that other work gets in between."""
        keys_before = min(before, now - KEYS_KEPT)
        count, after = 0, 0
        while True:
            found = await self._reads.submit(
                Expired(before=before, keys_before=keys_before, after=after, count=SWEPT_AT_ONCE)
            )
            if found.until is None:
                return count
            if found.message_ids:
                erase = Erase(message_ids=found.message_ids, keys_before=keys_before)
                await self._discard(await self._writes.submit(erase))
            after = found.until
            count += len(found.message_ids)

    async def _referenced(self, blobs: tuple[str, ...]) -> frozenset[str]:
        return await self._reads.submit(Referenced(blobs=blobs))

    async def _discard(self, orphans: tuple[str, ...]) -> None:
        """Ask again: others may need them by now. What is left, the next sweep deletes."""
        if not orphans:
            return
        with suppress(OSError, StoreError):
            needed = await self._referenced(orphans)
            await self._media.discard(blob for blob in orphans if blob not in needed)

    # -- the operator's ---------------------------------------------------------

    @property
    def writes_waiting(self) -> int:
        """Writes that are not handed to the disk yet."""
        return self._writes.waiting

    async def decide(self, settings: Sequence[Deciding], by: str, order: str = "") -> bool:
        """Under scopes of `core.model.DECISIONS`; read at once by `decided`. False if this
        `order`, a name that no two have, was carried out in the last KEYS_KEPT."""
        return await self._writes.submit(
            Decide(settings=tuple(settings), by=by, at=self._now(), order=order)
        )

    async def enter(self, name: str, account: Account, spends: Sequence[Spend]) -> bool:
        """Write down what no message asked for, under a `name` that no two have; once."""
        return await self._writes.submit(Enter(name=name, account=account, spends=tuple(spends)))

    async def spending(self, since: str, until: str) -> Report:
        """Of the accounting days, YYYY-MM-DD, from `since` to `until`, both in it."""
        lines = await self._reads.submit(Spending(since=since, until=until))
        return Report(since=since, until=until, lines=lines)

    async def backlog(self) -> Backlog:
        return await self._reads.submit(Count())

    async def put_back(self, message_ids: Sequence[str]) -> tuple[str, ...]:
        """As `PutBack`; which were put back. They are unfinished from now on."""
        operation = PutBack(message_ids=tuple(message_ids), at=self._now())
        renewed, _ = await self._writes.submit(operation)
        return renewed

    async def drop(self, message_ids: Sequence[str]) -> tuple[str, ...]:
        """As `Drop`; which were dropped."""
        dropped, finished = await self._writes.submit(Drop(message_ids=tuple(message_ids)))
        await self._discard(finished.orphans)
        return dropped

    # -- what is kept in memory ----------------------------------------------

    def _written(self, operation: Operation[Any], outcome: object) -> None:
        """Keep memory right with every commit, whoever still waits for it."""
        match operation, outcome:
            case Finish(commit=commit), Finished() as finished:
                self._finished(commit, finished)
            case Finish(commit=commit), _:
                self._recent.drop(commit.conversation)
            case Decide(settings=settings), True:
                self._groups.apply(settings)
            case Expire(), tuple() as gifts:
                self._groups.drop("grants", gifts)
            case Tell(commit=commit) | Untell(commit=commit), _:
                for effect in commit.effects:
                    if isinstance(effect, SetSetting):
                        self._settings.drop(effect.scope)
            case Erase() | PutBack() | Drop(), _:
                self._recent.clear()
            case _:
                pass

    def _finished(self, commit: Commit, finished: Finished) -> None:
        for key in finished.changed:
            self._recent.drop(key)
            self._settings.drop(key)
        if finished.applied:
            self._groups.apply(commit.effects)
        if finished.applied and commit.turns:
            self._recent.change(commit.conversation, lambda r: r.followed_by(commit.turns))
