"""The whole adapter under a clock that jumps: minutes of talk in milliseconds, repeatable.

WeChat, core and shelf are played here, each by the rules of its own; the
adapter, its door and the core's Courier are the real ones.
"""

import asyncio
import re
import selectors
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from itertools import count
from urllib.parse import urlencode

from adapters.wechat.adapter import WeChatAdapter
from adapters.wechat.settings import Settings
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.delivery import Courier
from core.model import Delivery, Message, PartState, Reply, Text
from core.ports.adapter import ARRIVED, Receipt
from core.ports.observer import Done
from core.ports.sending import Outgoing, SendResult, Unsure
from core.ports.store import Waiting
from core.secret import Secret
from tests.wechat.stage import long_at_work

TOKEN = "letters2and3digits"
COMMIT_S = 0.004
PERSON = "oAnn"
PART = re.compile(r"(\(you may have seen this already\)\n)?(\[[^\]]*\])")
SETTLED = {PartState.SENT, PartState.LATER}


class JumpingLoop(asyncio.SelectorEventLoop):
    """Where nothing is to be done, the time is already that of what comes next."""

    def __init__(self) -> None:
        self.at = 0.0
        super().__init__(_Jumps(self))

    def time(self) -> float:
        return self.at


class _Jumps(selectors.DefaultSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list:
        if timeout is None:
            raise AssertionError("nothing will ever happen any more")
        self._loop.at += max(0.0, timeout) + 1e-7  # a real clock never stands still
        return super().select(0)


class LoopClock:
    start = datetime(2026, 11, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class Ledger:
    """What outlives a process: messages, replies, parts. Every write takes a moment."""

    messages: dict[str, Message] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    states: dict[tuple[str, int], PartState] = field(default_factory=dict)
    receipts: dict[tuple[str, int], str] = field(default_factory=dict)
    settled: dict[tuple[str, int], datetime] = field(default_factory=dict)

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        await asyncio.sleep(COMMIT_S)
        self.states[reply_id, index] = state
        self.receipts[reply_id, index] = receipt
        self.settled[reply_id, index] = LoopClock().now()

    async def carry_again(self, reply_id: str, index: int, receipt: str) -> None:
        await asyncio.sleep(COMMIT_S)
        self.receipts[reply_id, index] += f"\n{receipt}"

    async def waiting(self, platform: str, bot: str, chat: str) -> list[Waiting]:
        await asyncio.sleep(COMMIT_S / 4)
        return [part for part in self._parts(chat) if part.state is PartState.LATER]

    async def expected(self, platform: str, bot: str, chat: str) -> list[str]:
        await asyncio.sleep(COMMIT_S / 4)
        return [
            key
            for key, message in self.messages.items()
            if message.address.chat == chat and self._is_expected(self.replies.get(key))
        ]

    def _is_expected(self, reply: Reply | None) -> bool:
        if reply is None:
            return True
        states = [self.states[reply.id, index] for index in range(len(reply.parts))]
        return not SETTLED.issuperset(states)

    async def carried(self, platform: str, bot: str, chat: str, receipt: str) -> Waiting | None:
        await asyncio.sleep(COMMIT_S / 4)
        sent = (part for part in self._parts(chat) if part.state is PartState.SENT)
        receipts = self.receipts
        return next((p for p in sent if receipt in receipts[p.reply_id, p.index].split("\n")), None)

    async def sent(
        self, platform: str, bot: str, chat: str, since: datetime, until: datetime
    ) -> list[Waiting]:
        await asyncio.sleep(COMMIT_S / 4)
        sent = [
            part
            for part in self._parts(chat)
            if part.state is PartState.SENT
            and since <= self.settled[part.reply_id, part.index] < until
        ]
        return sorted(sent, key=lambda part: self.settled[part.reply_id, part.index])

    def _parts(self, chat: str) -> Iterator[Waiting]:
        for key, message in self.messages.items():
            reply = self.replies.get(key)
            if reply is None or message.address.chat != chat:
                continue
            for index, part in enumerate(reply.parts):
                yield Waiting(
                    reply_id=reply.id,
                    index=index,
                    total=len(reply.parts),
                    part=part,
                    answers=key,
                    state=self.states[reply.id, index],
                )

    # -- the other ports that a plain account touches ------------------------------

    async def recall(self, name: str) -> str:
        return ""

    async def get(self, blob: str) -> bytes:
        raise AssertionError(blob)


@dataclass
class Question:
    """`takes_s`: how long the model thinks about it; `parts`: how much it says."""

    text: str
    takes_s: float = 0.1
    parts: int = 1


@dataclass
class Try:
    began: float
    ended: float = 0.0
    status: int = 0
    body: str = ""


@dataclass
class Push:
    key: str
    text: str
    body: bytes
    created: int
    tries: list[Try] = field(default_factory=list)
    got: str = ""
    """The answer that reached WeChat,"""
    got_at: float = 0.0

    @property
    def answered(self) -> list[str]:
        return [done.body for done in self.tries if done.status == 200]


class World:
    """One person, one account.

    `lose(number)` says when a try breaks, None for never; below 0, before
    it reaches the bot. `gap_s` is how long WeChat takes from one try to the next,
    `unread_s` how long each waits for the process that reads it; `ahead_s` is how far
    WeChat's clock is from the bot's; `deaf`: what the bot says gets lost on its way.
    """

    def __init__(self, questions: dict[str, Question]) -> None:
        self.questions = questions
        self.ledger = Ledger()
        self.pushes: list[Push] = []
        self.asked: list[str] = []
        self.lose: Callable[[int], float | None] = lambda _: None
        self.copies = 1
        self.gap_s = 0.0
        self.unread_s = 0.0
        self.ahead_s = 0
        self.deaf = False
        self._numbers = count(1)
        self._ids = count(1)
        self._work: list[asyncio.Task] = []
        self._lane = asyncio.Lock()
        self._start()
        long_at_work(self.adapter)

    # -- the process ----------------------------------------------------------------

    def _start(self) -> None:
        self._lane = asyncio.Lock()
        self.adapter = WeChatAdapter(
            bot=Bot(name="w", platform="wechat"),
            settings=Settings(token=Secret(TOKEN)),
            media=self.ledger,
            clock=LoopClock(),
            new_id=lambda: f"m{next(self._ids)}",
            texts=Catalogue(),
            shelf=self.ledger,
            memo=self.ledger,
        )
        self.adapter._clerk.emit = self._emit
        self._courier = Courier(
            adapters={"w": Logged(self)}, outbox=self.ledger, observer=Unwatched()
        )
        (route,) = self.adapter.routes()
        self._app = route.app
        self._requests: set[asyncio.Task] = set()

    def restart(self) -> None:
        """Kill the process wherever it stands; the next finds what is in the ledger."""
        for task in (*self._work, *self._requests, *self.adapter._leftovers._tasks):
            task.cancel()
        for case in self.adapter._desk._cases.values():
            if case.taken:
                case.taken.cancel()
        self._work.clear()
        self._start()
        for key, message in self.ledger.messages.items():
            reply = self.ledger.replies.get(key)
            if reply is None or any(s not in SETTLED for s in self._states(reply)):
                self._spawn(self._answer(message))

    def _states(self, reply: Reply) -> tuple[PartState, ...]:
        return tuple(self.ledger.states[reply.id, n] for n in range(len(reply.parts)))

    async def _emit(self, message: Message) -> Receipt:
        await asyncio.sleep(COMMIT_S)
        if message.key in self.ledger.messages:
            return Receipt.DUPLICATE
        self.ledger.messages[message.key] = message
        self._spawn(self._answer(message))
        return Receipt.STORED

    async def _answer(self, message: Message) -> None:
        async with self._lane:
            reply = self.ledger.replies.get(message.key)
            if reply is None:
                question = self.questions[message.text]
                await asyncio.sleep(question.takes_s)
                self.asked.append(message.text)
                await asyncio.sleep(COMMIT_S)
                texts = [f"[{message.text} {n}/{question.parts}]" for n in range(question.parts)]
                reply = Reply(
                    id=f"r{message.key}",
                    answers=message.id,
                    to=message.address,
                    parts=tuple(Text(text=text) for text in texts),
                )
                for index in range(len(reply.parts)):
                    self.ledger.states[reply.id, index] = PartState.PENDING
                self.ledger.replies[message.key] = reply
            delivery = Delivery(reply=reply, states=self._states(reply))
            await self._courier.deliver(delivery, message.key)

    def _spawn(self, work: Awaitable[None]) -> None:
        self._work.append(asyncio.ensure_future(work))

    # -- WeChat -------------------------------------------------------------------

    async def say(self, text: str) -> Push:
        """One push to its end: three tries of five seconds at most."""
        created = int(LoopClock().now().timestamp()) + self.ahead_s
        key = str(next(self._numbers))
        body = (
            f"<xml><ToUserName>gh</ToUserName><FromUserName>{PERSON}</FromUserName>"
            f"<CreateTime>{created}</CreateTime><MsgType>text</MsgType>"
            f"<Content><![CDATA[{text}]]></Content><MsgId>{key}</MsgId></xml>"
        ).encode()
        push = Push(key=key, text=text, body=body, created=created)
        self.pushes.append(push)
        for number in range(3):
            copies = (self._request(push, number) for _ in range(self.copies))
            await asyncio.gather(*copies)
            if push.got:
                break
            await asyncio.sleep(self.gap_s)
        return push

    async def redeliver(self, push: Push) -> None:
        """WeChat may ask once more although it was answered."""
        await self._request(push, len(push.tries))

    async def _request(self, push: Push, number: int) -> None:
        loop = asyncio.get_running_loop()
        attempt = Try(began=loop.time())
        push.tries.append(attempt)
        breaks_s = self.lose(number)
        if breaks_s is not None and breaks_s < 0:
            return  # it never gets as far as the bot
        limit_s = 5.0 if breaks_s is None else min(breaks_s, 5.0)
        gone = asyncio.Event()
        call = asyncio.ensure_future(self._call(push, gone, attempt))
        self._requests.add(call)
        await asyncio.wait([call], timeout=limit_s)
        attempt.ended = loop.time()
        gone.set()
        if not call.done():
            attempt.status = 0  # whatever comes now is not heard
            return
        self._requests.discard(call)
        if not call.cancelled():
            call.result()
        if attempt.status == 200 and not push.got and not self.deaf:
            push.got, push.got_at = attempt.body, attempt.ended

    async def _call(self, push: Push, gone: asyncio.Event, attempt: Try) -> None:
        given = iter([{"type": "http.request", "body": push.body}])

        async def receive() -> dict:
            if event := next(given, None):
                return event
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(event: dict) -> None:
            if gone.is_set():
                return
            if event["type"] == "http.response.start":
                attempt.status = event["status"]
            else:
                attempt.body += event.get("body", b"").decode()

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/wechat/w",
            "headers": [],
            "query_string": self._query(push).encode(),
            ARRIVED: asyncio.get_running_loop().time(),
        }
        await asyncio.sleep(self.unread_s)
        await self._app(scope, receive, send)

    def _query(self, push: Push) -> str:
        now = int(LoopClock().now().timestamp()) + self.ahead_s
        words = (TOKEN, str(now), "nonce")
        signature = sha1("".join(sorted(words)).encode(), usedforsecurity=False).hexdigest()
        return urlencode({"signature": signature, "timestamp": now, "nonce": "nonce"})

    def parts_seen(self, *, again: bool = False) -> list[str]:
        """All parts that reached WeChat, in the order in which they did.

        `again`: those too that say themselves that they were said before.
        """
        pushes = sorted((push for push in self.pushes if push.got), key=lambda p: p.got_at)
        told = (push.got.partition("<Content><![CDATA[")[2] for push in pushes)
        found = (PART.match(text) for text in told)
        return [part[2] for part in found if part and (again or not part[1])]


@dataclass
class Logged:
    """The adapter as the Courier sees it, always the present one."""

    world: World

    def capabilities(self, address: object) -> object:
        return self.world.adapter.capabilities(address)

    async def send(self, outgoing: Outgoing) -> SendResult:
        return await self.world.adapter.send(outgoing)


class Unwatched:
    """An Observer of what becomes of parts, as far as this world needs one."""

    def received(self, message: Message, receipt: Receipt) -> None: ...

    def done(self, done: Done) -> None: ...

    def unsure(self, outgoing: Outgoing, done: Unsure) -> None: ...


def played(script: Callable[[], Awaitable[None]]) -> None:
    """Run a script under the jumping clock."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(script())
