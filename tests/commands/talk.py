"""A talk with the real engine, over ports in memory."""

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from bots.commands import find_commands
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.command import Ask, Outcome
from core.engine import Engine
from core.errors import ParleyError
from core.group import given_to, in_group, of_talk
from core.model import (
    Address,
    Media,
    Message,
    Part,
    Quote,
    Spend,
    Text,
    conversation_key,
    person_key,
)
from core.people import PeopleRules, role_of
from core.ports.store import Commit
from core.quota.calendar import Calendar, zone_of
from core.quota.cashier import Cashier
from core.quota.limits import NO_LIMITS, Ceilings, Limits
from core.reasons import ReasonRing
from core.request import ChatRequest
from core.route import route
from tests.commands.balances import ToldBalances
from tests.commands.clock import NOON, ManualClock
from tests.commands.memory_media import MemoryMedia
from tests.commands.memory_store import MemoryStore
from tests.commands.relays import TalkingRelays


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

    def met(self, *identities: str) -> "Talk":
        """Somebody of each has written to the bot before."""
        for identity in identities:
            platform, _, sender = identity.partition(":")
            address = Address(platform=platform, bot=self.bot.name, chat=sender, sender=sender)
            name = f"of {identity}"
            hello = (Text(text="hello"),)
            told = Message(id=name, key=name, address=address, parts=hello, sent_at=NOON)
            self.store.inbox[name] = (told, conversation_key(address), NOON)
        return self

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
            bots=(self.bot.name,),
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
