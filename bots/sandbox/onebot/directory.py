"""Calls about who and where: the account, its friends, its groups."""

from collections.abc import Mapping
from typing import Any

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.call import Action, Params
from bots.sandbox.onebot.event import Events
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.onebot.membership import Membership
from bots.sandbox.town.town import Place


class Directory:
    def __init__(self, account: Account, events: Events, membership: Membership) -> None:
        self._account = account
        self._town = account.town
        self._events = events
        self._membership = membership

    def actions(self) -> Mapping[str, Action]:
        return {
            "get_login_info": self._login,
            "get_stranger_info": self._stranger,
            "get_friend_list": self._friends,
            "get_group_info": self._group,
            "get_group_list": self._groups,
            "get_group_member_info": self._member,
            "get_group_member_list": self._members,
            "get_status": self._status,
            "get_version_info": self._version,
            "can_send_image": self._yes,
            "can_send_record": self._yes,
        }

    async def _login(self, params: Params) -> Any:
        del params
        return {"user_id": int(self._account.self_id), "nickname": self._account.nickname}

    async def _stranger(self, params: Params) -> Any:
        user = str(params.get("user_id") or "")
        if user != self._account.self_id and user not in self._town.people:
            raise Failed("无法获取用户信息")
        return self._events.sender(user, group=False)

    async def _friends(self, params: Params) -> Any:
        del params
        friends = self._membership.friends()
        return [{"user_id": int(p.id), "nickname": p.name, "remark": ""} for p in friends]

    async def _group(self, params: Params) -> Any:
        return _described(self._place(params))

    async def _groups(self, params: Params) -> Any:
        del params
        return [_described(place) for place in self._membership.groups()]

    def _place(self, params: Params) -> Place:
        place = self._town.places.get(str(params.get("group_id") or ""))
        if place is None or not place.group:
            raise Failed(f"群{params.get('group_id')}不存在")
        return place

    async def _member(self, params: Params) -> Any:
        place = self._place(params)
        user = str(params.get("user_id") or "")
        if user not in (*place.members, self._account.self_id):
            raise Failed(f"群成员{user}不存在")
        return {"group_id": int(place.id), **self._events.sender(user, group=True)}

    async def _members(self, params: Params) -> Any:
        place = self._place(params)
        users = (*place.members, self._account.self_id)
        return [
            {"group_id": int(place.id), **self._events.sender(user, group=True)} for user in users
        ]

    async def _status(self, params: Params) -> Any:
        del params
        return self._events.status()

    async def _version(self, params: Params) -> Any:
        del params
        flavour = self._account.flavour
        named = {"app_name": flavour.app_name, "app_version": flavour.app_version}
        return {**named, "protocol_version": "v11"}

    async def _yes(self, params: Params) -> Any:
        del params
        return {"yes": True}


def _described(place: Place) -> dict[str, Any]:
    return {
        "group_id": int(place.id),
        "group_name": place.name,
        "member_count": len(place.members) + 1,
        "max_member_count": 200,
    }
