"""People who ask, whose way to the bot is bad, and who ask for what they are told waits."""

import asyncio
from dataclasses import dataclass, field
from random import Random

from bots.sandbox.town.town import BOT, Line, Utterance
from bots.sandbox.wechat.faults import (
    AnyFault,
    AtOnce,
    DelayAnswer,
    DropConnection,
    LoseAnswer,
    Shuffle,
)
from bots.sandbox.wechat.push import Push
from bots.sandbox.wechat.wechat import WeChat

WORDS = ("继续", "continue", "more")
WAITS = "“continue”"
NOTHING = "Nothing is waiting"
GIVEN_UP = "wechat"
"""The sender of what WeChat itself says where the bot said nothing."""

AGAIN_S = 2.0
ASKS = 40
"""How often somebody asks for one answer at most."""

SECOND, STRAY, FAULTY = 0.15, 0.2, 0.15
"""How many ask a second thing at once; how many pushes come again; how often the way is bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`mark` is in its words and in its answer."""

    account: WeChat
    person: str
    mark: str
    line: Line


@dataclass(slots=True, kw_only=True, eq=False)
class Person:
    """One at one account. `told` is set where an answer waits, as far as he knows."""

    account: WeChat
    id: str
    key: str
    asked: int = 0
    told: asyncio.Event = field(default_factory=asyncio.Event)
    asking: bool = False
    asks: int = 0


class Crowd:
    """`holds_s` are how long the relay takes, as (at least, at most), equally often each."""

    def __init__(
        self, accounts: dict[str, WeChat], chance: Random, holds_s: tuple[tuple[float, float], ...]
    ) -> None:
        self.questions: list[Question] = []
        self._chance = chance
        self._holds_s = holds_s
        self._hold_s: dict[str, float] = {}
        self._reached: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._people = [
            Person(account=account, id=one, key=f"{name}{number}")
            for number, one in enumerate(next(iter(accounts.values())).town.people)
            for name, account in accounts.items()
        ]
        by_id = {(id(person.account.town), person.id): person for person in self._people}
        for account in accounts.values():
            town = account.town
            town.heard = lambda line, town=town: self._hear(by_id[id(town), line.place], line)

    def hold_s(self, said: str) -> float:
        """For the relay: how long what was said waits for its answer."""
        mark = said.partition(" ")[2].partition(" ")[0]
        self._reached.add(mark)
        return self._hold_s.get(mark, 0.0)

    async def talk(self, rate: float, seconds: float) -> None:
        """Open loop: nobody waits for anybody."""
        began = asyncio.get_running_loop().time()
        for count in range(int(rate * seconds)):
            await asyncio.sleep(began + count / rate - asyncio.get_running_loop().time())
            person = self._people[count % len(self._people)]
            if self._chance.random() < FAULTY:
                person.account.faults.add(self._fault())
            self._spawn(self._ask(person))
            if self._chance.random() < SECOND:
                self._spawn(self._ask(person, self._chance.uniform(0.2, 1.5), self._holds_s[:2]))
        for account in {id(one.account): one.account for one in self._people}.values():
            account.faults.clear()

    async def rest(self, timeout_s: float) -> bool:
        """Until nothing is under way and nobody waits; False if it takes longer."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._tasks:
                    await asyncio.wait(set(self._tasks))
        except TimeoutError:
            for task in self._tasks:
                task.cancel()
            return False
        return True

    async def _ask(
        self, person: Person, after_s: float = 0.0, holds_s: tuple[tuple[float, float], ...] = ()
    ) -> None:
        await asyncio.sleep(after_s)
        mark = f"{person.key}-{person.asked}"
        person.asked += 1
        self._hold_s[mark] = self._chance.uniform(*self._chance.choice(holds_s or self._holds_s))
        line = await person.account.speak(
            Utterance(place=person.id, person=person.id, text=f"question {mark} is this")
        )
        self.questions.append(
            Question(account=person.account, person=person.id, mark=mark, line=line)
        )
        push = await person.account.outcome(line)
        if push.ended:
            self._reached.add(mark)
        await self._again(person, push)

    async def _again(self, person: Person, push: Push) -> None:
        """WeChat may ask once more although it was answered."""
        if push.ended and self._chance.random() < STRAY:
            await asyncio.sleep(self._chance.uniform(0, 2.0))
            await person.account.redeliver(push, self._chance.randint(1, 3))

    def _hear(self, person: Person, line: Line) -> None:
        if (line.sender == BOT and WAITS in line.text) or line.sender == GIVEN_UP:
            self._tell(person)
        elif NOTHING in line.text and self.waits(person):
            self._spawn(self._try_later(person))

    async def _try_later(self, person: Person) -> None:
        await asyncio.sleep(AGAIN_S)
        self._tell(person)

    def waits(self, person: Person) -> bool:
        """Whether something that he asked reached the bot, and he was not shown its answer."""
        asked = {f"{person.key}-{number}" for number in range(person.asked)} & self._reached
        lines = person.account.town.lines(person.id, BOT)
        return not all(
            any(f"You said: “question {mark} " in line.text for line in lines) for mark in asked
        )

    def _tell(self, person: Person) -> None:
        person.told.set()
        if not person.asking:
            person.asking = True
            self._spawn(self._ask_on(person))

    async def _ask_on(self, person: Person) -> None:
        """One after the other, each a moment after he was told."""
        while person.told.is_set() and person.asks < ASKS:
            person.asks += 1
            await asyncio.sleep(self._chance.uniform(0.3, 1.0))
            person.told.clear()
            word = self._chance.choice(WORDS)
            said = Utterance(place=person.id, person=person.id, text=word)
            push = await person.account.outcome(await person.account.speak(said))
            await self._again(person, push)
        person.asking = False

    def _fault(self) -> AnyFault:
        chance = self._chance
        return chance.choice(
            (
                AtOnce(copies=chance.randint(2, 3)),
                LoseAnswer(),
                DelayAnswer(delay_s=chance.uniform(0.05, 1.2)),
                DropConnection(after_s=chance.uniform(0.1, 3.0)),
                Shuffle(count=chance.randint(3, 8), seed=chance.getrandbits(32)),
            )
        )

    def _spawn(self, work: object) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
