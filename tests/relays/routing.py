"""Two relays behind routes, over real sockets, with a clock of our own."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from core.relay.entry import RouteTable, RouteTarget
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.relay.watch import WaitLimits
from tests.relays.servers import Answer, Exchange, Server
from tests.relays.stage import CHAT, FakeClock, entry, relay

LISTING = b'{"object":"list","data":[{"id":"gpt-4o-mini"}]}'


async def lists(exchange: Exchange) -> None:
    await exchange.reply(LISTING)


@dataclass
class Stage:
    """Two relays, `main` and `spare`, whose answers a test sets and changes.

    `models` answer the models call, by which they are probed.
    """

    clock: FakeClock
    transport: Transport
    answers: dict[str, Answer] = field(default_factory=dict)
    models: dict[str, Answer] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    made: list[RelayRoutes] = field(default_factory=list)

    def routes(
        self, table: RouteTable | None = None, probe_s: float = 2.0, **dialects: dict[str, Any]
    ) -> RelayRoutes:
        """`dialects` by the relay's name; its `keys` and `base_url` may stand there too."""
        relays = []
        for name, server in self.servers.items():
            given = dict(dialects.get(name, {}))
            more = {key: given.pop(key) for key in ("keys", "base_url") if key in given}
            at = entry(more.pop("base_url", server.base), name=name, **more)
            relays.append(relay(at, self.transport, clock=self.clock, **given))
        routes = RelayRoutes(
            relays,
            table or RouteTable(),
            clock=self.clock,
            sleep=self.clock.sleep,
            chance=lambda: 1.0,
            limits=WaitLimits(probe_s=probe_s),
        )
        self.made.append(routes)
        return routes

    def asked(self, name: str) -> int:
        """How many calls it got, beside probes."""
        return len([asked for asked in self.servers[name].asked if asked.method == "POST"])

    def probed(self, name: str) -> int:
        return len([asked for asked in self.servers[name].asked if asked.target == "/v1/models"])

    def keys(self, name: str) -> list[str]:
        """The key of each call."""
        asked = [asked for asked in self.servers[name].asked if asked.method == "POST"]
        return [one.headers["authorization"].removeprefix("Bearer ") for one in asked]

    async def settled(self) -> None:
        """Wait for every probe that is under way."""
        for routes in self.made:
            await asyncio.gather(*routes._serving._prober._under_way.values())


def says(text: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(CHAT.replace(b"Hello.", text.encode()))

    return answer


def refuses(status: int, **headers: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b'{"error":{"message":"no"}}', status, **headers)

    return answer


async def hangs_up(exchange: Exchange) -> None:
    exchange.writer.close()


def complains(status: int, code: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b'{"error":{"message":"no","code":"%s"}}' % code.encode(), status)

    return answer


def table(*chat: str) -> RouteTable:
    steps = (step.partition(":") for step in chat)
    return RouteTable(chat=tuple(RouteTarget(name, model) for name, _, model in steps))
