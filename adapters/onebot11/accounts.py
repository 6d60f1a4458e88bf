"""The accounts of one bot, those that dialled in and those that should."""

from collections.abc import Iterator, Sequence

from adapters.onebot11.account import Account
from core.ports.clock import Clock

MOST = 100


class Accounts:
    """`named` are the only ones admitted; where it is empty, all are."""

    def __init__(self, named: Sequence[str], clock: Clock, silence_s: float) -> None:
        self._named = frozenset(named)
        self._clock = clock
        self._silence_s = silence_s
        self._accounts: dict[str, Account] = {}
        for self_id in named:
            self.of(self_id)

    def admits(self, self_id: str) -> bool:
        if self._named:
            return self_id in self._named
        return self_id in self._accounts or len(self._accounts) < MOST

    def of(self, self_id: str) -> Account:
        """The account, made when it is first heard of."""
        account = self._accounts.get(self_id)
        if account is None:
            account = Account(self_id, self._clock, self._silence_s)
            self._accounts[self_id] = account
        return account

    def __contains__(self, self_id: object) -> bool:
        return self_id in self._accounts

    def __iter__(self) -> Iterator[Account]:
        return iter(tuple(self._accounts.values()))

    def __len__(self) -> int:
        return len(self._accounts)
