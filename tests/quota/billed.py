"""A site whose relay is the sandbox's, over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bots.sandbox.app import create_app
from bots.sandbox.faults import Faults
from bots.sandbox.journal import Entry, Journal
from bots.sandbox.serve import running
from core.relay.entry import RelayEntry, RouteTable, RouteTarget
from core.relay.opening import open_relay
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.secret import Secret
from tests.core.house import Site

ENTRIES = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What the relay saw."""

    url: str
    journal: Journal
    faults: Faults

    @property
    def calls(self) -> list[Entry]:
        return self.journal.entries()


@asynccontextmanager
async def billed(
    site: Site,
    *,
    key: str = "sk-common",
    tokens: Mapping[str, str] | None = None,
    chat: str = "",
    profile: str = "",
) -> AsyncIterator[Billed]:
    """To be opened within. `chat` is the model of the chat route; pauses take no time.

    `profile` is what the sandbox's profile says otherwise, as TOML.
    """
    app, transport = create_app(pace_s=0, journal=Journal(ENTRIES)), Transport()

    own = site.folder / "profile.toml"
    own.write_text(f'like = "sandbox"\n{profile}')

    async def sleep(seconds: float) -> None:
        site.clock.pass_(seconds=seconds)
        await asyncio.sleep(0)

    async with running(app) as sandbox:
        url = f"http://127.0.0.1:{sandbox.port}"
        entry = RelayEntry(
            name="main",
            profile=str(own),
            base_url=url,
            key=Secret(key),
            tokens={name: Secret(token) for name, token in (tokens or {}).items()},
        )
        relay = open_relay(entry, transport, clock=site.clock, hash_key=b"tests")
        table = RouteTable(chat=(RouteTarget("main", chat),))
        routes = RelayRoutes([relay], table, clock=site.clock, sleep=sleep)
        site.relays = routes
        yield Billed(url=url, journal=app.state.journal, faults=app.state.faults)
        await site.close()
        await routes.aclose()
        await transport.aclose()
