"""A store that forgets when the test ends."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import structs

from bench.memory_accounts import MemoryAccounts
from core.amounts import Amounts
from core.history import complete_pairs
from core.model import (
    Effect,
    Forget,
    Grant,
    Limit,
    Message,
    PartState,
    ReplacePair,
    SetSetting,
    Spend,
    StartAfresh,
    Turn,
    TurnState,
    identity_of,
    place_of,
)
from core.ports.ledger import Account, Booking, Exceeded, Scope
from core.ports.store import Claim, Commit, Exchange, Spent, Unfinished
from core.quota.gift import added


class MemoryStore:
    """A Store that forgets when the test ends."""

    def __init__(self) -> None:
        self.inbox: dict[str, tuple[Message, str, datetime]] = {}
        self.attempts: Counter[str] = Counter()
        self.accounts = MemoryAccounts()
        self.commits: dict[str, Commit] = {}
        self.turns: dict[str, list[Turn]] = defaultdict(list)
        self.afresh: Counter[str] = Counter()
        self.kept: dict[str, dict[str, str]] = defaultdict(dict)
        self.marks: dict[tuple[str, int], PartState] = {}

    async def accept(self, message: Message, conversation: str, received_at: datetime) -> bool:
        if any(kept.key == message.key for kept, _, _ in self.inbox.values()):
            return False
        self.inbox[message.id] = (message, conversation, received_at)
        return True

    async def known(self, message: Message) -> bool:
        return any(kept.key == message.key for kept, _, _ in self.inbox.values())

    async def claim(self, message_id: str, owner: str, booking: Booking | None) -> Claim:
        self.attempts[message_id] += 1
        exceeded = self.accounts.claim(message_id, booking, 1) if booking else None
        return Claim(attempt=self.attempts[message_id], exceeded=exceeded)

    async def book(self, message_id: str, booking: Booking) -> Exceeded | None:
        return self.accounts.book(message_id, booking)

    async def release(
        self,
        message_id: str,
        owner: str,
        account: Account | None = None,
        spends: Sequence[Spend] = (),
    ) -> bool:
        self.attempts[message_id] -= 1
        return message_id not in self.commits

    async def tell(self, commit: Commit) -> bool:
        for effect in commit.effects:
            self._apply(effect)
        return commit.message_id not in self.commits

    async def untell(self, commit: Commit, reason: str) -> None:
        for effect in commit.effects:
            if isinstance(effect, SetSetting):
                self.kept[effect.scope].pop(effect.name, None)

    async def set_aside(self, message_id: str, reason: str) -> None:
        """Nothing of it is looked at here."""

    async def charge(self, message_id: str, account: Account, spends: Sequence[Spend]) -> None:
        self.accounts.charge(message_id, account, spends)

    async def rest(self, message_id: str, owner: str, *, rests: bool) -> None:
        """What it would change is not looked at."""

    async def unfinished(self) -> Sequence[Unfinished]:
        return [
            Unfinished(
                message=message,
                conversation=conversation,
                received_at=received_at,
                attempt=self.attempts[message.id],
                delivery=None,
            )
            for message, conversation, received_at in self.inbox.values()
            if message.id not in self.commits
        ]

    async def recent(self, conversation: str, chars: Limit) -> Sequence[Turn]:
        turns = self.turns[conversation][self.afresh[conversation] :]
        held = 0
        latest: list[Turn] = []
        for question, answer in reversed(complete_pairs(turns)):
            if chars != "unlimited" and held > chars:
                break
            held += len(question.text) + len(answer.text)
            latest = [question, answer, *latest]
        return latest

    async def log(self, conversation: str, count: int) -> Sequence[Turn]:
        return self.turns[conversation][-count:] if count else []

    async def own(self, conversation: str, person: str, count: int) -> Sequence[Turn]:
        fresh = self.turns[conversation][self.afresh[conversation] :]
        own = [turn for turn in fresh if self.commits[turn.message_id].person == person]
        return own[-count:]

    async def pair(self, message_id: str) -> Sequence[Turn]:
        everything = (turn for turns in self.turns.values() for turn in turns)
        return [turn for turn in everything if turn.message_id == message_id]

    async def commit(self, commit: Commit) -> None:
        for message_id in (commit.message_id, *commit.also):
            self.commits[message_id] = commit
        for effect in commit.effects:
            self._apply(effect)
        self.turns[commit.conversation] += commit.turns
        self.accounts.settle(commit)

    def _apply(self, effect: Effect) -> None:
        match effect:
            case SetSetting(scope=scope, name=name, value=None):
                self.kept[scope].pop(name, None)
            case SetSetting(scope=scope, name=name, value=str(value)):
                self.kept[scope][name] = value
            case Grant(name=name, amount=amount):
                self.kept["grants"][name] = added(self.kept["grants"].get(name), amount)
            case StartAfresh(conversation=conversation):
                self.afresh[conversation] = len(self.turns[conversation])
            case ReplacePair(message_id=message_id):
                self._replace(message_id)
            case Forget(person=person):
                self._forget(person)

    def _replace(self, message_id: str) -> None:
        for turns in self.turns.values():
            turns[:] = [
                structs.replace(turn, state=TurnState.REPLACED)
                if turn.message_id == message_id
                else turn
                for turn in turns
            ]

    def _forget(self, person: str) -> None:
        theirs = {commit.message_id for commit in self.commits.values() if commit.person == person}
        for turns in self.turns.values():
            turns[:] = [turn for turn in turns if turn.message_id not in theirs]
        self.kept.pop(person, None)

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        self.marks[reply_id, index] = state

    async def settings(self, scope: str) -> Mapping[str, str]:
        return dict(self.kept[scope])

    def group(self, scope: str) -> Mapping[str, str]:
        return dict(self.kept[scope])

    def decided(self, scope: str) -> Mapping[str, str]:
        return dict(self.kept[scope])

    async def used(self, scope: Scope, since: str) -> Amounts:
        return self.accounts.used(scope, since)

    async def held(self, scope: Scope, since: str, now: datetime) -> Amounts:
        return self.accounts.set_aside(scope, since)

    async def unpriced(self, scope: Scope, since: str) -> int:
        return self.accounts.unpriced(scope, since)

    async def seen(self, scope: Scope, bots: Sequence[str]) -> bool:
        wrote = [message.address for message, _, _ in self.inbox.values()]
        wrote = [address for address in wrote if address.bot in bots]
        scopes = {f"person:{identity_of(address)}" for address in wrote}
        scopes |= {f"group:{place_of(address)}" for address in wrote}
        return scope in scopes | {s for account, _ in self.accounts.rows for s in account.scopes}

    async def spent(self, identity: str, since: str = "") -> Sequence[Spent]:
        return self.accounts.spent(identity, since)

    async def export(self, person: str) -> dict[str, object]:
        theirs = [commit for commit in self.commits.values() if commit.person == person]
        said = [structs.asdict(turn) for commit in theirs for turn in commit.turns]
        return {"settings": dict(self.kept[person]), "turns": said}

    async def exchanges(self, platform: str, bot: str, chat: str, count: int) -> Sequence[Exchange]:
        here = [
            message
            for message, _, _ in self.inbox.values()
            if (message.address.platform, message.address.bot, message.address.chat)
            == (platform, bot, chat)
        ]
        return [Exchange(message=message, delivery=None) for message in here[-count:]]
