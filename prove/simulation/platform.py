"""A platform that outlives the bot's processes, and the bot's adapter to it, which does not."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from core.errors import StoreError
from core.model import Address, Capabilities, Media, Message, Text
from core.ports.adapter import Emit, Receipt
from core.ports.sending import Outgoing, Refused, SendResult, Sent, Unknown
from core.ports.store import Shelf
from prove.simulation.plan import Post

if TYPE_CHECKING:
    from prove.simulation.world import Answer, World

GIF = b"GIF89a\1\0\1\0\0\0\0"
"""The head of a picture of one pixel; its canary follows."""

PATIENCE_S = 8.0
"""How long a platform waits for an acknowledgement before it delivers again."""


class Platform:
    """One account's server side: it delivers what people send, shows what the bot sends."""

    repeatable = False
    on_unknown = "resend-flagged"

    def __init__(self, world: "World", bot: str) -> None:
        self.world = world
        self.bot = bot
        self.posted: list[Post] = []
        self.acked: set[str] = set()
        self.shown: set[str] = set()

    def capabilities(self) -> Capabilities:
        return Capabilities(
            source="the simulation",
            markup="markdown",
            text_limit=self.world.plan.text_limits[self.bot],
            repeatable=self.repeatable,
            on_unknown=self.on_unknown,  # type: ignore[arg-type]
        )

    def adapter(self) -> "SimulatedAdapter":
        return SimulatedAdapter(self)

    # -- what comes in -----------------------------------------------------------

    def post(self, post: Post) -> None:
        """A person sends something."""
        self.posted.append(post)
        self.note("posted", post)
        self.begin(post)
        if self.world.fails(self.world.plan.rates.twice):
            self.world.loop.outside(self.world.chance.uniform(0, 20), self.deliver, post)

    def begin(self, post: Post) -> None:
        raise NotImplementedError

    def connected(self) -> None:
        """A process of the bot's is up."""

    def cut(self) -> None:
        """It is gone."""

    def deliver(self, post: Post) -> bool:
        """Hand it to the process; False if there is none."""
        house = self.world.open_house()
        if house is None:
            return False
        self.note("delivered", post)
        hear = house.adapters[self.bot].hear
        self.world.loop.call_soon(hear, post, self.world.now_s, context=house.context.copy())
        return True

    def answered(self, post: Post, begun_s: float, receipt: Receipt | None) -> None:
        """What the bot told of a delivery: acknowledged, or (None) not received."""
        if receipt is None:
            self.note("not taken", post)
            self.rejected(post)
        elif self.loses_acks and self.world.fails(self.world.plan.rates.ack_lost):
            self.note("ack lost", post)
        else:
            self.acked.add(post.key)
            self.note("acked", post, begun_s=begun_s, receipt=receipt.value)
            self.accepted(post)

    loses_acks = True

    def accepted(self, post: Post) -> None:
        """It need not be delivered again."""

    def rejected(self, post: Post) -> None:
        """It must be."""

    # -- what goes out -----------------------------------------------------------

    def take(self, outgoing: Outgoing, answer: "Answer") -> None:
        """The bot's request to show a part has arrived, or is on its way here for good."""
        world, rate = self.world, self.world.plan.rates.send
        part: dict[str, Any] = {
            "bot": self.bot,
            "chat": outgoing.to.chat,
            "answers": outgoing.answers,
        }
        part |= {"index": outgoing.index, "total": outgoing.total}
        if world.fails(rate / 2):
            again_s = world.chance.choice((0.5, 3.0))
            world.note("refused", **part, again_s=again_s, by=world.caller)
            answer(Refused("slow down", again_s), world.lag())
        elif world.fails(rate / 8):
            world.note("blocked", **part)
            answer(Refused("blocked"), 0.1)
        elif world.fails(rate):
            if world.chance.random() < 0.5:
                self.show(outgoing)
            world.note("unknown", **part)
            gone: SendResult | Exception = world.chance.choice((Unknown("lost"), OSError("lost")))
            answer(gone, world.chance.choice((0.1, 10.0)))
        else:
            receipt = self.show(outgoing)
            slow = world.fails(world.plan.rates.slow)
            answer(Sent(receipt), world.chance.uniform(2, 30) if slow else world.lag())

    def show(self, outgoing: Outgoing) -> str:
        """The person sees it. A key that was shown is not shown again where that is promised."""
        again = self.repeatable and outgoing.key in self.shown
        self.shown.add(outgoing.key)
        text = outgoing.part.text if isinstance(outgoing.part, Text) else ""
        self.world.note(
            "shown again" if again else "shown",
            bot=self.bot,
            chat=outgoing.to.chat,
            answers=outgoing.answers,
            index=outgoing.index,
            total=outgoing.total,
            key=outgoing.key,
            flagged=outgoing.repeated,
            notice=outgoing.notice,
            by=self.world.caller,
            text=text,
        )
        self.world.did()
        return f"r{len(self.shown)}"

    def tell_busy(self, post: Post) -> None:
        self.note("told busy", post)

    def note(self, kind: str, post: Post, **more: Any) -> None:
        self.world.note(kind, bot=self.bot, chat=post.address.chat, key=post.key, **more)


class SimulatedAdapter:
    """The part of a platform that dies with the bot's process."""

    def __init__(self, server: Platform) -> None:
        self.server = server
        self.world = server.world
        self.bot = server.bot
        self.platform = self.world.plan.bots[server.bot].platform
        self.emit: Emit | None = None
        self.shelf: Shelf | None = None
        self._hearing: set[asyncio.Task[None]] = set()

    def capabilities(self, address: Address) -> Capabilities:
        del address
        return self.server.capabilities()

    async def run(self, emit: Emit) -> None:
        self.emit = emit

    def hear(self, post: Post, begun_s: float) -> None:
        """A delivery has arrived."""
        self.keep(self._hear(post, begun_s))

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._hearing.add(task)
        task.add_done_callback(self._hearing.discard)

    async def _hear(self, post: Post, begun_s: float) -> None:
        receipt = await self.received(post)
        if receipt is Receipt.BUSY:
            self.world.loop.outside(0, self.server.tell_busy, post)
        self.world.loop.outside(self.world.lag(), self.server.answered, post, begun_s, receipt)

    async def received(self, post: Post) -> Receipt | None:
        assert self.emit  # noqa: S101 - the house runs its adapters before it opens
        try:
            return await self.emit(self.message_of(post))
        except StoreError:
            return None

    def message_of(self, post: Post) -> Message:
        picture = Media(kind="image", remote=post.mark, mime="image/png")
        is_picture = post.kind == "picture"
        return Message(
            id=self.world.new_id(),
            key=post.key,
            address=post.address,
            parts=(picture,) if is_picture else (Text(text=post.text),),
            sent_at=self.world.sent_at(post),
            addressed=post.kind != "aside",
            settles=is_picture,
        )

    async def send(self, outgoing: Outgoing) -> SendResult:
        result: SendResult = await self.world.call(
            lambda answer: self.server.take(outgoing, answer)
        )
        return result

    async def fetch(self, media: Media) -> bytes:
        await asyncio.sleep(self.world.lag())
        return GIF + media.remote.encode()
