"""One QQ account as NapCat, LLBot and the like show it to a bot."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal

import msgspec

from bots.sandbox.onebot.account import Account, Role
from bots.sandbox.onebot.actions import Actions
from bots.sandbox.onebot.answering import Answering
from bots.sandbox.onebot.archive import Archive, Message
from bots.sandbox.onebot.dialer import Dialer, Pace
from bots.sandbox.onebot.event import Event, Events
from bots.sandbox.onebot.faults import Faults
from bots.sandbox.onebot.files import Files
from bots.sandbox.onebot.flavour import NAPCAT, Flavour
from bots.sandbox.onebot.frames import Frames
from bots.sandbox.onebot.membership import Membership
from bots.sandbox.onebot.mouth import Mouth
from bots.sandbox.onebot.piece import Forward, Media, Node, Piece, Text, all_media, shown
from bots.sandbox.onebot.segment import Speller
from bots.sandbox.onebot.sending import LINES, Sending
from bots.sandbox.onebot.standing import Standing
from bots.sandbox.town.town import Line, Person, Place, Town, Unspoken, Utterance, cast

SELF_ID = "10000"
NUMBERS = ("10001", "10002", "10003", "10004")
GROUPS = ("700001", "700002")
PAST_EVENTS = 1000
"""How many events can be repeated."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def qq_town(now: Callable[[], datetime] = utc_now, size: int = 5000) -> Town:
    """Four people and two groups, by numbers as QQ has them."""
    people, places = cast(NUMBERS, GROUPS)
    return Town(name="QQ", people=people, places=places, now=now, size=size)


class OneBot:
    """An account that dials out to a bot's endpoint. Several may run at once.

    `url` is the bot's (ws://127.0.0.1:8701/onebot/qq); with `split` two sockets go
    to /api and /event below it. `roles` are people's roles in groups. `frames_size`
    0 keeps no journal. The parts are open: `town`, `frames`, `faults`, `standing`,
    `membership`, `files` (whose `base_url` must say where `onebot_app` is served),
    `events`, `archive`, and the sockets `calls` and `telling`, one object unless split.
    """

    def __init__(  # noqa: PLR0913 - the account, its habits and its clock come in here
        self,
        *,
        url: str,
        token: str = "",
        self_id: str = SELF_ID,
        nickname: str = "Parley",
        town: Town | None = None,
        flavour: Flavour = NAPCAT,
        message_format: Literal["array", "string"] | None = None,
        split: bool = False,
        reports_self: bool = False,
        roles: Mapping[str, Role] | None = None,
        pace: Pace | None = None,
        now: Callable[[], datetime] = utc_now,
        frames_size: int = 2000,
        media_url: str = "",
    ) -> None:
        self.self_id = self_id
        self.nickname = nickname
        self.flavour = flavour
        self.town = town or qq_town(now)
        self.frames = Frames(now, frames_size)
        self.faults = Faults()
        self.standing = Standing(now=now)
        self.archive = Archive(signed_ids=flavour.signed_ids)
        self.files = Files(self.town, media_url)
        self._pace = pace or Pace()
        self._reports_self = reports_self
        self._encoder = msgspec.json.Encoder()
        self._past: deque[str] = deque(maxlen=PAST_EVENTS)
        self._account = Account(
            self_id=self_id,
            nickname=nickname,
            flavour=flavour,
            message_format=message_format or flavour.message_format,
            town=self.town,
            archive=self.archive,
            files=self.files,
            standing=self.standing,
            now=now,
            roles=roles or {},
        )
        self._mouth = Mouth(self._account)
        speller = Speller(flavour, self.files)
        self.events = Events(self._account, speller)
        self.membership = Membership(self._account, self.events, self.tell)
        self._answering = Answering(
            actions=Actions(
                account=self._account,
                events=self.events,
                speller=speller,
                sending=Sending(self._account, self._sent),
                membership=self.membership,
            ),
            faults=self.faults,
            flavour=flavour,
            pace=self._pace,
        )
        self.calls, self.telling = self._dialers(url, token, split=split)

    def _dialers(self, url: str, token: str, *, split: bool) -> tuple[Dialer, Dialer]:
        headers = {"X-Self-ID": self.self_id}
        if token or self.flavour.bare_bearer:
            headers["Authorization"] = f"Bearer {token}".strip()

        def dialer(role: Literal["Universal", "API", "Event"], below: str) -> Dialer:
            return Dialer(
                url=url.rstrip("/") + below if below else url,
                role=role,
                headers=headers,
                pace=self._pace,
                frames=self.frames,
                opened=self._opened,
                received=self._answering.receive,
            )

        if split:
            return dialer("API", "/api"), dialer("Event", "/event")
        both = dialer("Universal", "")
        return both, both

    # -- how it lives --------------------------------------------------------------------

    async def run(self) -> None:
        """Keep connected until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for dialer in {self.calls, self.telling}:
                    group.create_task(dialer.run())
                if self._pace.heartbeat_s:
                    group.create_task(self._beat())
        finally:
            self.faults.clear()
            await self._answering.close()

    @asynccontextmanager
    async def connected(self, timeout_s: float = 10.0) -> AsyncIterator["OneBot"]:
        """Running, once all sockets are open. Raises TimeoutError."""
        running = asyncio.create_task(self.run())
        try:
            await self.until_connected(timeout_s)
            yield self
        finally:
            running.cancel()
            await asyncio.wait([running])
            if not running.cancelled():
                running.result()

    async def until_connected(self, timeout_s: float = 5.0) -> None:
        """Raises TimeoutError."""
        for dialer in {self.calls, self.telling}:
            await dialer.until_connected(timeout_s)

    async def _opened(self, dialer: Dialer) -> None:
        if dialer is self.telling:
            await self.tell(self.events.lifecycle())

    async def _beat(self) -> None:
        while True:
            await self._pace.sleep(self._pace.heartbeat_s)
            await self.beat()

    async def beat(self) -> None:
        """Send one heartbeat, unless the account is deaf."""
        if self.standing.beats:
            await self.tell(self.events.heartbeat(self._pace.heartbeat_s))

    # -- people speak --------------------------------------------------------------------

    async def speak(self, said: Utterance) -> Line:
        """See `town.Platform`. A quoted message's sender is mentioned, as QQ's app does."""
        place = self._place(said.place)
        person = self._person(said.person, place)
        pieces = await self._mouth.pieces(said, place)
        extras = {"name": said.name, "reply_to": said.reply_to}
        if said.content:
            extras["file"] = self.town.put(said.content)
        return await self.post(place, person, pieces, **extras)

    def _place(self, number: str) -> Place:
        place = self.town.places.get(number)
        if place is None:
            raise Unspoken(f"expected a place of this town, got {number!r}")
        return place

    def _person(self, number: str, place: Place) -> Person:
        person = self.town.people.get(number)
        if person is None or number not in place.members:
            raise Unspoken(f"expected a member of {place.name}, got {number!r}")
        return person

    async def post(
        self, place: Place, person: Person, pieces: tuple[Piece, ...], **extras: object
    ) -> Line:
        """A message of any pieces; `extras` are fields of the town's line."""
        message = self.archive.add(place, person.id, pieces, self._account.now())
        event = self._event(message)
        media = all_media(pieces)
        line = self.town.add(
            place.id,
            person.id,
            **{
                "kind": LINES[media[0].kind] if media else "text",
                "text": shown(pieces, self._account.names()),
                "file": media[0].file if media else "",
                "mime": media[0].mime if media else "",
                "status": "" if self.telling.connected else "lost: the bot is not connected",
                "raw": event,
            }
            | extras,
        )
        self.archive.note_line(message, line.number)
        if place.id not in self.standing.outside:
            await self.tell(event)
        return line

    def _event(self, message: Message) -> Event:
        file = next((p for p in message.pieces if isinstance(p, Media) and p.kind == "file"), None)
        if file is None or self.flavour.files_as == "segment":
            return self.events.message(message)
        what = {"id": file.id, "name": file.name, "size": file.size_bytes}
        what["url"] = self.files.url(file)
        return self.events.upload(message.place, message.sender, what)

    async def forward(
        self, place: str, person: str, said: Sequence[tuple[str, str]], words: str = ""
    ) -> Line:
        """Somebody sends messages merged into one: pairs of a person's number and words."""
        where = self._place(place)
        who = self._person(person, where)
        nodes = tuple(
            Node(user=user, nickname=self._account.name(user), pieces=(Text(text),))
            for user, text in said
        )
        merged = Forward(f"sandbox-forward-{self.archive.next_forward()}", nodes)
        self.archive.keep_forward(merged)
        pieces: tuple[Piece, ...] = (Text(words), merged) if words else (merged,)
        return await self.post(where, who, pieces)

    # -- people do -----------------------------------------------------------------------

    async def poke(self, place: str, person: str) -> None:
        """Somebody pokes the bot."""
        event = self.events.poke(self._place(place), person, self.self_id)
        await self._happens(place, person, "pokes the bot", event)

    async def recall(self, line: int) -> None:
        """Whoever said a line takes it back."""
        message = self.archive.of_line(line)
        if message is None:
            raise Unspoken(f"expected a line that was said, got {line}")
        event = self.events.recall(message, message.sender)
        await self._happens(message.place.id, message.sender, "recalls a message", event)

    async def join(self, group: str, person: str) -> None:
        event = self.events.increase(group, person, person)
        await self._happens(group, person, "joins the group", event)

    async def mute(self, group: str, seconds: int) -> None:
        """A group's owner silences the account; 0 s lets it speak again."""
        change = self.standing.muted.add if seconds else self.standing.muted.discard
        change(group)
        owner = self._place(group).members[0]
        event = self.events.ban(group, owner, seconds)
        await self._happens(group, owner, f"mutes the bot for {seconds} s", event)

    async def _happens(self, place: str, person: str, what: str, event: Event) -> None:
        self.town.add(place, person, kind="notice", text=what, raw=event)
        await self.tell(event)

    # -- to the bot ----------------------------------------------------------------------

    async def tell(self, event: Event) -> bool:
        """An event, now; False where no socket takes it. It is not sent again."""
        text = self._encoder.encode(event).decode()
        if event["post_type"] != "meta_event":
            self._past.append(text)
        return await self.telling.send(text)

    async def tell_raw(self, frame: str) -> bool:
        """Anything at all, as it stands."""
        return await self.telling.send(frame)

    async def repeat(self, count: int = 1) -> int:
        """Send the latest `count` events once more, byte for byte; how many there were."""
        events = list(self._past)[-count:]
        for text in events:
            await self.telling.send(text)
        return len(events)

    async def flood(self, place: str, person: str, texts: Sequence[str]) -> list[Line]:
        """One person's messages as fast as the socket takes them."""
        return [
            await self.speak(Utterance(place=place, person=person, text=text)) for text in texts
        ]

    async def _sent(self, message: Message) -> None:
        if self._reports_self:
            await self.tell(self.events.message(message))
