"""A time in which no relay serves."""

from core.errors import RelayError, RelayRefused
from core.request import ChatRequest
from tests.core.hours import Hours
from tests.core.house import Person, Site


class Outage:
    """Every call fails with `fault` until `over`, the next with `once`; `calls` counts them."""

    def __init__(self, site: Site) -> None:
        self.fault: RelayError | None = RelayRefused("nobody there")
        self.once: RelayError | None = None
        self.calls = 0
        self.hours = site.naps = Hours(site.clock, lambda: _stores(site))
        site.relays.watch = self._fail

    def over(self) -> None:
        self.fault = None

    async def fails(self, times: int) -> None:
        """Until so many more calls have failed."""
        enough = self.calls + times
        await self.hours.until(lambda: self.calls >= enough)

    def _fail(self, request: ChatRequest) -> None:
        if fault := self.once or self.fault:
            self.once = None
            self.calls += 1
            raise fault


def told(site: Site, until: str = "12:10") -> str:
    return site.say("outage", until=until, zone="UTC")


async def reads(outage: Outage, person: Person, count: int) -> list[str]:
    await outage.hours.until(lambda: len(person.reads) >= count)
    return person.reads


def _stores(site: Site) -> bool:
    store = site.house.store
    tasks = (store._writes._working, store._reads._working)
    return any(task and not task.done() for task in tasks)
