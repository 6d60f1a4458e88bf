"""/timezone NAME | auto: the zone of the times that a person is told."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from bots.answer import tell
from bots.commands.language import AUTOMATIC
from bots.quota_lines.teller import code_span
from bots.timezones import find_zone
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting

NAME_CHARS = 40
"""As much of a wrong name as is said again."""


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    if not rest:
        return tell(ask, services, "timezone_how", **_now(services, ask.zone))
    if rest.lower() in AUTOMATIC:
        common = _now(services, services.cashier.calendar.zone)
        return tell(ask, services, "timezone_auto", effects=(_setting(ask, None),), **common)
    found = await asyncio.to_thread(find_zone, rest, services.clock.now())
    if found.name:
        chosen, there = _setting(ask, found.name), _now(services, ZoneInfo(found.name))
        return tell(ask, services, "timezone_set", effects=(chosen,), **there)
    name = code_span(rest[:NAME_CHARS])
    if not found.near:
        return tell(ask, services, "timezone_unknown", name=name)
    near = ", ".join(map(code_span, found.near))
    return tell(ask, services, "timezone_close", name=name, names=near)


def _now(services: Services, zone: ZoneInfo) -> dict[str, Any]:
    return {"zone": zone.key, "time": f"{services.clock.now().astimezone(zone):%H:%M}"}


def _setting(ask: Ask, value: str | None) -> SetSetting:
    return SetSetting(scope=ask.person, name="timezone", value=value)


COMMAND = Command(name="timezone", aliases=("时区",), run=run)
