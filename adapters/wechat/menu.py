"""The account's menu, from the configuration to menu/create. Pure."""

from collections.abc import Sequence
from typing import Any

from adapters.wechat.settings import MenuItem
from core.errors import ConfigError

BUTTONS, ENTRIES = 3, 5
KEY_BYTES, URL_BYTES = 128, 1024
NAME_BYTES, ENTRY_BYTES = 16, 60
"""developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html, November 2026."""


def format_menu(items: Sequence[MenuItem], place: str) -> dict[str, Any]:
    """Raises ConfigError naming `place`, as in "bots.wechat.menu"."""
    if len(items) > BUTTONS:
        raise ConfigError(f"{place}: expected at most {BUTTONS} buttons, got {len(items)}")
    return {"button": [_button(item, place, NAME_BYTES) for item in items]}


def _button(item: MenuItem, place: str, name_bytes: int) -> dict[str, Any]:
    if not 0 < len(item.name.encode()) <= name_bytes:
        raise ConfigError(
            f"{place}: expected a name of 1 to {name_bytes} bytes (a Chinese character has 3), "
            f'got "{item.name}"'
        )
    if sum(map(bool, (item.send, item.url, item.items))) != 1:
        raise ConfigError(f'{place}: expected one of send, url and items for "{item.name}"')
    if item.items:
        return {"name": item.name, "sub_button": _entries(item, place)}
    if len(item.send.encode()) > KEY_BYTES or len(item.url.encode()) > URL_BYTES:
        raise ConfigError(
            f"{place}: expected at most {KEY_BYTES} bytes to send and {URL_BYTES} of address "
            f'for "{item.name}"'
        )
    if item.url:
        return {"type": "view", "name": item.name, "url": item.url}
    return {"type": "click", "name": item.name, "key": item.send}


def _entries(item: MenuItem, place: str) -> list[dict[str, Any]]:
    if len(item.items) > ENTRIES or any(entry.items for entry in item.items):
        raise ConfigError(
            f'{place}: expected at most {ENTRIES} entries under "{item.name}", none with items'
        )
    return [_button(entry, place, ENTRY_BYTES) for entry in item.items]
