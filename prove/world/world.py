"""A relay, platforms and a bot process connected to them, on loopback."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bots.sandbox.app import create_app
from bots.sandbox.faults import Faults
from bots.sandbox.journal import Journal
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.serve import running
from prove.world.bot import Bot
from prove.world.platforms import NAMES, OPENINGS, Name, Stand
from prove.world.ports import free_port

ENTRIES = 200_000
JOURNAL_BYTES = 2 * 2**30
FIRST_PERSON = 50_001
FIRST_GROUP = 700_001

CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
[storage]
data = "{data}"
[relays.main]
profile = "sandbox"
base_url = "http://127.0.0.1:{relay}"
{relay_settings}
[people]
guests = true
guest_daily_messages = 1000000
{people_settings}
[log]
level = "{log}"
format = "json"
{more}
{bots}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`stands` by the bot's name. `journal` and `faults` are the relay's; `config` is a file."""

    stands: Mapping[str, Stand]
    journal: Journal
    faults: Faults
    bot: Bot
    config: Path
    private: int
    public: int
    relay: int

    async def start(self, failpoint: str = "") -> None:
        """Start the bot for the first time: QQ has no history of it before it was there."""
        await self.bot.start(failpoint)
        for stand in self.stands.values():
            if isinstance(stand.platform, OneBot):
                await stand.platform.until_connected()

    async def kill(self) -> datetime:
        """kill -9, and the moment of it."""
        self.bot.kill()
        at = datetime.now(UTC)
        await self.bot.ended()
        return at

    @property
    def data(self) -> Path:
        return self.config.parent / "data"


@asynccontextmanager
async def world(
    folder: Path,
    *,
    platforms: Sequence[Name] = NAMES,
    bots: Mapping[Name, int] | None = None,
    people: int = 8,
    groups: int = 1,
    pace_s: float = 0.004,
    settings: str = "",
    own: Mapping[str, str] | None = None,
    relay_settings: str = "",
    people_settings: str = "",
    more: str = "",
    log: str = "warning",
    relay: int = 0,
) -> AsyncIterator[World]:
    """Everything but the bot is at work: start that with `world.start()`.

    People and groups have equal ids on all platforms. `bots`: how many of a platform, where not
    one; they are named qq, qq2, …, each with a simulated platform of its own. `pace_s`: between
    two pieces of a streamed answer of some fifty. `settings` go into each bot's section, `own`
    into those of the bots they name, {public} there being the public port; `relay_settings` and
    `people_settings` into the relay's and the people's; `more` are sections.
    `relay` is the port of another one, if any.
    """
    private, public = free_port(), free_port()
    ids = [str(FIRST_PERSON + number) for number in range(people)]
    rooms = [str(FIRST_GROUP + number) for number in range(groups)]
    app = create_app(pace_s=pace_s, journal=Journal(ENTRIES, JOURNAL_BYTES))
    async with AsyncExitStack() as stack:
        listener = await stack.enter_async_context(running(app))
        stands = {}
        for platform, name in _named(platforms, bots or {}):
            lines = f"{settings}\n{(own or {}).get(name, '')}"
            opening = OPENINGS[platform](
                name, ids, rooms, public, lines.replace("{public}", str(public))
            )
            stands[name] = await stack.enter_async_context(opening)
        config = folder / "config.toml"
        config.write_text(
            CONFIG.format(
                private=private,
                public=public,
                data=folder / "data",
                relay=relay or listener.port,
                relay_settings=relay_settings,
                people_settings=people_settings,
                log=log,
                more=more,
                bots="".join(stand.section for stand in stands.values()),
            )
        )
        environ = {key: value for s in stands.values() for key, value in s.environ.items()}
        bot = Bot(config, private, environ)
        stack.push_async_callback(bot.stop)
        yield World(
            stands=stands,
            journal=app.state.journal,
            faults=app.state.faults,
            bot=bot,
            config=config,
            private=private,
            public=public,
            relay=listener.port,
        )


def _named(platforms: Sequence[Name], bots: Mapping[Name, int]) -> Iterator[tuple[Name, str]]:
    """Each bot's platform and name."""
    for platform in platforms:
        for number in range(bots.get(platform, 1)):
            yield platform, f"{platform}{number + 1}" if number else platform
