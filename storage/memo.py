"""What adapters keep between starts."""

from dataclasses import dataclass

from storage.batcher import Batcher
from storage.operation import Keep, Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMemo:
    """`core.ports.store.Memo` of one bot: its names are apart from all others'."""

    owner: str
    writes: Batcher
    reads: Batcher

    async def recall(self, name: str) -> str:
        return await self.reads.submit(Kept(name=self._named(name)))

    async def keep(self, name: str, value: str) -> None:
        await self.writes.submit(Keep(name=self._named(name), value=value))

    def _named(self, name: str) -> str:
        return f"memo/{self.owner}/{name}"
