"""Admins, a sandbox relay over HTTP, and what looks after it, under a clock that is set by hand.

The core and the database are the real ones; the platform is played, and outlives a restart.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bots.alerts.admins import Admins
from bots.alerts.telling import Telling
from bots.alerts.watch import Watch
from bots.balances.balances import RelayBalances
from bots.balances.reach import Reach
from bots.config.model import Alerts
from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.app import create_app
from bots.sandbox.faults import Faults
from bots.sandbox.journal import Journal
from bots.sandbox.serve import running
from core.people import PeopleRules
from core.relay.entry import RelayEntry, RouteTable
from core.relay.opening import open_routes
from core.relay.routes import RelayRoutes
from core.request import ChatMessage, ChatRequest, UserStatRequest
from core.secret import Secret
from tests.core.house import Person, Site

RULES = PeopleRules(
    owners=frozenset({"qq:boss"}), allow=frozenset({"qq:*"}), timezone="Asia/Shanghai"
)
KEY = Secret("sk-alerts")


@dataclass
class Scene:
    """`relays` are called directly, too, as by another program with the same key: the sandbox
    charges that, and the ledger knows nothing of it."""

    site: Site
    journal: Journal
    faults: Faults
    relays: RelayRoutes
    alerts: Alerts
    _watch: Watch | None = None

    @property
    def boss(self) -> Person:
        return self.site.person("boss")

    @property
    def watch(self) -> Watch:
        """Of the process that runs now."""
        if self._watch is None or self._watch.store is not self.site.house.store:
            self._watch = self._made()
        return self._watch

    def _made(self) -> Watch:
        site, store = self.site, self.site.house.store
        kept, clock = store.readings, site.clock
        telling = Telling(
            admins=Admins(store=store, bots=site.bots, rules=site.rules),
            stored=store.announcements,
            adapters=site.platforms,
            texts=site.texts,
            clock=clock,
            new_id=site.new_id,
            take_up=site.house.gateway.take_up,
        )
        return Watch(
            balances=RelayBalances(self.relays.relays, kept, clock),
            reach=Reach(self.relays.relays, self.relays.health, kept, clock),
            telling=telling,
            store=store,
            alerts=self.alerts,
            zone=ZoneInfo(site.rules.timezone),
            clock=clock,
        )

    async def looks(self, after_s: float = 600.0) -> list[str]:
        """Some time passes, it is looked; what the boss was told by it."""
        before = len(self.boss.reads)
        self.site.clock.pass_(seconds=after_s)
        await self.watch.look()
        await self.site.house.settled()
        return self.boss.reads[before:]

    async def spends(self, units: int) -> int:
        """Ask the relay until so many quota units more are used; how many there are now."""
        until = await self.used() + units
        while (used := await self.used()) < until:
            await self.asks("word " * min(200, max(1, (until - used) // 8)))
        return used

    async def asks(self, text: str) -> None:
        await self.relays.chat(ChatRequest(messages=(ChatMessage(role="user", content=text),)))

    async def used(self) -> int:
        (relay,) = self.relays.relays.values()
        stat = await relay.call(UserStatRequest())
        return stat.account.used_quota


@asynccontextmanager
async def acting(
    folder: Path, *, grant: int = 100_000, stat: bool = True, alerts: Alerts | None = None
) -> AsyncIterator[Scene]:
    """`grant`: quota units of each key. The boss has spoken to the bot, in Chinese."""
    site = Site(folder, rules=RULES)
    app = create_app(pace_s=0, grant=grant, now=site.clock.now)
    async with running(app) as served:
        entry = RelayEntry(
            name="main",
            profile="sandbox",
            base_url=f"http://127.0.0.1:{served.port}",
            key=KEY,
            stat_token=Secret(STAT_TOKEN) if stat else Secret(),
        )
        relays = open_routes((entry,), RouteTable(), clock=site.clock, hash_key=b"alerts")
        site.relays = relays
        await site.open()
        try:
            scene = Scene(site, app.state.journal, app.state.faults, relays, alerts or Alerts())
            await scene.boss.asks("/help")
            yield scene
        finally:
            await site.close()
            await relays.aclose()


def asked(scene: Scene, call: str = "stat") -> int:
    return len(scene.journal.entries(call))


def only(told: Sequence[str]) -> str:
    (one,) = told
    return one
