"""A platform that lets a bot speak only where it is asked, as WeChat with its passive replies.

The first part of an answer may be carried by the question's own request for some seconds;
what comes later waits on the shelf until the person asks for more.
"""

from typing import TYPE_CHECKING

from core.errors import StoreError
from core.model import PartState
from core.ports.adapter import Receipt
from core.ports.sending import Later, Outgoing, SendResult, Sent
from core.ports.store import Waiting
from prove.simulation.plan import HEAL_S, Post
from prove.simulation.platform import PATIENCE_S, Platform, SimulatedAdapter

if TYPE_CHECKING:
    from prove.simulation.world import Answer, World

OPEN_S = 15.0
"""How long a question's request can carry its answer."""

ASKS_S, ASKS_LONG_S = 30.0, 300.0
"""How often a person asks for more, and how long after the last start of the bot."""


class Passive(Platform):
    repeatable = True

    def __init__(self, world: "World", bot: str) -> None:
        super().__init__(world, bot)
        self._asks: dict[str, int] = {}

    def adapter(self) -> SimulatedAdapter:
        return PassiveAdapter(self)

    def begin(self, post: Post) -> None:
        self._try(post)
        if post.address.chat not in self._asks:
            self._asks[post.address.chat] = 0
            self.world.loop.outside(ASKS_S, self._ask, post)

    def _try(self, post: Post) -> None:
        if post.key not in self.acked:
            self.deliver(post)
            self.world.loop.outside(PATIENCE_S, self._try, post)

    def _ask(self, post: Post) -> None:
        """Under one number until something is shown: a repeated request gets the same part."""
        world = self.world
        house = world.open_house()
        if house:
            adapter, number = house.adapters[self.bot], self._asks[post.address.chat]
            assert isinstance(adapter, PassiveAdapter)  # noqa: S101 - made by `adapter`
            world.loop.call_soon(adapter.asked, post, number, context=house.context.copy())
        if not house or world.now_s < max(HEAL_S, world.opened_s) + ASKS_LONG_S:
            world.loop.outside(ASKS_S if not world.healed else 2.0, self._ask, post)

    def carry(self, chat: str, number: int, outgoing: Outgoing, answer: "Answer") -> None:
        """What the bot says to the person who asked for more."""
        if self.world.fails(self.world.plan.rates.send):
            answer(False, 1.0)
            return
        if number == self._asks[chat]:
            self._asks[chat] += 1
            self.show(outgoing)
        answer(True, self.world.lag())


class PassiveAdapter(SimulatedAdapter):
    """Gives parts to requests that are open, or leaves them on the shelf."""

    server: Passive

    def __init__(self, server: Platform) -> None:
        super().__init__(server)
        self._until: dict[str, float] = {}
        self._lending: set[str] = set()

    async def received(self, post: Post) -> Receipt | None:
        self._until[post.key] = self.world.now_s + OPEN_S
        return await super().received(post)

    async def send(self, outgoing: Outgoing) -> SendResult:
        if outgoing.index or self._until.get(outgoing.answers, 0) < self.world.now_s:
            return Later()
        result = await super().send(outgoing)
        return Sent(f"for {outgoing.answers}") if isinstance(result, Sent) else result

    def asked(self, post: Post, number: int) -> None:
        if post.address.chat not in self._lending:
            self.keep(self._lend(post, number))

    async def _lend(self, post: Post, number: int) -> None:
        chat = post.address.chat
        self._lending.add(chat)
        try:
            await self._hand(post, chat, number)
        except StoreError:
            return  # the next request looks again
        finally:
            self._lending.discard(chat)

    async def _hand(self, post: Post, chat: str, number: int) -> None:
        """Noted as carried before it is, so that a repeated request gets the same part."""
        store, receipt = self.shelf, f"more {number}"
        assert store  # noqa: S101 - the house gives it before it opens
        part = await store.carried(self.platform, self.bot, chat, receipt)
        if part is None:
            waiting = await store.waiting(self.platform, self.bot, chat)
            if not waiting:
                return
            part = waiting[0]
            await store.mark(part.reply_id, part.index, PartState.SENT, receipt)
        outgoing = _outgoing(part, post)
        await self.world.call(lambda answer: self.server.carry(chat, number, outgoing, answer))


def _outgoing(part: Waiting, post: Post) -> Outgoing:
    return Outgoing(
        key=f"{part.reply_id}/{part.index}",
        to=post.address,
        part=part.part,
        answers=part.answers,
        index=part.index,
        total=part.total,
    )
