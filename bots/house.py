"""The one place that wires: what is kept and configured in, a working bot out."""

import asyncio
import logging
import socket
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from bots.alerts.admins import Admins
from bots.alerts.telling import Telling
from bots.alerts.watch import LOOK_S, Watch
from bots.balances.balances import RelayBalances
from bots.balances.gauges import BalanceGauges
from bots.balances.reach import Reach
from bots.clock import SystemClock, new_id
from bots.commands import find_commands
from bots.config import Config
from bots.dead.orders import DeadOrders
from bots.instance import derive, keyed_hash
from bots.ledger.orders import LedgerOrders
from bots.listener import PLATFORM_FRAME_BYTES, Listener, bind
from bots.menu import menu
from bots.observation import Observation
from bots.orders import Orders
from bots.platforms import Surroundings, Terminal, make_adapter
from bots.probes import Readiness, probe_routes
from bots.quota.orders import QuotaOrders
from bots.schedules import Chore, Schedules
from bots.standing import Standing
from bots.supervision import Supervision
from bots.texts.catalogue import Catalogue, installed_texts
from bots.web.access import AccessCode, LoopbackOnly
from core.bot import Bot
from core.delivery import Courier
from core.engine import Engine
from core.errors import StoreError
from core.gateway import Gateway
from core.job import Job
from core.lanes import Lanes
from core.model import Media, Message
from core.ports.adapter import Adapter, Webhook
from core.reasons import ReasonRing
from core.relay.routes import RelayRoutes
from core.secret import Secret
from core.settling import Settling
from core.worker import Worker
from storage.media import FileMedia
from storage.store import SqlStore

log = logging.getLogger(__name__)

DRAIN_S = 6.0
"""How long running answers may take to end once the process is to stop."""

STOP_S = 8.5
"""How long all of `House.stop` may take; 1.5 s are left for whatever it worked with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What reaches outside the process. Whoever opened it closes it."""

    store: SqlStore
    media: FileMedia
    relays: RelayRoutes
    secret: Secret


class House:
    """Everything that works on messages in this process."""

    def __init__(
        self, config: Config, kept: Kept, private: socket.socket, terminal: Terminal
    ) -> None:
        self._config = config
        self._kept = kept
        self._clock = SystemClock()
        self._texts = Catalogue(*installed_texts())
        self._commands = find_commands()
        self._reasons = ReasonRing()
        self.adapters = self._make_adapters(terminal)
        self._balances = RelayBalances(kept.relays.relays, kept.store.readings, self._clock)
        self._standing = Standing(
            kept.store.backlog, lambda: kept.store.writes_waiting, kept.relays.health, self._clock
        )
        gauges = BalanceGauges(lambda: self._balances.last, self._clock)
        self._observation = Observation(lambda: self._lanes.depth, self._standing, gauges)
        self._lanes = Lanes[Job](self._make_worker().work)
        self._gateway = Gateway(
            bots=self._bots(),
            commands=self._commands,
            store=kept.store,
            lanes=self._lanes,
            settling=Settling(self._commands),
            rules=config.people,
            reasons=self._reasons,
            clock=self._clock,
            observer=self._observation,
        )
        self._supervision = Supervision(
            tuple(self.adapters.values()), self._gateway.accept, self._clock
        )
        self.watch = self._make_watch()
        self._schedules = Schedules(
            kept.store,
            self._clock,
            config.storage.retention_days,
            chores=[Chore(name="relays", every=timedelta(seconds=LOOK_S), do=self.watch.look)],
        )
        dead, quota = DeadOrders(kept.store, self._gateway), QuotaOrders(kept.store)
        ledger = LedgerOrders(kept.store)
        does = {**dead.does(), **quota.does(), **ledger.does()}
        self._orders = Orders(config.storage.data, does)
        self._listeners = self._make_listeners(private)
        self._hurried = asyncio.Event()

    @property
    def port(self) -> int:
        """The private listener's."""
        return self._listeners[0].port

    async def start(self) -> None:
        """Resume what an earlier run left, receive, listen: who connected early waited."""
        left = await self._gateway.resume()
        if left:
            log.info("unfinished messages resumed", extra={"fields": {"count": left}})
        self._supervision.start()
        for listener in self._listeners:
            listener.open()
        self._schedules.start()
        self._orders.start()

    async def finished(self) -> None:
        """Until no adapter receives any more."""
        await self._supervision.finished()

    async def stop(self) -> None:
        """Receive nothing new, finish what runs as far as time allows, hang up."""
        try:
            async with asyncio.timeout(STOP_S):
                self._schedules.stop()
                self._orders.stop()
                await self._supervision.stop()
                await self._drain()
                await asyncio.gather(*(listener.close() for listener in self._listeners))
        except TimeoutError:
            log.warning("not everything ended within %.1f s; it is cut off", STOP_S)
        finally:
            for listener in self._listeners:
                listener.cut()

    def hurry(self) -> None:
        """Wait for no running answer: each is found again at the next start."""
        self._hurried.set()

    async def _drain(self) -> None:
        hurried = asyncio.create_task(self._hurried.wait())
        ending = asyncio.create_task(self._lanes.close(DRAIN_S))
        await asyncio.wait({hurried, ending}, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        await self._lanes.close(0)
        await ending

    def _bots(self) -> dict[str, Bot]:
        return {entry.bot.name: entry.bot for entry in self._config.bots}

    def _make_adapters(self, terminal: Terminal) -> dict[str, Adapter]:
        around = Surroundings(
            media=self._kept.media,
            transcript=self._kept.store,
            shelf=self._kept.store,
            memo=self._kept.store.memo,
            texts=self._texts,
            proxy=self._config.proxy.url,
            people=self._config.people,
            clock=self._clock,
            new_id=new_id,
            cookie_key=derive(self._kept.secret, "cookies"),
            terminal=terminal,
            downloads=self._config.storage.data / "downloads",
            menu=lambda language: menu(self._commands, self._texts, language),
        )
        return {entry.bot.name: make_adapter(entry, around) for entry in self._config.bots}

    def _make_worker(self) -> Worker:
        user_key = derive(self._kept.secret, "users")
        engine = Engine(
            store=self._kept.store,
            media=self._kept.media,
            relays=self._kept.relays,
            texts=self._texts,
            clock=self._clock,
            rules=self._config.people,
            reasons=self._reasons,
            commands=self._commands,
            fetch=self._fetch,
            balances=self._balances,
        )
        return Worker(
            engine=engine,
            limits=self._config.limits,
            bindings=self._config.bindings,
            courier=Courier(
                adapters=self.adapters, outbox=self._kept.store, observer=self._observation
            ),
            bots=self._bots(),
            observer=self._observation,
            new_id=new_id,
            user_hash=lambda person: keyed_hash(user_key, person),
        )

    def _make_watch(self) -> Watch:
        config, kept = self._config, self._kept
        telling = Telling(
            admins=Admins(store=kept.store, bots=self._bots(), rules=config.people),
            stored=kept.store.announcements,
            adapters=self.adapters,
            texts=self._texts,
            clock=self._clock,
            new_id=new_id,
            take_up=self._gateway.take_up,
        )
        return Watch(
            balances=self._balances,
            reach=Reach(kept.relays.relays, kept.relays.health, kept.store.readings, self._clock),
            telling=telling,
            store=kept.store,
            alerts=config.alerts,
            zone=ZoneInfo(config.people.timezone),
            clock=self._clock,
        )

    async def _fetch(self, message: Message, media: Media) -> bytes:
        return await self.adapters[message.address.bot].fetch(media)

    def _make_listeners(self, private: socket.socket) -> list[Listener]:
        """The private one always; the public one where an adapter is reached from outside."""
        readiness = Readiness(self._not_ready, self._clock, reasons=self._is_open)
        probes = probe_routes(readiness, self._exposition)
        inside = Starlette(routes=[*probes, *self._routes(public=False)])
        listeners = [Listener(self._guarded(inside), private)]
        if routes := self._routes(public=True):
            where = self._config.server.public
            outside = Starlette(routes=routes)
            taken = bind(where.host, where.port)
            listeners.append(Listener(outside, taken, PLATFORM_FRAME_BYTES))
        return listeners

    def _routes(self, *, public: bool) -> list[BaseRoute]:
        webhooks = (adapter for adapter in self.adapters.values() if isinstance(adapter, Webhook))
        return [
            route
            for webhook in webhooks
            if webhook.public is public
            for route in webhook.routes()
            if isinstance(route, BaseRoute)
        ]

    @property
    def _is_open(self) -> bool:
        """Whether the private listener asks for no code: only this machine reaches it."""
        server = self._config.server
        return server.private.loopback and not server.access_code

    def _guarded(self, app: ASGIApp) -> ASGIApp:
        if self._is_open:
            return LoopbackOnly(app)
        return AccessCode(
            app,
            code=self._config.server.access_code,
            secret=derive(self._kept.secret, "access"),
            clock=self._clock,
        )

    async def _exposition(self) -> bytes:
        await self._standing.look()
        return self._observation.exposition()

    async def _not_ready(self) -> dict[str, str]:
        wrong = self._supervision.down
        try:
            await self._kept.store.check(self._clock.now())
        except StoreError as error:
            wrong["store"] = str(error)
        return wrong
