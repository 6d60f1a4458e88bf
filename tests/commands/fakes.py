"""The ports in memory, and a talk with the real engine over them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from msgspec import structs

from bench.memory_accounts import MemoryAccounts
from bots.commands import find_commands
from bots.texts.catalogue import Catalogue
from core.amounts import Amounts
from core.bot import Bot
from core.command import Ask, Outcome
from core.engine import Engine
from core.errors import MediaError, ParleyError
from core.group import given_to, in_group, of_talk
from core.history import complete_pairs
from core.model import (
    Address,
    Effect,
    Forget,
    Grant,
    Limit,
    Media,
    Message,
    Part,
    PartState,
    Quote,
    ReplacePair,
    SetSetting,
    Spend,
    StartAfresh,
    Text,
    Turn,
    TurnState,
    conversation_key,
    person_key,
)
from core.people import PeopleRules, role_of
from core.ports.balances import Balance
from core.ports.ledger import Account, Booking, Exceeded, Kind, Scope
from core.ports.relays import PLAIN, Errand, Served
from core.ports.relays import Quote as PriceQuote
from core.ports.store import Claim, Commit, Exchange, Spent, Unfinished
from core.price import Price
from core.quota.calendar import Calendar, zone_of
from core.quota.cashier import Cashier
from core.quota.gift import added
from core.quota.limits import NO_LIMITS, Ceilings, Limits
from core.reasons import ReasonRing
from core.request import (
    ChatRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import (
    Chat,
    Chunk,
    Image,
    Images,
    Model,
    Speech,
    Transcription,
    Usage,
)
from core.route import route

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


class ManualClock:
    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)


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


class MemoryMedia:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def put(self, content: bytes) -> str:
        blob = hashlib.sha256(content).hexdigest()
        self.files[blob] = content
        return blob

    async def get(self, blob: str) -> bytes:
        try:
            return self.files[blob]
        except KeyError as error:
            raise MediaError(f"expected the file {blob}, it is gone; send it again") from error


@dataclass
class TalkingRelays:
    """Relays that answer "answer 1", "answer 2", …, and keep what they were asked.

    `fault` is raised instead, once it is set.
    """

    offered: dict[str, list[str]] = field(default_factory=lambda: {"main": ["m-large", "m-small"]})
    bindable: tuple[str, ...] = ("main:alice", "main:bob")
    listed: tuple[str, ...] = ("main:m-large", "main:m-small", "spare:other")
    heard: str = "hello there"
    eyes: bool = True
    fault: ParleyError | None = None
    answer: str = ""
    asked: list[object] = field(default_factory=list)
    picks: list[str] = field(default_factory=list)
    said: count = field(default_factory=lambda: count(1))

    def _serve(self, request: object, choice: str = "") -> Served:
        self.asked.append(request)
        self.picks.append(choice)
        if self.fault:
            raise self.fault
        relay, _, model = (choice or self.listed[0]).partition(":")
        return Served(relay=relay, model=model)

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        served = self._serve(request, errand.choice)
        text = self.answer or f"answer {next(self.said)}"
        usage = Usage(prompt_tokens=11, completion_tokens=7)
        return Chat(text=text, model=served.model, finish_reason="stop", usage=usage), served

    async def stream(
        self, request: ChatRequest, errand: Errand = PLAIN
    ) -> AsyncIterator[tuple[Chunk, Served]]:
        chat, served = await self.chat(request, errand)
        yield Chunk(text=chat.text), served
        yield Chunk(finish_reason="stop", usage=chat.usage), served

    async def images(self, request: ImageRequest, errand: Errand = PLAIN) -> tuple[Images, Served]:
        served = self._serve(request)
        picture = Image(content=b"\x89PNG " + request.prompt.encode(), mime="image/png")
        return Images(images=(picture,)), served

    async def speech(self, request: SpeechRequest, errand: Errand = PLAIN) -> tuple[Speech, Served]:
        served = self._serve(request)
        return Speech(content=b"ID3 " + request.text.encode(), mime="audio/mpeg"), served

    async def transcription(
        self, request: TranscriptionRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        served = self._serve(request)
        return Transcription(text=self.heard, duration_s=2.0), served

    async def translation(
        self, request: TranslationRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        served = self._serve(request)
        return Transcription(text=f"{self.heard} in English", duration_s=2.0), served

    async def models(self) -> Mapping[str, Sequence[Model]]:
        if self.fault:
            raise self.fault
        return {relay: [Model(id=name) for name in names] for relay, names in self.offered.items()}

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> PriceQuote:
        return PriceQuote(dearest=None, whole=False)

    def price(self, kind: Kind, relay: str, model: str) -> Price | None:
        return None

    def choices(self) -> Sequence[str]:
        return self.listed

    def tokens(self) -> Sequence[str]:
        return self.bindable

    def sees(self, choice: str = "") -> bool:
        return self.eyes

    def folds_persona(self, choice: str = "") -> bool:
        return False


@dataclass
class ToldBalances:
    """What relays said, as the test has it. `asked` counts."""

    told: tuple[Balance, ...] = ()
    asked: int = 0

    async def of(self) -> tuple[Balance, ...]:
        self.asked += 1
        return self.told


class Stoppable:
    """One conversation's running answer, if any."""

    def __init__(self) -> None:
        self.running: set[str] = set()

    def stop(self, conversation: str) -> bool:
        found = conversation in self.running
        self.running.discard(conversation)
        return found


class Talk:
    """One person talking to one bot: each message is routed, handled and committed."""

    def __init__(
        self,
        *,
        sender: str = "amy",
        platform: str = "web",
        group: bool = False,
        bot: Bot | None = None,
        rules: PeopleRules | None = None,
        limits: Limits = NO_LIMITS,
        bindings: Mapping[str, str] | None = None,
        at: datetime = NOON,
        beside: "Talk | None" = None,
    ) -> None:
        self.bot = bot or Bot(name="b", platform=platform)
        self.rules = rules or PeopleRules()
        self.limits = limits
        self.bindings = bindings or {}
        self.address = Address(
            platform=platform, bot=self.bot.name, chat="c1", sender=sender, group=group
        )
        self.clock = ManualClock(at)
        self.store = beside.store if beside else MemoryStore()
        self.media = MemoryMedia()
        self.relays = TalkingRelays()
        self.balances = ToldBalances()
        self.reasons = ReasonRing()
        self.running = Stoppable()
        self.texts = Catalogue()
        self.commands = find_commands(())
        self.platform_files: dict[str, bytes] = {}
        self._ids = map(str, count(1)) if beside is None else beside._ids
        self.outcome = Outcome()
        self.spends: tuple[Spend, ...] = ()

    @property
    def conversation(self) -> str:
        return conversation_key(self.address, self._here.group_history)

    @property
    def _given(self) -> Mapping[str, str]:
        return given_to(self.address, self.store)

    @property
    def _here(self) -> Bot:
        return in_group(self.bot, self._given)

    @property
    def person(self) -> str:
        return person_key(self.address)

    async def say(
        self, text: str, *files: Media, quote: Quote | None = None, language: str = ""
    ) -> str:
        """Send a message; the answer's texts. `self.outcome` has the whole."""
        parts: list[Part] = [Text(text=text)] if text else []
        parts += files
        parts += [quote] if quote else []
        message_id = next(self._ids)
        message = Message(
            id=message_id,
            key=message_id,
            address=self.address,
            parts=tuple(parts),
            sent_at=self.clock.now(),
            sender_name="Amy",
            addressed=True,
            language=language,
        )
        ask = await self._ask(message)
        self.outcome = await self._handle(ask)
        self.spends = tuple(ask.spends)
        await self._commit(message)
        return "\n".join(part.text for part in self.outcome.parts if isinstance(part, Text))

    async def _ask(self, message: Message) -> Ask:
        settings = {
            **of_talk(self._given),
            **await self.store.settings(self.person),
            **await self.store.settings(self.conversation),
        }
        chosen = settings.get("language") or message.language or self.bot.language
        account = self.cashier.account(message, self.conversation)
        return Ask(
            message=message,
            bot=self._here,
            conversation=self.conversation,
            person=self.person,
            role=role_of(self.address, self.rules, self.store.decided("roles")),
            language="zh" if chosen == "zh" else "en",
            settings=settings,
            account=account,
            errand=self.cashier.errand(account),
            zone=zone_of(settings.get("timezone"), self.cashier.calendar.zone),
        )

    async def _handle(self, ask: Ask) -> Outcome:
        engine = self._engine()
        intent = route(ask.message, self._here, self.commands)
        try:
            return await engine.handle(ask, intent, self.running)
        except ParleyError as error:
            return engine.failed(ask, error)

    def _engine(self) -> Engine:
        return Engine(
            store=self.store,
            media=self.media,
            relays=self.relays,
            texts=self.texts,
            clock=self.clock,
            rules=self.rules,
            reasons=self.reasons,
            commands=self.commands,
            fetch=self._fetch,
            balances=self.balances,
            cashier=self.cashier,
        )

    @property
    def cashier(self) -> Cashier:
        return Cashier(
            store=self.store,
            relays=self.relays,
            clock=self.clock,
            calendar=Calendar(ZoneInfo(self.rules.timezone)),
            ceilings=Ceilings(self.limits, self.rules),
            answer_tokens=self.limits.answer_tokens,
            common=self.limits.fallback_to_common,
            bindings=self.bindings,
        )

    async def _fetch(self, message: Message, media: Media) -> bytes:
        return self.platform_files[media.remote]

    async def _commit(self, message: Message) -> None:
        await self.store.accept(message, self.conversation, self.clock.now())
        await self.store.commit(
            Commit(
                message_id=message.id,
                conversation=self.conversation,
                person=self.person,
                at=self.clock.now(),
                turns=self.outcome.turns,
                spends=self.spends,
                effects=self.outcome.effects,
                account=self.cashier.account(message, self.conversation),
            )
        )

    @property
    def files(self) -> list[Media]:
        """The files of the latest answer."""
        return [part for part in self.outcome.parts if isinstance(part, Media)]

    @property
    def sent(self) -> list[tuple[str, str]]:
        """What the model was sent last, as (role, text)."""
        request = next(r for r in reversed(self.relays.asked) if isinstance(r, ChatRequest))
        return [(message.role, message.content) for message in request.messages]
