"""The ways in which platforms bring messages and show answers."""

from collections import deque
from typing import TYPE_CHECKING

from core.model import Address
from core.ports.sending import Absent, Found, Outgoing, Refused, Sent, Unknown
from prove.simulation.passive import Passive
from prove.simulation.plan import Kind, Post
from prove.simulation.platform import PATIENCE_S, Platform, SimulatedAdapter

if TYPE_CHECKING:
    from prove.simulation.world import Answer, World

AGAIN_S = 1.5
HISTORY = 30
"""How many of the latest messages a socket's history holds."""


class Queue(Platform):
    """One message at a time, the next once this one is acknowledged (Telegram's polling)."""

    def __init__(self, world: "World", bot: str) -> None:
        super().__init__(world, bot)
        self._waiting: deque[Post] = deque()
        self._turn = 0

    def begin(self, post: Post) -> None:
        self._waiting.append(post)
        if len(self._waiting) == 1:
            self._pump()

    def connected(self) -> None:
        self._pump()

    def _pump(self) -> None:
        """Deliver the first, and again unless it is acknowledged in time."""
        self._turn += 1
        if self._waiting and self.deliver(self._waiting[0]):
            self.world.loop.outside(PATIENCE_S, self._late, self._turn)

    def _late(self, turn: int) -> None:
        if turn == self._turn:
            self._pump()

    def accepted(self, post: Post) -> None:
        if self._waiting and self._waiting[0] is post:
            self._waiting.popleft()
            self._pump()

    def rejected(self, post: Post) -> None:
        if self._waiting and self._waiting[0] is post:
            self._turn += 1
            self.world.loop.outside(AGAIN_S, self._late, self._turn)


class Push(Platform):
    """Each message for itself, so that they overtake one another, until acknowledged (webhook)."""

    def begin(self, post: Post) -> None:
        self.world.loop.outside(self.world.chance.random() * 0.3, self._try, post)

    def _try(self, post: Post) -> None:
        if post.key not in self.acked:
            self.deliver(post)
            self.world.loop.outside(PATIENCE_S, self._try, post)


class Socket(Platform):
    """Once and unacknowledged; the gap is fetched at the next connection. Unknowns are held."""

    on_unknown = "hold"
    loses_acks = False

    def begin(self, post: Post) -> None:
        self.deliver(post)

    def connected(self) -> None:
        for post in self.posted[-HISTORY:]:
            if post.key not in self.acked or self.world.chance.random() < 0.3:
                self.deliver(post)


class Recalling(Socket):
    """Keeps what was said, so that the bot can look for a part of unknown outcome."""

    def adapter(self) -> SimulatedAdapter:
        return RecallingAdapter(self)

    def look(self, outgoing: Outgoing, answer: "Answer") -> None:
        world = self.world
        if world.fails(world.plan.rates.send / 2):
            answer(Refused("not now", 1.0), 0.1)
        elif world.fails(world.plan.rates.send / 4):
            part = {"answers": outgoing.answers, "index": outgoing.index}
            world.note("cannot look", bot=self.bot, **part)
            answer(Unknown("cannot look", looked=True), 0.1)
        else:
            answer(Sent("found") if outgoing.key in self.shown else Absent(), world.lag())


class RecallingAdapter(SimulatedAdapter):
    server: Recalling

    async def find(self, outgoing: Outgoing) -> Found:
        found: Found = await self.world.call(lambda answer: self.server.look(outgoing, answer))
        return found


class Page(Push):
    """A page asks again until it is acknowledged, shows drafts, and each part's key once."""

    repeatable = True

    def begin(self, post: Post) -> None:
        self._try(post)

    def adapter(self) -> SimulatedAdapter:
        return DraftingAdapter(self)


class DraftingAdapter(SimulatedAdapter):
    def draft(self, to: Address, answers: str, text: str) -> None:
        """Drafts vanish by themselves; that they are asked for makes answers come in a stream."""

    async def typing(self, to: Address) -> None:
        """Nobody looks."""


class Paced(Queue):
    """Its adapter waits for its turn before each send."""

    def adapter(self) -> SimulatedAdapter:
        return PacedAdapter(self)


class PacedAdapter(SimulatedAdapter):
    async def turn(self, outgoing: Outgoing) -> None:
        del outgoing
        await self.world.nap()


KINDS: dict[Kind, type[Platform]] = {
    "queue": Paced,
    "push": Push,
    "socket": Socket,
    "keeping": Recalling,
    "page": Page,
    "passive": Passive,
}
