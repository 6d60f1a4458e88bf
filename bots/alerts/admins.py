"""Where admins can be told something: their latest talks with the bots, one to one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.bot import Bot
from core.model import Address, Language, Message, person_key
from core.people import LOCAL, PeopleRules, Role, role_of
from core.quota.calendar import zone_of
from core.spoken import spoken
from storage.store import SqlStore

TOLD = (Role.OWNER, Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An admin as he is to be told: where, in which language, by which clock."""

    person: str
    to: Address
    language: Language
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Admins:
    """Owners and admins by the configuration and by what was decided. "platform:*" names nobody;
    the page and the terminal show nothing that nobody asked for, so they are no place to tell."""

    store: SqlStore
    bots: Mapping[str, Bot]
    rules: PeopleRules

    async def readers(self) -> Sequence[Reader]:
        """Those who spoke to a bot by now. Raises StoreError."""
        found = [await self._reader(platform, sender) for platform, sender in self._identities()]
        return [reader for reader in found if reader]

    def _identities(self) -> Iterator[tuple[str, str]]:
        decided = self.store.decided("roles")
        for name in sorted({*self.rules.owners, *self.rules.admins, *decided}):
            platform, _, sender = name.partition(":")
            somebody = Address(platform=platform, bot="", chat="", sender=sender)
            if sender in ("", "*") or platform in LOCAL:
                continue
            if role_of(somebody, self.rules, decided) in TOLD:
                yield platform, sender

    async def _reader(self, platform: str, sender: str) -> Reader | None:
        here = [bot.name for bot in self.bots.values() if bot.platform == platform]
        persons = [
            person_key(Address(platform=platform, bot=name, chat="", sender=sender))
            for name in here
        ]
        last = await self.store.announcements.last_private(persons) if persons else None
        return await self._of(last) if last else None

    async def _of(self, last: Message) -> Reader:
        person = person_key(last.address)
        settings = await self.store.settings(person)
        bot = self.bots[last.address.bot]
        return Reader(
            person=person,
            to=last.address,
            language=spoken(settings.get("language"), last, bot),
            zone=zone_of(settings.get("timezone"), ZoneInfo(self.rules.timezone)),
        )
