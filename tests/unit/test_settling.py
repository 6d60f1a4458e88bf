"""Laws of settling, whatever comes in whichever order, and however long the store takes."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from core.bot import Bot
from core.command import Ask, Command, Outcome, Services
from core.job import Job
from core.lanes import Lanes
from core.model import Address, Media, Message, Text
from core.route import route
from core.settling import Place, Settling
from tests.core.pauses import Pauses


async def _run(ask: Ask, rest: str, services: Services) -> Outcome:
    raise NotImplementedError("settling runs nothing")


COMMANDS = {
    "new": Command(name="new", run=_run),
    "stop": Command(name="stop", run=_run, urgent=True),
}
BOT = Bot(name="b", platform="p", settle_s=1.0)
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
WORDS = ("", "", "", "hello", "/new", "/stop")

messages = st.fixed_dictionaries(
    {
        "sender": st.sampled_from(["amy", "bob"]),
        "words": st.sampled_from(WORDS),
        "media": st.sampled_from([None, "image", "image", "voice", "file"]),
        "settles": st.booleans(),
        "album": st.sampled_from(["", "", "x", "y"]),
        "stored": st.sampled_from([True, True, True, False]),
    }
)
steps = st.lists(
    st.one_of(
        messages,
        st.sampled_from([0.4, 1.0, 3.0]).map(lambda seconds: {"pass": seconds}),
        st.integers(0, 5).map(lambda place: {"outcome": place}),
    ),
    max_size=30,
)


@dataclass
class Door:
    """A lane that two people share, behind a store that answers when it is told to."""

    pauses: Pauses = field(default_factory=Pauses)
    worked: list[Job] = field(default_factory=list)
    came: list[Message] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    storing: deque[tuple[Job, Place, bool]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.lanes = Lanes[Job](self._work, per_conversation=100)
        self.settling = Settling(COMMANDS, self.pauses.later)

    async def _work(self, job: Job) -> None:
        self.worked.append(job)

    def comes(self, step: dict[str, object]) -> None:
        message = self._message(step)
        self.came.append(message)
        job = Job(
            message=message,
            conversation="c",
            received_at=message.sent_at,
            intent=route(message, BOT, COMMANDS),
        )
        place = self.settling.place(job, self.lanes.enter(job.lane), BOT)
        self.storing.append((job, place, bool(step["stored"])))

    def _message(self, step: dict[str, object]) -> Message:
        name = str(len(self.came))
        media = step["media"]
        return Message(
            id=name,
            key=name,
            address=Address(platform="p", bot="b", chat="c", sender=str(step["sender"])),
            parts=(
                *((Text(text=str(step["words"])),) if step["words"] else ()),
                *((Media(kind=media, remote=name),) if media else ()),
            ),
            sent_at=NOON + timedelta(seconds=self.pauses.now_s),
            settles=bool(step["settles"]),
            album=str(step["album"]),
        )

    def stores(self, place: int) -> None:
        """One of those on their way is stored, or found not to be new."""
        if not self.storing:
            return
        self.storing.rotate(-place)
        job, taken, stored = self.storing.popleft()
        if stored:
            taken.fill(job)
        else:
            self.lost.add(job.message.id)
            taken.drop()

    async def ends(self) -> None:
        while self.storing:
            self.stores(0)
        self.pauses.pass_(10.0)
        for _ in range(10 * len(self.came)):  # the lane goes on by itself, and waits for nothing
            await asyncio.sleep(0)
        assert self.lanes.depth == 0

    def kept(self, *, urgent: bool) -> list[str]:
        """What was stored, in the order it came."""
        return [
            message.id
            for message in self.came
            if message.id not in self.lost and (message.text == "/stop") is urgent
        ]

    def ended(self, *, urgent: bool) -> list[str]:
        """What was worked on, in that order."""
        jobs = (job for job in self.worked if job.lane.endswith("urgent") is urgent)
        return [name for job in jobs for name in (*job.also, job.message.id)]


@settings(max_examples=400, deadline=None)
@given(steps=steps)
async def test_each_message_ends_once_in_order_with_none_but_its_own(
    steps: list[dict[str, object]],
) -> None:
    door = Door()
    for step in steps:
        if "pass" in step:
            door.pauses.pass_(float(str(step["pass"])))
        elif "outcome" in step:
            door.stores(int(str(step["outcome"])))
        else:
            door.comes(step)
        await asyncio.sleep(0)
    await door.ends()
    for urgent in (False, True):
        assert door.ended(urgent=urgent) == door.kept(urgent=urgent)
    for job in door.worked:
        _expect_right(door, job)
    assert door.pauses.waiting == 0
    assert door.settling._open == {}


def _expect_right(door: Door, job: Job) -> None:
    """All of one sender and one album, or pictures without words and then what ends them."""
    *first, last = [door.came[int(name)] for name in (*job.also, job.message.id)]
    whole = [*first, last]
    assert {message.address for message in whole} == {job.message.address}
    assert job.message.media == tuple(media for message in whole for media in message.media)
    if not first:
        assert job.message == last
        return
    assert job.intent == route(job.message, BOT, COMMANDS)
    assert job.message.text.split() == [message.text for message in whole if message.text]
    for before, after in pairwise(whole):
        same_album = bool(before.album) and before.album == after.album
        settles = before.settles and not before.text
        assert same_album or settles
        assert same_album or (after.sent_at - before.sent_at).total_seconds() <= 2.0


async def test_what_comes_in_time_is_put_together_and_what_comes_late_is_not() -> None:
    door = Door()
    picture = {"sender": "amy", "words": "", "media": "image", "settles": True, "album": ""}
    for wait_s in (0.9, 1.0):
        door.comes({**picture, "stored": True})
        door.stores(0)
        door.pauses.pass_(wait_s)
        door.comes({**picture, "words": "what?", "media": None, "stored": True})
        door.stores(0)
    await door.ends()
    assert [(job.also, job.message.id) for job in door.worked] == [
        (("0",), "1"),
        ((), "2"),
        ((), "3"),
    ]


async def test_no_time_passes_for_the_others_while_one_is_being_stored() -> None:
    door = Door()
    picture = {"sender": "amy", "words": "", "media": "image", "settles": True, "album": ""}
    door.comes({**picture, "stored": True})
    door.stores(0)
    door.comes({**picture, "stored": True})
    door.pauses.pass_(1.5)
    door.stores(0)
    door.comes({**picture, "words": "what?", "media": None, "stored": True})
    await door.ends()
    assert [(job.also, job.message.id) for job in door.worked] == [(("0", "1"), "2")]
