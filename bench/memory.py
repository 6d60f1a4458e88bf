"""What a store of dicts keeps, and how it is erased and shown."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs, to_builtins

from bench.memory_accounts import MemoryAccounts
from core.model import Delivery as Sending
from core.model import Message, PartState, Reply, Spend, Turn, identity_of, place_of
from core.ports.ledger import Scope
from core.ports.store import Commit
from storage.groups import GroupSettings
from storage.rows import without_handles

OPEN = frozenset({PartState.PENDING, PartState.TRYING})


@dataclass(slots=True, kw_only=True)
class Answer:
    """A reply with what became of its parts."""

    reply: Reply
    at: datetime
    states: list[PartState]
    receipts: list[str]

    @property
    def sending(self) -> Sending:
        return Sending(reply=self.reply, states=tuple(self.states))


@dataclass(slots=True, kw_only=True)
class Kept:
    """A message that came; its content is None once it is erased."""

    message: Message | None
    key: tuple[str, str, str]
    conversation: str
    person: str
    received_at: datetime
    state: str = "new"
    attempt: int = 0
    owner: str = ""
    ended_at: datetime | None = None
    answer: Answer | None = None
    notice: Answer | None = None
    turns: list[tuple[str, int]] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    @property
    def scopes(self) -> set[Scope]:
        """Whose message it is; nobody's, once its content is erased."""
        if not self.message:
            return set()
        address = self.message.address
        return {f"person:{identity_of(address)}", f"group:{place_of(address)}"}

    @property
    def unfinished(self) -> bool:
        return self.state == "new" or bool(self.answer and not OPEN.isdisjoint(self.answer.states))


class Memory:
    """All that is kept: what a disk would be to another store."""

    def __init__(self) -> None:
        self.inbox: dict[str, Kept] = {}
        self.keys: dict[tuple[str, str, str], str] = {}
        self.chats: dict[tuple[str, str, str], list[Kept]] = defaultdict(list)
        self.turns: dict[str, dict[int, Turn]] = defaultdict(dict)
        self.afresh: dict[str, int] = {}
        self.replies: dict[str, Answer] = {}
        self.settings: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        self.groups = GroupSettings({})
        self.accounts = MemoryAccounts()
        self.spends: dict[str, list[tuple[str, Spend]]] = defaultdict(list)
        self.firings: set[tuple[str, datetime]] = set()
        self.memos: dict[tuple[str, str], str] = {}
        self.serial = 0

    def forget(self, person: str, commit: Commit) -> list[str]:
        orphans: list[str] = []
        for message_id, kept in self.inbox.items():
            if kept.person == person:
                orphans += self.erase(kept)
                self._blank(kept, commit, own=message_id == commit.message_id)
        for scope, settings in self.settings.items():
            for name in [n for n, (_, who) in settings.items() if person in (scope, who)]:
                del settings[name]
        return orphans

    def _blank(self, kept: Kept, commit: Commit, *, own: bool) -> None:
        if own and kept.message:
            asked = kept.message
            kept.message = Message(
                id=asked.id, key=asked.key, address=asked.address, parts=(), sent_at=asked.sent_at
            )
            return
        kept.message, kept.person, kept.conversation, kept.owner = None, "", "", ""
        if kept.state == "new":
            kept.state, kept.ended_at = "dead", commit.at

    def erase(self, kept: Kept) -> set[str]:
        """Turns, reply and files of a message; the answer are its files."""
        for key, seq in kept.turns:
            del self.turns[key][seq]
        for said in (kept.answer, kept.notice):
            if said:
                del self.replies[said.reply.id]
        freed, kept.files = kept.files, set()
        kept.turns, kept.answer, kept.notice = [], None, None
        return freed

    def needs(self, blob: str) -> bool:
        return any(blob in kept.files for kept in self.inbox.values())

    def sweep(self, before: datetime, keys_before: datetime) -> tuple[int, set[str]]:
        """How many messages were erased, and their files."""
        count, freed = 0, set[str]()
        for message_id, kept in list(self.inbox.items()):
            ended = kept.ended_at
            if kept.unfinished or ended is None or ended >= before:
                continue
            forgotten = ended < min(before, keys_before)
            if kept.message is not None or forgotten:
                freed |= self.erase(kept)
                kept.message = None
                count += 1
            if forgotten:
                del self.inbox[message_id], self.keys[kept.key]
        return count, freed

    def export(self, person: str) -> dict[str, object]:
        theirs = [kept for kept in self.inbox.values() if kept.person == person]
        answers = [kept.answer for kept in theirs if kept.answer]
        turns = sorted((seq, key) for kept in theirs for key, seq in kept.turns)
        return {
            "person": person,
            "messages": [_message(kept, kept.message) for kept in theirs if kept.message],
            "turns": [to_builtins(self.turns[key][seq]) for seq, key in turns],
            "replies": [_reply(answer) for answer in sorted(answers, key=lambda a: a.at)],
            "settings": [
                {"scope": scope, "name": name, "value": value}
                for scope, settings in sorted(self.settings.items())
                for name, (value, who) in sorted(settings.items())
                if person in (scope, who)
            ],
            "spends": [
                {"message_id": message_id, **to_builtins(spend)}
                for message_id, spend in self.spends.get(person, ())
            ],
        }


def _message(kept: Kept, message: Message) -> dict[str, object]:
    shown = structs.replace(message, parts=without_handles(message.parts))
    return {
        "state": kept.state,
        "received_at": kept.received_at.isoformat(),
        "message": to_builtins(shown),
    }


def _reply(answer: Answer) -> dict[str, object]:
    return {
        "at": answer.at.isoformat(),
        "answers": answer.reply.answers,
        "parts": to_builtins(without_handles(answer.reply.parts)),
    }
