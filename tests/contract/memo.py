"""What an adapter keeps between starts, as long as a test lasts."""


class PlayedMemo:
    """A `core.ports.store.Memo`."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def recall(self, name: str) -> str:
        return self._kept.get(name, "")

    async def keep(self, name: str, value: str) -> None:
        self._kept[name] = value
