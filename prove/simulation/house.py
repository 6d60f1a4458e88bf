"""One process of the bot: the product's own parts, wired as bots/house.py wires them."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import Context
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bots.balances.balances import RelayBalances
from bots.house import DRAIN_S
from core.delivery import Courier
from core.engine import Engine
from core.errors import StoreError
from core.gateway import Gateway
from core.job import Job
from core.lanes import Lanes
from core.model import Media, Message
from core.people import PeopleRules
from core.ports.adapter import Adapter
from core.reasons import ReasonRing
from core.settling import Settling
from core.worker import Worker
from prove.simulation.platform import SimulatedAdapter
from storage.media import FileMedia, Referenced
from storage.store import SqlStore

if TYPE_CHECKING:
    from prove.simulation.world import World

EVERYBODY = PeopleRules(
    allow=frozenset({"telegram:*", "qq:*", "web:*", "wechat:*"}), daily_messages="unlimited"
)


class NoFiles(FileMedia):
    """Nothing here is uploaded or drawn."""

    def __init__(self) -> None:
        super().__init__(Path("the simulation keeps none"))

    async def discard(self, blobs: Iterable[str]) -> None:
        del blobs

    async def sweep(self, referenced: Referenced, *, grace_s: float, now_s: float) -> int:
        del referenced, grace_s, now_s
        return 0


NO_FILES = NoFiles()


class Unseen:
    """Logs and metrics are looked at by nobody here: an Observer that hears all and tells none."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _unseen


class House:
    """All of it runs in `context`, and dies with it."""

    def __init__(self, world: "World", life: int) -> None:
        self.world = world
        self.context: Context = world.loop.inside(life)
        self.open = False
        self.adapters: dict[str, SimulatedAdapter] = {
            name: server.adapter() for name, server in world.platforms.items()
        }
        self._running: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._store: SqlStore | None = None
        self._lanes: Lanes[Job] | None = None

    def begin(self) -> None:
        self._running = asyncio.create_task(self._begin())

    def end(self) -> None:
        """It is asked to, as by SIGTERM."""
        self._running = asyncio.create_task(self._end())

    def sweep(self) -> None:
        """Erase what is old, as the hour asks for."""
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        world = self.world
        if self._store:
            with suppress(StoreError):
                await self._store.sweep(world.clock.now(), keep_days=world.plan.keep_days)

    async def _begin(self) -> None:
        world = self.world
        try:
            self._store = await SqlStore.over(world.memory.database, NO_FILES)
            gateway = self._wire(self._store)
            await gateway.resume()
        except StoreError as error:
            world.loop.outside(0, world.failed, str(error))
            return
        for adapter in self.adapters.values():
            adapter.shelf = self._store
            await adapter.run(gateway.accept)
        self.open = True
        world.loop.outside(0, world.opened)

    async def _end(self) -> None:
        self.open = False
        if self._lanes and self._store:
            await self._lanes.close(DRAIN_S)
            await self._lanes.close(0)
            await self._store.close()
        self.world.loop.outside(0, self.world.ended)

    def _wire(self, store: SqlStore) -> Gateway:
        world, reasons = self.world, ReasonRing()
        commands = world.commands
        engine = Engine(
            store=store,
            media=NO_FILES,
            relays=cast("Any", world.relay),
            texts=world.texts,
            clock=world.clock,
            rules=EVERYBODY,
            reasons=reasons,
            commands=commands,
            fetch=self._fetch,
            balances=RelayBalances({}, store.readings, world.clock),
        )
        worker = Worker(
            engine=engine,
            courier=Courier(
                adapters=cast("dict[str, Adapter]", self.adapters),
                outbox=store,
                observer=Unseen(),
            ),
            bots=world.plan.bots,
            observer=Unseen(),
            new_id=world.new_id,
            user_hash=lambda person: f"user {person}",
            chance=world.chance.random,
        )
        self._lanes = Lanes[Job](worker.work, per_conversation=world.plan.per_conversation)
        return Gateway(
            bots=world.plan.bots,
            commands=commands,
            store=store,
            lanes=self._lanes,
            settling=Settling(commands),
            rules=EVERYBODY,
            reasons=reasons,
            clock=world.clock,
            observer=Unseen(),
        )

    async def _fetch(self, message: Message, media: Media) -> bytes:
        return await self.adapters[message.address.bot].fetch(media)


def _unseen(*_args: object, **_more: object) -> None:
    """Nothing is kept."""
