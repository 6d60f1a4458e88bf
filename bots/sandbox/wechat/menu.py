"""menu/create, menu/get, menu/delete: the buttons below the talk.

developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu, read 2026-11.
"""

from msgspec import UNSET, Struct, UnsetType

from bots.sandbox.wechat.asked import Asked
from bots.sandbox.wechat.refusal import Denied
from bots.sandbox.wechat.wechat import WeChat

BUTTONS = 3
SUB_BUTTONS = 5
NAME_BYTES = 16
SUB_NAME_BYTES = 60
KEY_BYTES = 128
URL_BYTES = 1024
KEYED = frozenset(
    {
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)


class Button(Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    type: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    sub_button: list["Button"] = []


class Menu(Struct, frozen=True, kw_only=True):
    button: list[Button]


async def create(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied."""
    menu = asked.json(Menu)
    if not 1 <= len(menu.button) <= BUTTONS:
        raise Denied(40016)
    for button in menu.button:
        _check_size(button.name, NAME_BYTES, 40018)
        if len(button.sub_button) > SUB_BUTTONS:
            raise Denied(40023)
        for sub in button.sub_button:
            _check_size(sub.name, SUB_NAME_BYTES, 40025)
            _check_action(sub)
        if not button.sub_button:
            _check_action(button)
    wechat.menu = menu
    return {"errcode": 0, "errmsg": "ok"}


async def get(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied."""
    del asked
    if wechat.menu is None:
        raise Denied(46003)
    return {"menu": wechat.menu}


async def delete(wechat: WeChat, asked: Asked) -> object:
    del asked
    wechat.menu = None
    return {"errcode": 0, "errmsg": "ok"}


def _check_size(text: str, limit_bytes: int, errcode: int) -> None:
    if not 1 <= len(text.encode()) <= limit_bytes:
        raise Denied(errcode)


def _check_action(button: Button) -> None:
    match button:
        case Button(type="view", url=str() as url):
            _check_size(url, URL_BYTES, 40020)
        case Button(type=str() as kind, key=str() as key) if kind in KEYED:
            _check_size(key, KEY_BYTES, 40019)
        case _:
            raise Denied(40017)
