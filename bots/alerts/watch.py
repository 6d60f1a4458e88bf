"""Looks at the relays by schedule, tells admins what is new, and sends the reports."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bots.alerts.admins import Reader
from bots.alerts.events import Outlook, back, kind_of, outlook, relay_of
from bots.alerts.report_text import report_text
from bots.alerts.reports import Due, due, span
from bots.alerts.telling import Telling
from bots.balances.balances import RelayBalances
from bots.balances.reach import Reach
from bots.config.model import Alerts
from core.errors import ParleyError
from core.ports.balances import Balance
from core.ports.clock import Clock
from core.quota.drift import Drift
from storage.store import SqlStore

log = logging.getLogger(__name__)

LOOK_S = 60.0
"""How often it is looked whether there is anything to do; relays are asked each `refresh_s`."""

COMPARED = timedelta(days=1)
"""The latest stretch of the ledger that is laid beside a relay's own figure."""


@dataclass(slots=True, kw_only=True)
class Watch:
    balances: RelayBalances
    reach: Reach
    telling: Telling
    store: SqlStore
    alerts: Alerts
    zone: ZoneInfo
    clock: Clock
    _refresh_at: float = float("-inf")
    _reported: dict[str, datetime] = field(default_factory=dict)

    async def look(self) -> None:
        """Once a minute. What fails is tried the next time."""
        try:
            balances = await self._read()
            down = await self._out_of_reach()
            if self.alerts.on:
                await self._alert(await self._outlook(balances, down))
                await self._report()
        except ParleyError as error:
            log.warning("looking after the relays failed, the next look goes on: %s", error)

    async def _read(self) -> Sequence[Balance]:
        """Anew where it is time, or where the last reading failed."""
        now = self.clock.monotonic()
        failing = any(account.trouble for account in self.balances.accounts.values())
        if now < self._refresh_at and not failing:
            return self.balances.last
        if now >= self._refresh_at:
            self._refresh_at = now + self.alerts.refresh_s
        return await self.balances.of()

    async def _out_of_reach(self) -> Mapping[str, datetime]:
        accounts = self.balances.accounts.items()
        return await self.reach.look([name for name, account in accounts if account.unreached])

    async def _outlook(self, balances: Sequence[Balance], down: Mapping[str, datetime]) -> Outlook:
        now = self.clock.now()
        shrinks = {name: one.known.shrinks for name, one in self.balances.accounts.items()}
        drifts = await self.drifts(now - COMPARED, now)
        balances = [self._since_back(balance) for balance in balances]
        return outlook(balances, shrinks, down, drifts, self.alerts, now)

    def _since_back(self, balance: Balance) -> Balance:
        """While a relay was out of reach, that was what there was to tell."""
        unread, back = balance.unreadable_since, self.reach.back.get(balance.relay)
        if not (unread and back):
            return balance
        return replace(balance, unreadable_since=max(unread, back))

    async def drifts(self, since: datetime, until: datetime) -> Sequence[Drift]:
        return await self.store.readings.drifts(since, until)

    async def _alert(self, seen: Outlook) -> None:
        raised = await self.telling.stored.raised()
        for key in filter(seen.is_over, raised):
            is_back = kind_of(key) == "down"
            await self.telling.over(key, back(relay_of(key)) if is_back else None)
        for event in seen.events:
            if event.key not in raised:
                await self.telling.alert(event)

    # -- reports -----------------------------------------------------------------

    async def _report(self) -> None:
        for one in due(self.clock.now(), self.zone, self.alerts):
            if self._reported.get(one.name) != one.at and await self._sent(one):
                self._reported[one.name] = one.at

    async def _sent(self, one: Due) -> bool:
        """Or nothing to be sent: nobody used anything."""
        report = await self.store.spending(one.since, one.until)
        if not report.lines:
            return True
        drifts = await self.drifts(*span(one, self.zone)) if one.name == "weekly" else ()
        aside = (await self.store.backlog()).set_aside

        def write(reader: Reader) -> str:
            return report_text(self.telling.texts, report, drifts, aside, reader.language)

        return await self.telling.report(one.job, one.at, write)
