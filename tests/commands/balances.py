"""What relays say of their accounts, as a test has it."""

from dataclasses import dataclass

from core.ports.balances import Balance


@dataclass
class ToldBalances:
    """`asked` counts how often."""

    told: tuple[Balance, ...] = ()
    asked: int = 0

    async def of(self) -> tuple[Balance, ...]:
        self.asked += 1
        return self.told
