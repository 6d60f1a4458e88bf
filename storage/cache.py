"""What was read from the database and may be read again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """Values by key; the least recently used are given up. Belongs to one event loop.

    A value that was being loaded while its key was changed or dropped is
    answered, but not kept: it may be the old one.
    """

    def __init__(self, weigh: Callable[[V], int], *, weight_limit: int, count_limit: int) -> None:
        self._weigh = weigh
        self._weight_limit = weight_limit
        self._count_limit = count_limit
        self._values: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self._loading: dict[str, object] = {}
        self._weight = 0

    def __len__(self) -> int:
        return len(self._values)

    @property
    def weight(self) -> int:
        return self._weight

    def get(self, key: str) -> V | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    async def load(self, key: str, read: Callable[[], Awaitable[V]]) -> V:
        ticket = self._loading[key] = object()
        try:
            value = await read()
        except BaseException:
            self._redeem(key, ticket)
            raise
        if self._redeem(key, ticket):
            self._keep(key, value)
        return value

    def change(self, key: str, change: Callable[[V], V]) -> None:
        """Change the value that is kept, if there is one."""
        self._loading.pop(key, None)
        value = self.get(key)
        if value is not None:
            self._keep(key, change(value))

    def drop(self, key: str) -> None:
        self._loading.pop(key, None)
        _, weight = self._values.pop(key, (None, 0))
        self._weight -= weight

    def clear(self) -> None:
        self._loading.clear()
        self._values.clear()
        self._weight = 0

    def _redeem(self, key: str, ticket: object) -> bool:
        if self._loading.get(key) is not ticket:
            return False
        del self._loading[key]
        return True

    def _keep(self, key: str, value: V) -> None:
        self.drop(key)
        weight = self._weigh(value)
        self._values[key] = value, weight
        self._weight += weight
        while self._weight > self._weight_limit or len(self._values) > self._count_limit:
            _, (_, freed) = self._values.popitem(last=False)
            self._weight -= freed
