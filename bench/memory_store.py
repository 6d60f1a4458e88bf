"""A store of dicts: what the bot would reach if nothing had to be kept.

It answers as `storage.store.SqlStore` does, at once and on the event loop, and forgets
all when the process ends. The tests of the store's behaviour hold it to that.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from msgspec import structs

from bench.memory import Answer, Kept, Memory
from core.amounts import Amounts
from core.delivery import SETTLED
from core.errors import MessageEnded, StoreInvalid
from core.model import (
    Forget,
    Grant,
    Limit,
    Message,
    PartState,
    ReplacePair,
    Reply,
    SetSetting,
    Spend,
    StartAfresh,
    Turn,
    TurnState,
    person_key,
)
from core.ports.ledger import Account, Booking, Exceeded, Scope
from core.ports.store import Claim, Commit, Exchange, Spent, Unfinished, Waiting
from core.quota.gift import added
from storage.announcing import StoredAnnouncements
from storage.aside import Backlog
from storage.groups import is_common
from storage.media import FileMedia
from storage.operation import Operation, T
from storage.readings import StoredReadings
from storage.recent import needed
from storage.rows import blobs, commit_blobs
from storage.store import COUNTERS_KEPT, KEYS_KEPT, Swept


@dataclass(frozen=True, slots=True)
class Memo:
    owner: str
    memory: Memory

    async def recall(self, name: str) -> str:
        return self.memory.memos.get((self.owner, name), "")

    async def keep(self, name: str, value: str) -> None:
        self.memory.memos[self.owner, name] = value


class Nowhere:
    """Takes no operations: what relays say is not kept, and nobody is told of it."""

    async def submit(self, operation: Operation[T]) -> T:
        raise StoreInvalid(f"a store of dicts has no {type(operation).__name__}")


class MemoryStore:
    """`core.ports.store.Store` in dicts, and what a house asks of its store while it serves.

    What was set aside stays so: nothing is put back.
    """

    def __init__(self, memory: Memory, media: FileMedia) -> None:
        self._memory = memory
        self._media = media

    async def close(self, timeout_s: float = 1.0) -> None:
        """There is nothing to write."""

    # -- inbox ---------------------------------------------------------------

    async def known(self, message: Message) -> bool:
        address = message.address
        return (address.platform, address.bot, message.key) in self._memory.keys

    async def accept(self, message: Message, conversation: str, received_at: datetime) -> bool:
        address, memory = message.address, self._memory
        key = (address.platform, address.bot, message.key)
        if key in memory.keys:
            return False
        if message.id in memory.inbox:
            raise StoreInvalid("store: expected a new id, got one that stands for another message")
        kept = Kept(
            message=message,
            key=key,
            conversation=conversation,
            person=person_key(address),
            received_at=received_at,
            files=set(blobs(message.parts)),
        )
        memory.keys[key] = message.id
        memory.inbox[message.id] = kept
        memory.chats[address.platform, address.bot, address.chat].append(kept)
        return True

    async def claim(self, message_id: str, owner: str, booking: Booking | None) -> Claim:
        kept = self._memory.inbox.get(message_id)
        if kept is None or kept.state != "new":
            raise MessageEnded("store: expected a message still to be answered")
        kept.attempt += 1
        kept.owner = owner
        if booking is None:
            return Claim(attempt=kept.attempt)
        exceeded = self._memory.accounts.claim(message_id, booking, kept.attempt)
        return Claim(attempt=kept.attempt, exceeded=exceeded)

    async def book(self, message_id: str, booking: Booking) -> Exceeded | None:
        return self._memory.accounts.book(message_id, booking)

    async def release(
        self,
        message_id: str,
        owner: str,
        account: Account | None = None,
        spends: Sequence[Spend] = (),
    ) -> bool:
        kept = self._memory.inbox.get(message_id)
        if kept is None or kept.state != "new" or not owner or kept.owner != owner:
            return False
        kept.attempt -= 1
        kept.owner = ""
        self._memory.accounts.free(message_id)
        if account:
            self._memory.accounts.charge(message_id, account, spends)
        return True

    async def rest(self, message_id: str, owner: str, *, rests: bool) -> None:
        kept = self._memory.inbox.get(message_id)
        if kept and kept.state == "new" and kept.owner == (owner if rests else ""):
            kept.owner = "" if rests else owner

    async def unfinished(self) -> Sequence[Unfinished]:
        return [
            Unfinished(
                message=kept.message,
                conversation=kept.conversation,
                received_at=kept.received_at,
                attempt=kept.attempt,
                rested=kept.attempt > 0 and not kept.owner,
                delivery=kept.answer.sending if kept.answer else None,
            )
            for kept in self._memory.inbox.values()
            if kept.message is not None and kept.unfinished
        ]

    # -- history -------------------------------------------------------------

    async def recent(self, conversation: str, chars: Limit) -> Sequence[Turn]:
        return needed(self._since(conversation), chars)

    async def log(self, conversation: str, count: int) -> Sequence[Turn]:
        turns = self._memory.turns.get(conversation, {})
        return list(islice(reversed(turns.values()), count))[::-1]

    async def own(self, conversation: str, person: str, count: int) -> Sequence[Turn]:
        inbox = self._memory.inbox
        theirs = (
            turn
            for turn in self._since(conversation)
            if turn.message_id in inbox and inbox[turn.message_id].person == person
        )
        return list(islice(theirs, count))[::-1]

    async def pair(self, message_id: str) -> Sequence[Turn]:
        kept = self._memory.inbox.get(message_id)
        return [self._memory.turns[key][seq] for key, seq in kept.turns] if kept else []

    def _since(self, conversation: str) -> Iterable[Turn]:
        """Newest first."""
        afresh = self._memory.afresh.get(conversation, 0)
        turns = self._memory.turns.get(conversation, {})
        return (turn for seq, turn in reversed(turns.items()) if seq > afresh)

    # -- outbox --------------------------------------------------------------

    async def commit(self, commit: Commit) -> None:
        kept = self._memory.inbox.get(commit.message_id)
        if kept is None:
            raise StoreInvalid("store: expected a commit for a stored message, got an unknown one")
        if kept.state != "new":
            return self._expect_same(commit, kept)
        for message_id in (commit.message_id, *commit.also):
            self._end(self._memory.inbox.get(message_id), commit)
        orphans = [blob for effect in commit.effects for blob in self._apply(effect, commit)]
        self._insert(commit, kept)
        self._memory.groups.apply(commit.effects)
        if orphans:
            await self._media.discard(blob for blob in orphans if not self._memory.needs(blob))
        return None

    async def tell(self, commit: Commit) -> bool:
        kept = self._memory.inbox.get(commit.message_id)
        if commit.reply is None or kept is None or kept.state != "new" or kept.notice:
            return False
        for effect in commit.effects:
            self._apply(effect, commit)
        self._memory.groups.apply(commit.effects)
        kept.notice = self._answer(commit.reply, commit.at, PartState.TRYING)
        return True

    async def untell(self, commit: Commit, reason: str) -> None:
        kept = self._memory.inbox.get(commit.message_id)
        if kept is None or commit.reply is None:
            return
        for effect in commit.effects:
            if isinstance(effect, SetSetting):
                self._apply(structs.replace(effect, value=None), commit)
        await self.mark(commit.reply.id, 0, PartState.REFUSED, reason)
        kept.notice = None

    async def set_aside(self, message_id: str, reason: str) -> None:
        del reason
        kept = self._memory.inbox.get(message_id)
        if kept is not None and kept.state == "answered":
            kept.state = "dead"

    def _answer(self, reply: Reply, at: datetime, state: PartState) -> Answer:
        count = len(reply.parts)
        made = Answer(reply=reply, at=at, states=[state] * count, receipts=[""] * count)
        self._memory.replies[reply.id] = made
        return made

    async def charge(self, message_id: str, account: Account, spends: Sequence[Spend]) -> None:
        self._memory.accounts.charge(message_id, account, spends)
        if spends:
            self._memory.spends[account.person] += [(message_id, spend) for spend in spends]

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        answer = self._memory.replies.get(reply_id)
        if answer is not None and index < len(answer.states):
            answer.states[index], answer.receipts[index] = state, receipt
        elif state is PartState.TRYING:
            raise MessageEnded("store: expected a part of a stored reply, got one forgotten")

    async def carry_again(self, reply_id: str, index: int, receipt: str) -> None:
        answer = self._memory.replies.get(reply_id)
        if answer is not None and answer.states[index] is PartState.SENT:
            answer.receipts[index] += f"\n{receipt}"

    def _expect_same(self, commit: Commit, kept: Kept) -> None:
        stored = kept.answer.reply.id if kept.answer else ""
        if commit.reply and commit.reply.id != stored:
            raise MessageEnded("store: got another answer to a message. It must not be sent")

    def _end(self, kept: Kept | None, commit: Commit) -> None:
        if kept is not None and kept.state == "new":
            kept.state = "dead" if commit.dead else "answered"
            kept.ended_at = commit.at

    def _insert(self, commit: Commit, kept: Kept) -> None:
        memory = self._memory
        for turn in commit.turns:
            memory.serial += 1
            memory.turns[commit.conversation][memory.serial] = turn
            memory.inbox[turn.message_id].turns.append((commit.conversation, memory.serial))
        if commit.reply:
            kept.answer = self._answer(commit.reply, commit.at, PartState.PENDING)
        memory.accounts.settle(commit)
        if commit.spends:
            memory.spends[commit.person] += [(commit.message_id, s) for s in commit.spends]
        kept.files.update(commit_blobs(commit))

    def _apply(self, effect: object, commit: Commit) -> Iterable[str]:
        """The files that nothing may need any more."""
        memory = self._memory
        match effect:
            case SetSetting(scope=scope, name=name, value=None):
                memory.settings[scope].pop(name, None)
            case SetSetting(scope=scope, name=name, value=value):
                who = "" if is_common(scope) else commit.person
                memory.settings[scope][name] = (value, who)
            case Grant(name=name, amount=amount):
                before, _ = memory.settings["grants"].get(name, (None, ""))
                memory.settings["grants"][name] = (added(before, amount), "")
            case StartAfresh(conversation=key):
                memory.afresh[key] = max(memory.turns.get(key, {}), default=0)
            case ReplacePair(message_id=message_id):
                for key, seq in memory.inbox[message_id].turns:
                    turn = memory.turns[key][seq]
                    memory.turns[key][seq] = structs.replace(turn, state=TurnState.REPLACED)
            case Forget(person=person):
                return memory.forget(person, commit)
        return ()

    # -- people --------------------------------------------------------------

    async def settings(self, scope: str) -> Mapping[str, str]:
        known = self._memory.settings.get(scope, {})
        return {name: value for name, (value, _) in known.items()}

    async def used(self, scope: Scope, since: str) -> Amounts:
        return self._memory.accounts.used(scope, since)

    async def held(self, scope: Scope, since: str, now: datetime) -> Amounts:  # noqa: ARG002
        return self._memory.accounts.set_aside(scope, since)

    async def unpriced(self, scope: Scope, since: str) -> int:
        return self._memory.accounts.unpriced(scope, since)

    async def seen(self, scope: Scope, bots: Sequence[str]) -> bool:
        wrote = (kept for kept in self._memory.inbox.values() if kept.key[1] in bots)
        return any(scope in kept.scopes for kept in wrote) or any(
            scope in account.scopes for account, _ in self._memory.accounts.rows
        )

    async def spent(self, identity: str, since: str = "") -> Sequence[Spent]:
        return self._memory.accounts.spent(identity, since)

    async def export(self, person: str) -> dict[str, object]:
        return self._memory.export(person)

    def group(self, scope: str) -> Mapping[str, str]:
        return self._memory.groups.of(scope)

    def decided(self, scope: str) -> Mapping[str, str]:
        return self._memory.groups.of(scope)

    # -- shelf, transcript, memo -----------------------------------------------

    async def waiting(self, platform: str, bot: str, chat: str) -> Sequence[Waiting]:
        return list(self._parts(platform, bot, chat, lambda state, _: state is PartState.LATER))

    async def expected(self, platform: str, bot: str, chat: str) -> Sequence[str]:
        return [
            kept.key[2]
            for kept in self._memory.chats.get((platform, bot, chat), ())
            if kept.answer is None or not SETTLED.issuperset(kept.answer.states)
        ]

    async def carried(self, platform: str, bot: str, chat: str, receipt: str) -> Waiting | None:
        found = self._parts(
            platform,
            bot,
            chat,
            lambda state, noted: state is PartState.SENT and receipt in noted.split("\n"),
        )
        return next(iter(found), None)

    async def sent(
        self, platform: str, bot: str, chat: str, since: datetime, until: datetime
    ) -> Sequence[Waiting]:
        """None: it outlives no process, which alone is asked about."""
        del platform, bot, chat, since, until
        return ()

    def _parts(
        self, platform: str, bot: str, chat: str, wanted: Callable[[PartState, str], bool]
    ) -> Iterable[Waiting]:
        for kept in self._memory.chats.get((platform, bot, chat), ()):
            answer = kept.answer
            for index, state in enumerate(answer.states if answer else ()):
                if answer and wanted(state, answer.receipts[index]):
                    yield Waiting(
                        reply_id=answer.reply.id,
                        index=index,
                        total=len(answer.states),
                        part=answer.reply.parts[index],
                        answers=kept.key[2],
                        state=state,
                    )

    async def exchanges(self, platform: str, bot: str, chat: str, count: int) -> Sequence[Exchange]:
        chats = self._memory.chats.get((platform, bot, chat), ())
        shown = (
            Exchange(
                message=kept.message,
                delivery=kept.answer.sending if kept.answer else None,
                notice=kept.notice.reply if kept.notice and not kept.answer else None,
            )
            for kept in reversed(chats)
            if kept.message is not None
        )
        return list(islice(shown, count))[::-1]

    def memo(self, bot: str) -> Memo:
        return Memo(bot, self._memory)

    @property
    def readings(self) -> StoredReadings:
        return StoredReadings(writes=Nowhere(), reads=Nowhere())

    @property
    def announcements(self) -> StoredAnnouncements:
        return StoredAnnouncements(writes=Nowhere(), reads=Nowhere())

    # -- the process's own ---------------------------------------------------

    @property
    def writes_waiting(self) -> int:
        return 0

    async def backlog(self) -> Backlog:
        kept = self._memory.inbox.values()
        open_since = (one.received_at for one in kept if one.unfinished)
        aside = sum(one.state == "dead" for one in kept)
        return Backlog(oldest_at=min(open_since, default=None), set_aside=aside)

    async def check(self, now: datetime) -> None:
        """Memory takes everything."""

    async def fire(self, job: str, at: datetime) -> bool:
        new = (job, at) not in self._memory.firings
        self._memory.firings.add((job, at))
        return new

    async def sweep(
        self, now: datetime, *, keep_days: Limit, media_grace_s: float = 3600.0
    ) -> Swept:
        messages = 0
        if keep_days != "unlimited":
            before = now - timedelta(days=keep_days)
            messages, freed = self._memory.sweep(before, now - KEYS_KEPT)
            await self._media.discard(blob for blob in freed if not self._memory.needs(blob))
        memory, day = self._memory, (now - COUNTERS_KEPT).date().isoformat()
        memory.accounts.lapse(now)
        memory.accounts.forget(day)
        memory.firings = {firing for firing in memory.firings if firing[1] >= now - KEYS_KEPT}
        files = await self._media.sweep(
            self._referenced, grace_s=media_grace_s, now_s=now.timestamp()
        )
        return Swept(messages=messages, files=files)

    async def _referenced(self, wanted: tuple[str, ...]) -> frozenset[str]:
        return frozenset(blob for blob in wanted if self._memory.needs(blob))
