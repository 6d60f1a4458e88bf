"""Time zones by what people call them. Pure, but for this machine's list of zones."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

SHOWN = 3

PLACES = {
    "beijing": "Asia/Shanghai",
    "北京": "Asia/Shanghai",
    "上海": "Asia/Shanghai",
    "中国": "Asia/Shanghai",
    "香港": "Asia/Hong_Kong",
    "台北": "Asia/Taipei",
    "新加坡": "Asia/Singapore",
    "东京": "Asia/Tokyo",
    "首尔": "Asia/Seoul",
    "曼谷": "Asia/Bangkok",
    "新德里": "Asia/Kolkata",
    "迪拜": "Asia/Dubai",
    "莫斯科": "Europe/Moscow",
    "开罗": "Africa/Cairo",
    "柏林": "Europe/Berlin",
    "巴黎": "Europe/Paris",
    "伦敦": "Europe/London",
    "圣保罗": "America/Sao_Paulo",
    "纽约": "America/New_York",
    "芝加哥": "America/Chicago",
    "丹佛": "America/Denver",
    "洛杉矶": "America/Los_Angeles",
    "夏威夷": "Pacific/Honolulu",
    "悉尼": "Australia/Sydney",
    "奥克兰": "Pacific/Auckland",
}
"""What the list of zones has under another name, or in another script."""

_OFFSET = re.compile(r"(?:utc|gmt)?([+-]\d{1,2})(?::?(00|15|30|45))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The zone's name as it is written; or "" and what may be meant."""

    name: str = ""
    near: Sequence[str] = ()


def find_zone(asked: str, now: datetime) -> Found:
    """By its name, its city, or a place of PLACES; case does not matter.

    An offset, as in "UTC+8", is no zone, since most places change theirs: places that have it
    now are near it.
    """
    wanted = "_".join(asked.casefold().split())
    if offset := _OFFSET.fullmatch(wanted):
        return Found(near=_having(_offset(offset), now))
    names = {name.casefold(): name for name in sorted(available_timezones()) if _is_place(name)}
    if name := names.get(wanted) or PLACES.get(wanted):
        return Found(name=name)
    cities: dict[str, list[str]] = {}
    for name in names.values():
        cities.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    there = cities.get(wanted, [])
    if len(there) == 1:
        return Found(name=there[0])
    return Found(near=there[:SHOWN] or _close(wanted, names, cities))


def _close(wanted: str, names: dict[str, str], cities: dict[str, list[str]]) -> list[str]:
    close = get_close_matches(wanted, [*names, *cities], n=2 * SHOWN)
    meant = (name for match in close for name in cities.get(match) or [names[match]])
    return list(dict.fromkeys(meant))[:SHOWN]


def _is_place(name: str) -> bool:
    """Not "Etc/GMT+8", which means UTC-8 (POSIX), nor the words of old systems, as "EST"."""
    return name == "UTC" or ("/" in name and not name.startswith("Etc/"))


def _offset(match: re.Match[str]) -> timedelta:
    hours, minutes = match.groups()
    span = timedelta(hours=abs(int(hours)), minutes=int(minutes or 0))
    return -span if hours.startswith("-") else span


def _having(offset: timedelta, now: datetime) -> list[str]:
    known: Iterable[str] = dict.fromkeys(PLACES.values())
    return [name for name in known if now.astimezone(ZoneInfo(name)).utcoffset() == offset][:SHOWN]
