"""What belongs together but comes as several messages: a picture and its question, an album.

A stored message that may be only a beginning keeps its place in its lane until what
belongs to it has come, or nothing has for a while. Then they are one job: their parts in
order, the last message the one that is answered. Nothing is kept here that the store does
not have: after a crash the same rule puts them together again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from msgspec import structs

from core.bot import Bot
from core.command import Command
from core.errors import why_of
from core.job import Job
from core.lanes import Slot
from core.model import Message, Part, Text
from core.route import Talk, Transcribe, is_urgent, route

log = logging.getLogger(__name__)

ROUNDING = timedelta(seconds=1)
"""Platforms tell when a message was sent in whole seconds."""


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Calls back once, after so many seconds."""


class Place(Protocol):
    """A slot in a lane, or one that is held back."""

    def fill(self, job: Job) -> None:
        """The message is stored."""
        ...

    def drop(self) -> None:
        """It is not, and the place is given up. Harmless once it was filled."""
        ...


def _call_later(seconds: float, callback: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, callback)


class Settling:
    """Between the gateway and the lanes. At most one gathering a lane is open to more."""

    def __init__(self, commands: Mapping[str, Command], later: CallLater = _call_later) -> None:
        self._commands = commands
        self._later = later
        self._open: dict[str, Gathering] = {}

    def place(self, job: Job, slot: Slot[Job], bot: Bot) -> Place:
        """Where a message goes that takes `slot`, the last of its lane: to be asked at once.

        The slot itself, for all that neither settles nor comes after what does.
        """
        lane = job.lane
        gathering = self._open.get(lane)
        if gathering:
            if gathering.takes(job):
                return gathering.add(job, slot, bot)
            del self._open[lane]
            gathering.flush()
        if not _waits(job, bot):
            return slot
        self._open[lane] = gathering = Gathering(self._commands, self._later, self._ended)
        return gathering.add(job, slot, bot)

    def expects(self, message: Message, lane: str) -> bool:
        """Whether this is one more of an album that is being gathered."""
        gathering = self._open.get(lane)
        return gathering is not None and gathering.has_album_of(message)

    def _ended(self, lane: str, gathering: "Gathering") -> None:
        if self._open.get(lane) is gathering:
            del self._open[lane]


@dataclass(slots=True, eq=False)
class Member:
    """One message of a gathering. Its place in the lane is the gathering's to fill."""

    gathering: "Gathering"
    job: Job
    slot: Slot[Job]
    bot: Bot
    stored: bool = False

    def fill(self, job: Job) -> None:
        self.job, self.stored = job, True
        self.gathering.advance()

    def drop(self) -> None:
        if not self.stored:
            self.slot.drop()
            self.gathering.without(self)


@dataclass(slots=True, eq=False)
class Gathering:
    """Messages of one sender that stand one behind the other in a lane, and become one job.

    It is over once all of them are stored, and either the last leaves nothing to wait for,
    or something else came in behind it, or `settle_s` went by.
    """

    commands: Mapping[str, Command]
    later: CallLater
    ended: Callable[[str, "Gathering"], None]
    _members: list[Member] = field(default_factory=list)
    _flushed: bool = False
    _timer: Timer | None = None

    def takes(self, job: Job) -> bool:
        """Whether a message that comes next in the lane is a part of it."""
        last = self._members[-1]
        if job.delivery or not _waits(last.job, last.bot):
            return False
        return self.has_album_of(job.message) or self._is_continued_by(job, last)

    def has_album_of(self, message: Message) -> bool:
        last = self._members[-1].job.message
        return bool(last.album) and (last.album, last.address) == (message.album, message.address)

    def _is_continued_by(self, job: Job, last: Member) -> bool:
        """Pictures without words take in what is said next, up to the first words."""
        before, after = last.job.message, job.message
        return (
            before.settles
            and isinstance(job.intent, Talk)
            and before.address == after.address
            and not any(member.job.message.text for member in self._members)
            and abs(after.sent_at - before.sent_at) <= _apart(last.bot)
        )

    def add(self, job: Job, slot: Slot[Job], bot: Bot) -> Member:
        self._rest()
        member = Member(self, job, slot, bot)
        self._members.append(member)
        return member

    def without(self, member: Member) -> None:
        """It was a repetition, or could not be stored."""
        self._members.remove(member)
        if self._members:
            self.advance()
        else:
            self._end(member)

    def flush(self) -> None:
        """Something else stands behind it: wait no longer than for the store."""
        self._flushed = True
        self.advance()

    def advance(self) -> None:
        """Go on from what has come so far."""
        self._rest()
        if not all(member.stored for member in self._members):
            return
        last = self._members[-1]
        if self._flushed or not _waits(last.job, last.bot):
            self._release(last)
        else:
            self._timer = self.later(last.bot.settle_s, self.flush)

    def _rest(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _end(self, last: Member) -> None:
        self._rest()
        self.ended(last.job.lane, self)

    def _release(self, last: Member) -> None:
        self._end(last)
        for member in self._members[:-1]:
            member.slot.drop()
        last.slot.fill(self._joined(last))

    def _joined(self, last: Member) -> Job:
        messages = [member.job.message for member in self._members]
        if len(messages) == 1:
            return last.job
        whole = replace(
            last.job,
            message=joined(messages),
            also=tuple(message.id for message in messages[:-1]),
        )
        try:
            return replace(whole, intent=route(whole.message, last.bot, self.commands))
        except Exception as error:  # its lane would wait for it without end
            log.exception("message %s cannot be put together", whole.message.id)
            return replace(whole, broken=why_of(error))


def joined(messages: Sequence[Message]) -> Message:
    """The last message with the parts of all, in order; words of several on lines of their own."""
    parts: list[Part] = []
    worded = False
    for message in messages:
        if worded and message.text:
            parts.append(Text(text="\n"))
        parts.extend(message.parts)
        worded = worded or bool(message.text)
    addressed = any(message.addressed for message in messages)
    return structs.replace(messages[-1], parts=tuple(parts), addressed=addressed)


def _waits(job: Job, bot: Bot) -> bool:
    """Whether more may belong to it: a picture without words, or one of an album."""
    message = job.message
    if not (message.settles or message.album) or bot.settle_s <= 0 or job.delivery:
        return False
    match job.intent:
        case Transcribe():
            return False
        case Talk(pictures=pictures) if message.settles and pictures and not message.text:
            return True
        case intent:
            return bool(message.album) and not is_urgent(intent)


def _apart(bot: Bot) -> timedelta:
    """How far apart by the platform's clock messages that belong together are sent at most."""
    return timedelta(seconds=bot.settle_s) + ROUNDING
