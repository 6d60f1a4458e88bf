"""Telling admins something, once for ever: stored like an answer, then sent like one."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bots.alerts.admins import Admins, Reader
from bots.alerts.events import Event
from core.amounts import figure
from core.model import Reply, Text
from core.ports.adapter import Adapter
from core.ports.clock import Clock, NewId
from core.ports.store import Unfinished
from core.ports.texts import Texts
from core.render import render
from storage.announcing import Announce, Letter, StoredAnnouncements, begun, letter_name

log = logging.getLogger(__name__)

Write = Callable[[Reader], str]
"""What a reader is told, as Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """`take_up` puts what is stored to work, as after a restart."""

    admins: Admins
    stored: StoredAnnouncements
    adapters: Mapping[str, Adapter]
    texts: Texts
    clock: Clock
    new_id: NewId
    take_up: Callable[[Unfinished], object]
    _logged: set[str] = field(default_factory=set)

    async def alert(self, event: Event) -> None:
        """Raises StoreError. Nobody there to be told: it stays to be told."""
        readers = await self.admins.readers()
        if not readers:
            self._log(event)
            return
        at = self.clock.now()
        letters = self._letters(readers, f"{event.key}@{at.isoformat()}", self._writing(event))
        raised = (event.key, *event.also)
        await self._announce(Announce(letters=letters, at=at, raised=raised))

    async def over(self, key: str, event: Event | None) -> None:
        """An alert may be raised again; `event` is the word of its end. Raises StoreError."""
        readers = await self.admins.readers() if event else ()
        at, letters = self.clock.now(), tuple[Letter, ...]()
        if event:
            name = f"{key}/over@{at.isoformat()}"
            letters = self._letters(readers, name, self._writing(event))
        self._logged.discard(key)
        await self._announce(Announce(letters=letters, at=at, over=key))

    async def report(self, job: str, at: datetime, write: Write) -> bool:
        """False while there is nobody to be told. Raises StoreError."""
        readers = await self.admins.readers()
        if readers:
            letters = self._letters(readers, f"{job}@{at.isoformat()}", write)
            await self._announce(Announce(letters=letters, at=at, job=job))
        return bool(readers)

    async def _announce(self, announce: Announce) -> None:
        if await self.stored.announce(announce):
            for letter in announce.letters:
                self.take_up(begun(letter, announce.at))

    def _letters(self, readers: Sequence[Reader], key: str, write: Write) -> tuple[Letter, ...]:
        return tuple(self._letter(reader, key, write(reader)) for reader in readers)

    def _letter(self, reader: Reader, key: str, text: str) -> Letter:
        name = letter_name(reader.person, key)
        caps = self.adapters[reader.to.bot].capabilities(reader.to)
        parts = render((Text(text=text),), caps)
        return Letter(
            name=name,
            reply=Reply(id=self.new_id(), answers=name, to=reader.to, parts=parts),
        )

    def _writing(self, event: Event) -> Write:
        return lambda reader: told(self.texts, event, reader)

    def _log(self, event: Event) -> None:
        if event.key not in self._logged:
            self._logged.add(event.key)
            log.warning(
                "alert %s: no admin spoke to a bot on QQ, Telegram or WeChat yet, so nobody is "
                "told; name yours in people.owners, and write to the bot there once",
                event.key,
            )


def told(texts: Texts, event: Event, reader: Reader) -> str:
    """The sentence of an event."""
    params: dict[str, object] = {}
    for name, value in event.params.items():
        match value:
            case datetime():
                params[name] = f"{value.astimezone(reader.zone):%Y-%m-%d %H:%M} {reader.zone.key}"
            case int() if name.endswith("_usd"):
                params[name] = figure("usd", value)
            case _:
                params[name] = value
    return texts.say(f"alert_{event.kind}", reader.language, **params)
