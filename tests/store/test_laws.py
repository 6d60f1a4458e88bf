"""Stores against the plainest model of their ports: lists and dicts."""

import asyncio
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from bench.memory import Memory
from bench.memory_store import MemoryStore
from core.errors import MessageEnded, StoreInvalid
from core.history import complete_pairs
from core.model import (
    Effect,
    Forget,
    Message,
    PartState,
    ReplacePair,
    SetSetting,
    StartAfresh,
    Turn,
    TurnState,
    conversation_key,
    person_key,
)
from core.ports.ledger import Exceeded
from core.ports.store import Claim, Commit
from storage.media import FileMedia
from storage.store import SqlStore
from tests.store.talk import DAY, NOW, SPEND, address, answer, booking, message, person_scope

PEOPLE = ("ann", "bob")
CAP = 4

open_states = {PartState.PENDING, PartState.TRYING}


@dataclass
class Kept:
    """One message as the model knows it. `there` ends by forgetting."""

    message: Message
    attempt: int = 0
    holds: bool = False
    ended: bool = False
    there: bool = True
    commit: Commit | None = None
    states: list[PartState] = field(default_factory=list)

    @property
    def unfinished(self) -> bool:
        return self.there and (not self.ended or bool(open_states & set(self.states)))


class Model:
    """`Inbox`, `History`, `Outbox` and `People` in memory."""

    def __init__(self) -> None:
        self.inbox: dict[str, Kept] = {}
        self.turns: list[tuple[str, Turn]] = []
        self.afresh: dict[str, int] = {}
        self.used: dict[str, int] = {}
        self.settings: dict[tuple[str, str], tuple[str, str]] = {}
        self.serial = 0

    def claim(self, name: str) -> Claim:
        kept = self.inbox[name]
        if kept.ended:
            raise StoreInvalid("ended")
        person = person_key(kept.message.address)
        kept.attempt += 1
        kept.holds = False
        kept.holds = self.taken(person) < CAP
        return Claim(attempt=kept.attempt, exceeded=None if kept.holds else self.over(kept))

    def taken(self, person: str) -> int:
        """Answered with costs, or reserved."""
        held = (k for k in self.inbox.values() if person_key(k.message.address) == person)
        return self.used.get(person, 0) + sum(kept.holds for kept in held)

    def over(self, kept: Kept) -> Exceeded:
        who = kept.message.address.sender
        (ceiling,) = booking(who, cap=CAP).ceilings
        return Exceeded(ceiling=ceiling, used=self.taken(person_key(address(who))), wanted=1)

    def commit(self, commit: Commit) -> None:
        kept = self.inbox[commit.message_id]
        if kept.ended:
            stored = kept.commit.reply.id if kept.commit and kept.commit.reply else None
            if commit.reply and commit.reply.id != stored:
                raise StoreInvalid("another answer")
            return
        kept.ended, kept.commit, kept.holds = True, commit, False
        if commit.spends:
            self.used[commit.person] = self.used.get(commit.person, 0) + 1
        for effect in commit.effects:
            self.apply(effect, commit)
        self.turns += [(commit.conversation, turn) for turn in commit.turns]
        kept.states = [PartState.PENDING] * len(commit.reply.parts if commit.reply else ())

    def apply(self, effect: Effect, commit: Commit) -> None:
        match effect:
            case StartAfresh(conversation=key):
                self.afresh[key] = len(self.turns)
            case SetSetting(scope=scope, name=name, value=None):
                self.settings.pop((scope, name), None)
            case SetSetting(scope=scope, name=name, value=value):
                self.settings[scope, name] = (value, commit.person)
            case ReplacePair(message_id=name):
                self.turns = [
                    (key, replace(t, state=TurnState.REPLACED) if t.message_id == name else t)
                    for key, t in self.turns
                ]
            case Forget(person=person):
                self.forget(person, commit.message_id)

    def forget(self, person: str, asking: str) -> None:
        theirs = {n for n, k in self.inbox.items() if person_key(k.message.address) == person}
        for key, mark in self.afresh.items():
            cut = sum(turn.message_id in theirs for _, turn in self.turns[:mark])
            self.afresh[key] = mark - cut
        self.turns = [(key, t) for key, t in self.turns if t.message_id not in theirs]
        self.settings = {
            (scope, name): (value, who)
            for (scope, name), (value, who) in self.settings.items()
            if person not in (scope, who)
        }
        for name in theirs - {asking}:
            kept = self.inbox[name]
            kept.ended, kept.there, kept.commit, kept.states = True, False, None, []
        if asking in theirs:
            own = self.inbox[asking]
            own.message = replace(own.message, parts=(), raw="", sender_name="")

    def recent(self, key: str, chars: int) -> list[Turn]:
        since = [t for k, t in self.turns[self.afresh.get(key, 0) :] if k == key]
        pairs = [turn for pair in complete_pairs(since) for turn in pair]
        for start in range(len(pairs) - 2, -1, -2):
            if sum(len(turn.text) for turn in pairs[start:]) > chars:
                return pairs[start:]
        return pairs

    def unfinished(self) -> list[tuple[Message, int, tuple[PartState, ...]]]:
        return [
            (kept.message, kept.attempt, tuple(kept.states))
            for kept in self.inbox.values()
            if kept.unfinished
        ]


class Laws(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.open()

    def open(self) -> None:
        folder = Path(self.folder.name)
        url = f"sqlite:///{folder}/parley.db"
        self.store = self.runner.run(SqlStore.open(url, FileMedia(folder / "media")))

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    def name(self, pick: int) -> str:
        names = list(self.model.inbox)
        return names[-1 - pick % len(names)]

    @rule(who=st.sampled_from(PEOPLE), text=st.text(st.characters(codec="utf-8"), max_size=9))
    def accept(self, who: str, text: str) -> None:
        self.model.serial += 1
        new = message(f"m{self.model.serial}", who, text)
        assert self.runner.run(self.store.accept(new, conversation_key(new.address), NOW))
        self.model.inbox[new.id] = Kept(message=new)

    @precondition(lambda self: self.model.inbox)
    @rule(pick=st.integers(0, 5))
    def accept_again(self, pick: int) -> None:
        old = self.model.inbox[self.name(pick)].message
        assert not self.runner.run(self.store.accept(old, "elsewhere", NOW))

    @precondition(lambda self: self.model.inbox)
    @rule(pick=st.integers(0, 5))
    def claim(self, pick: int) -> None:
        name = self.name(pick)
        who = self.model.inbox[name].message.address.sender
        claiming = self.store.claim(name, "boot", booking(who, cap=CAP))
        try:
            expected = self.model.claim(name)
        except StoreInvalid:
            with pytest.raises(StoreInvalid):
                self.runner.run(claiming)
        else:
            assert self.runner.run(claiming) == expected

    @precondition(lambda self: self.model.inbox)
    @rule(
        pick=st.integers(0, 5),
        texts=st.lists(st.text("ab", max_size=12), max_size=3),
        state=st.sampled_from([TurnState.COMPLETE, TurnState.FAILED]),
        other=st.booleans(),
        effect=st.sampled_from(
            ["none", "none", "none", "afresh", "replace", "set", "unset", "forget", "forget other"]
        ),
        named=st.integers(0, 5),
        costs=st.booleans(),
    )
    def commit(
        self,
        pick: int,
        texts: list[str],
        state: TurnState,
        other: bool,
        effect: str,
        named: int,
        costs: bool,
    ) -> None:
        asked = self.model.inbox[self.name(pick)].message
        made = answer(
            asked,
            *texts,
            reply_id=f"another re {asked.id}" if other else "",
            effects=self.effects(effect, asked, self.name(named)),
            spends=(SPEND,) if costs else (),
        )
        turns = tuple(replace(turn, state=state) for turn in made.turns)
        self.try_commit(type(made)(**{**_fields(made), "turns": turns}))

    def try_commit(self, commit: Commit) -> None:
        try:
            self.model.commit(commit)
        except StoreInvalid:
            with pytest.raises(StoreInvalid):
                self.runner.run(self.store.commit(commit))
        else:
            self.runner.run(self.store.commit(commit))

    def effects(self, kind: str, asked: Message, named: str) -> tuple[Effect, ...]:
        conversation, person = conversation_key(asked.address), person_key(asked.address)
        made: dict[str, Effect] = {
            "afresh": StartAfresh(conversation=conversation),
            "replace": ReplacePair(message_id=named),
            "set": SetSetting(scope=conversation, name=named, value=asked.id),
            "unset": SetSetting(scope=conversation, name=named, value=None),
            "forget": Forget(person=person),
            "forget other": Forget(person=person_key(address("bob"))),
        }
        return (made[kind],) if kind in made else ()

    @precondition(lambda self: self.model.inbox)
    @rule(pick=st.integers(0, 5), index=st.integers(0, 2), state=st.sampled_from(list(PartState)))
    def mark(self, pick: int, index: int, state: PartState) -> None:
        kept = self.model.inbox[self.name(pick)]
        reply = kept.commit.reply if kept.commit else None
        is_there = index < len(kept.states)
        ended = state is PartState.TRYING and not is_there
        with pytest.raises(MessageEnded) if ended else nullcontext():
            name = reply.id if reply else "nothing"
            self.runner.run(self.store.mark(name, index, state, "receipt"))
        if is_there:
            kept.states[index] = state

    @rule()
    def reopen(self) -> None:
        self.runner.run(self.store.close())
        self.open()

    @invariant()
    def unfinished_is_the_same(self) -> None:
        found = self.runner.run(self.store.unfinished())
        seen = [(u.message, u.attempt, u.delivery.states if u.delivery else ()) for u in found]
        assert seen == self.model.unfinished()

    @invariant()
    def people_are_the_same(self) -> None:
        for who in PEOPLE:
            key = conversation_key(address(who))
            for chars in (7, 0, 40):
                seen = self.runner.run(self.store.recent(key, chars))
                assert list(seen) == self.model.recent(key, chars)
            settings = {n: v for (s, n), (v, _) in self.model.settings.items() if s == key}
            assert self.runner.run(self.store.settings(key)) == settings
            used = self.runner.run(self.store.used(person_scope(who), DAY))
            assert used.messages == self.model.used.get(person_key(address(who)), 0)


def _fields(commit: Commit) -> dict[str, object]:
    return {name: getattr(commit, name) for name in commit.__slots__}


class MemoryLaws(Laws):
    """The benchmark's store: what it is compared with must do the same work."""

    def __init__(self) -> None:
        self.memory = Memory()
        super().__init__()

    def open(self) -> None:
        self.store = MemoryStore(self.memory, FileMedia(Path(self.folder.name) / "media"))


TestLaws, TestMemoryLaws = Laws.TestCase, MemoryLaws.TestCase
TestLaws.settings = TestMemoryLaws.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
