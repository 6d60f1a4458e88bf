"""A relay's dialect as it is known by now: its profile, and what the relay was seen to do."""

from collections.abc import Callable
from datetime import datetime

from core.errors import RelayUnsupported
from core.relay.dialect import (
    Call,
    Capability,
    Dialect,
    Streaming,
    with_capability,
    with_path,
    with_refused_audio,
)
from core.relay.failure import denies_call
from core.relay.learned import BELIEVED, Learned

_DENIALS = {
    "no": "its profile says that it does not serve {call}",
    "off": "its profile says that {call} is documented and turned off for now",
}


class Knowledge:
    """`changed` hears of every new form of the dialect; `learned` keeps what is new."""

    def __init__(
        self,
        relay: str,
        dialect: Dialect,
        *,
        now: Callable[[], datetime],
        learned: Learned | None,
        changed: Callable[[Dialect], None],
    ) -> None:
        self.dialect = dialect
        self._relay = relay
        self._now = now
        self._learned = learned
        self._changed = changed

    def check_served(self, call: Call) -> None:
        """Raises RelayUnsupported; what was seen not to be served is tried again after a while."""
        capability = self.dialect.capability(call)
        if capability in ("yes", "unknown") or self._worth_another_try(call):
            return
        why = _DENIALS[capability].format(call=call)
        if call in self.dialect.seen:
            seen = self.dialect.seen[call].date()
            why = f"it was seen on {seen} not to serve {call}, which its profile leaves open"
        raise RelayUnsupported(
            f'relay "{self._relay}": {why}. Give {call} another relay.', call=call
        )

    async def served(self, call: Call | Streaming) -> None:
        if self.dialect.capability(call) != "yes":
            await self._note(call, "yes")

    async def refused(self, call: Call, error: RelayUnsupported) -> None:
        """What is said or was seen to be served stays so: one such answer may be a slip."""
        if self.dialect.capability(call) != "yes" and denies_call(error):
            await self._note(call, "no")

    def take_path(self, call: Call, path: str) -> None:
        self._take(with_path(self.dialect, call, path))

    async def keep_path(self, call: Call) -> None:
        """Keep the path that is taken now for later runs."""
        if self._learned:
            await self._learned.note_path(call, self.dialect.path(call))

    async def refused_audio(self, ending: str) -> None:
        if ending in self.dialect.audio_refused:
            return
        self._take(with_refused_audio(self.dialect, ending, self._now()))
        if self._learned:
            await self._learned.note_refused_audio(ending)

    async def _note(self, call: Call | Streaming, capability: Capability) -> None:
        self._take(with_capability(self.dialect, call, capability, self._now()))
        if self._learned:
            await self._learned.note_capability(call, capability)

    def _take(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._changed(dialect)

    def _worth_another_try(self, call: Call) -> bool:
        seen = self.dialect.seen.get(call)
        return seen is not None and seen + BELIEVED < self._now()
