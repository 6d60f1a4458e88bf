"""Whether relays can be reached at all, and since when not."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bots.balances.account import UNREACHED
from core.errors import RelayError
from core.ports.clock import Clock
from core.relay.client import Relay
from core.relay.health import Health
from storage.readings import StoredReadings

log = logging.getLogger(__name__)

PROBE_S = 10.0


class Reach:
    """Relays in doubt are probed; the others cost nothing. Since when each is out of reach is
    kept between starts."""

    def __init__(
        self,
        relays: Mapping[str, Relay],
        health: Callable[[], Sequence[Health]],
        kept: StoredReadings,
        clock: Clock,
    ) -> None:
        self._relays = relays
        self._health = health
        self._kept = kept
        self._clock = clock
        self._down: dict[str, datetime] | None = None
        self.back: dict[str, datetime] = {}
        """Since when those are in reach again that were out of it in this process."""

    async def look(self, unreached: Sequence[str]) -> Mapping[str, datetime]:
        """Since when each relay that is out of reach is so. `unreached`: a call failed just now.

        Raises StoreError.
        """
        down = await self._known()
        troubled = {part.name for part in self._health() if part.scope == "address"}
        for name, relay in self._relays.items():
            doubted = name in down or name in unreached or relay.address in troubled
            if not doubted or await self._answers(relay, name in unreached):
                await self._set(name, None)
            elif name not in down:
                await self._set(name, self._clock.now())
        return dict(down)

    async def _known(self) -> dict[str, datetime]:
        if self._down is None:
            kept = {name: await self._kept.kept(f"{name}/down") for name in self._relays}
            self._down = {name: datetime.fromisoformat(at) for name, at in kept.items() if at}
        return self._down

    async def _set(self, name: str, since: datetime | None) -> None:
        down = await self._known()
        if down.get(name) == since:
            return
        await self._kept.keep(f"{name}/down", since.isoformat() if since else "")
        if since:
            down[name] = since
        else:
            del down[name]
            self.back[name] = self._clock.now()

    @staticmethod
    async def _answers(relay: Relay, failed: bool) -> bool:
        """A refusal is an answer too."""
        if not relay.can_be_probed:
            return not failed
        try:
            async with asyncio.timeout(PROBE_S):
                await relay.probe()
        except UNREACHED:
            return False
        except RelayError:
            return True
        return True
