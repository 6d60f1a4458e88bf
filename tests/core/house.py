"""The core as the house wires it, over a real database, and what outlives its process."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bots.balances.balances import RelayBalances
from bots.commands import find_commands
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.command import Command
from core.delivery import Courier
from core.engine import Engine
from core.gateway import Gateway
from core.job import Job
from core.lanes import Lanes
from core.model import (
    Address,
    Media,
    Message,
    Part,
    Text,
    conversation_key,
    identity_of,
    person_key,
)
from core.people import PeopleRules
from core.ports.adapter import Receipt
from core.ports.observer import Done
from core.ports.sending import Outgoing, Unsure
from core.quota.limits import NO_LIMITS, Limits
from core.reasons import ReasonRing
from core.settling import Settling
from core.worker import Worker
from storage.media import FileMedia
from storage.store import SqlStore
from tests.commands.clock import ManualClock
from tests.core.held import PATIENCE_S
from tests.core.pauses import Pauses
from tests.core.platform import (
    LivePlatform,
    PacedPlatform,
    Platform,
    RecallingPlatform,
    capabilities,
)
from tests.core.relays import ScriptedRelays

EVERYBODY = PeopleRules(allow=frozenset({"qq:*", "telegram:*"}))


class Naps:
    """The injected sleep: it takes no time. `then` is done at each."""

    def __init__(self) -> None:
        self.spans: list[float] = []
        self.then: Callable[[], None] = lambda: None

    async def __call__(self, seconds: float) -> None:
        self.spans.append(seconds)
        self.then()
        await asyncio.sleep(0)


class Seen:
    """An Observer that keeps all."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.ended: list[Done] = []
        self.unsure_of: list[tuple[int, Unsure]] = []

    def received(self, message: Message, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    def done(self, done: Done) -> None:
        self.ended.append(done)

    def unsure(self, outgoing: Outgoing, done: Unsure) -> None:
        self.unsure_of.append((outgoing.index, done))

    @property
    def outcomes(self) -> list[str]:
        return [done.outcome for done in self.ended]


class House:
    """One process: store, lanes, worker, gateway."""

    def __init__(self, site: "Site", store: SqlStore, media: FileMedia) -> None:
        self.store = store
        self.media = media
        self.seen = Seen()
        self.reasons = ReasonRing()
        self._platforms = site.platforms
        engine = Engine(
            store=store,
            media=media,
            relays=site.relays,
            texts=site.texts,
            clock=site.clock,
            rules=site.rules,
            reasons=self.reasons,
            commands=site.commands,
            fetch=self._fetch,
            balances=RelayBalances({}, store.readings, site.clock),
        )
        self.worker = Worker(
            engine=engine,
            courier=Courier(
                adapters=site.platforms, outbox=store, observer=self.seen, sleep=site.naps
            ),
            limits=site.limits,
            bindings=site.bindings,
            bots=site.bots,
            observer=self.seen,
            new_id=site.new_id,
            user_hash=lambda person: f"hash of {person}",
            sleep=site.naps,
            chance=lambda: 0.5,
        )
        self.lanes = Lanes[Job](self.worker.work, per_conversation=site.per_conversation)
        self.settling = Settling(site.commands, site.pauses.later)
        self.gateway = Gateway(
            bots=site.bots,
            commands=site.commands,
            store=store,
            lanes=self.lanes,
            settling=self.settling,
            rules=site.rules,
            reasons=self.reasons,
            clock=site.clock,
            observer=self.seen,
        )

    async def settled(self) -> None:
        """Until nothing is being worked on."""
        async with asyncio.timeout(PATIENCE_S):
            while self.lanes._tasks:
                await asyncio.wait(self.lanes._tasks)

    async def kill(self) -> None:
        """End it wherever it stands: nothing is stored any more."""
        await self.store.close()
        await self.lanes.close(0)

    async def end(self) -> None:
        """End it in order."""
        await self.lanes.close(0)
        await self.store.close()

    async def _fetch(self, message: Message, media: Media) -> bytes:
        return await self._platforms[message.address.bot].fetch(media)


@dataclass
class Site:
    """What outlives a process: the database, the platforms, the relays, the time.

    Settings are to be changed before `open`.
    """

    folder: Path
    bots: dict[str, Bot] = field(default_factory=dict)
    platforms: dict[str, Platform] = field(default_factory=dict)
    relays: ScriptedRelays = field(default_factory=ScriptedRelays)
    clock: ManualClock = field(default_factory=ManualClock)
    rules: PeopleRules = EVERYBODY
    commands: dict[str, Command] = field(default_factory=lambda: {**find_commands(())})
    texts: Catalogue = field(default_factory=Catalogue)
    naps: Naps = field(default_factory=Naps)
    pauses: Pauses = field(default_factory=Pauses)
    per_conversation: int = 20
    limits: Limits = NO_LIMITS
    bindings: Mapping[str, str] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=count)
    _house: House | None = None

    @property
    def house(self) -> House:
        assert self._house, "nothing is open"
        return self._house

    @property
    def platform(self) -> Platform:
        """The only one, where there is one."""
        (platform,) = self.platforms.values()
        return platform

    @property
    def database(self) -> Path:
        return self.folder / "parley.db"

    def bot(self, name: str = "b", platform: str = "qq", **settings: object) -> Platform:
        """Set a bot up on a platform that shows nothing before it is sent."""
        self.bots[name] = Bot(name=name, platform=platform, **settings)
        self.platforms[name] = Platform(name, platform)
        return self.platforms[name]

    def live_bot(self, name: str = "b", platform: str = "qq", **settings: object) -> LivePlatform:
        """Set a bot up on a platform that shows drafts."""
        self.bots[name] = Bot(name=name, platform=platform, **settings)
        self.platforms[name] = live = LivePlatform(name, platform)
        return live

    def paced_bot(self, name: str = "b", platform: str = "qq") -> PacedPlatform:
        """Set a bot up on a platform that makes answers wait."""
        self.bots[name] = Bot(name=name, platform=platform)
        self.platforms[name] = paced = PacedPlatform(name, platform)
        return paced

    def recalling_bot(
        self, name: str = "b", platform: str = "qq", **limits: object
    ) -> RecallingPlatform:
        """Set a bot up on a platform that can be asked what was said."""
        self.bots[name] = Bot(name=name, platform=platform)
        self.platforms[name] = recalling = RecallingPlatform(name, platform)
        recalling.caps = capabilities(**limits)
        return recalling

    def command(self, command: Command) -> None:
        self.commands.update(dict.fromkeys(command.names, command))

    def new_id(self) -> str:
        return f"id-{next(self._ids):06}"

    async def open(self) -> House:
        """Start a process; what an earlier one left is put to work."""
        if not self.bots:
            self.bot()
        media = FileMedia(self.folder / "media")
        store = await SqlStore.open(
            f"sqlite:///{self.database}", media, busy_timeout_s=0.01, now=self.clock.now
        )
        self._house = House(self, store, media)
        await self._house.gateway.resume()
        return self._house

    async def close(self) -> None:
        if self._house:
            await self._house.kill()
            self.pauses.forget()
            self._house = None

    async def restart(self) -> House:
        """End the process wherever it stands, and start another on the same database."""
        await self.close()
        return await self.open()

    async def restart_in_order(self) -> House:
        """As an upgrade does: the process is asked to end, and ends as it should."""
        await self.house.end()
        self.pauses.forget()
        self._house = None
        return await self.open()

    def person(
        self, sender: str = "amy", *, bot: str = "", chat: str = "", **place: object
    ) -> "Person":
        bot = bot or next(iter(self.bots), "b")
        platform = self.bots[bot].platform if bot in self.bots else "qq"
        return Person(
            self,
            Address(
                platform=platform, bot=bot, chat=chat or f"with {sender}", sender=sender, **place
            ),
        )

    def say(self, code: str, language: str = "en", **params: object) -> str:
        return self.texts.say(code, language, **params)

    def says_capped(self, used: int, renews: str = "00:00 UTC") -> str:
        """What is told whoever has sent all messages of a day."""
        contact = self.say("limit_contact")
        return self.say("cap_reached", used=used, cap=used, renews=renews, contact=contact)

    @contextmanager
    def locked(self, *, naps: int | None = None) -> Iterator[None]:
        """Another process writes to the database, until `naps` waits from now if given."""
        other = sqlite3.connect(self.database, isolation_level=None)

        def count_down() -> None:
            if naps == len(self.naps.spans) - before:
                other.execute("ROLLBACK")

        try:
            other.execute("BEGIN IMMEDIATE")
            before = len(self.naps.spans)
            self.naps.then = count_down
            yield
        finally:
            self.naps.then = lambda: None
            other.close()

    def rows(self, query: str, *given: object) -> list[tuple[object, ...]]:
        """What is committed, as another process sees it."""
        other = sqlite3.connect(self.database)
        try:
            return other.execute(query, given).fetchall()
        finally:
            other.close()

    def write(self, change: str, *given: object) -> None:
        """What another process wrote."""
        with closing(sqlite3.connect(self.database)) as other, other:
            other.execute(change, given)


@dataclass(frozen=True)
class Person:
    """Somebody in a chat with a bot."""

    site: Site
    address: Address

    @property
    def conversation(self) -> str:
        bot = self.site.bots[self.address.bot]
        return conversation_key(self.address, bot.group_history)

    @property
    def key(self) -> str:
        return person_key(self.address)

    @property
    def identity(self) -> str:
        return identity_of(self.address)

    def message(
        self, text: str, *parts: Part, key: str = "", addressed: bool = True, **about: object
    ) -> Message:
        message_id = self.site.new_id()
        return Message(
            id=message_id,
            key=key or message_id,
            address=self.address,
            parts=(*((Text(text=text),) if text else ()), *parts),
            sent_at=self.site.clock.now(),
            addressed=addressed,
            **about,
        )

    async def says(self, text: str, *parts: Part, **about: object) -> Receipt:
        """Send a message; it is received when this returns, and answered some time after."""
        return await self.site.house.gateway.accept(self.message(text, *parts, **about))

    async def asks(self, text: str, *parts: Part, **about: object) -> list[str]:
        """Send a message and wait until all is quiet; what it was answered."""
        before = len(self.reads)
        await self.says(text, *parts, **about)
        await self.site.house.settled()
        return self.reads[before:]

    @property
    def reads(self) -> list[str]:
        """What is on the screen."""
        return self.site.platforms[self.address.bot].texts(self.address.chat)

    async def turns(self) -> list[tuple[str, str, str]]:
        """All that is kept of the conversation, as (role, text, state)."""
        kept = await self.site.house.store.log(self.conversation, 1000)
        return [(turn.role, turn.text, turn.state.value) for turn in kept]

    async def settings(self) -> Mapping[str, str]:
        """Those of the conversation."""
        return await self.site.house.store.settings(self.conversation)
