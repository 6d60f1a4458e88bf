"""Calls about what was said: one message, a history, what a forward holds."""

from collections.abc import Mapping
from typing import Any

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.archive import Message
from bots.sandbox.onebot.call import Action, Params, is_number
from bots.sandbox.onebot.event import Events
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.onebot.piece import Forward
from bots.sandbox.onebot.segment import Speller
from bots.sandbox.town.town import Place


class Past:
    def __init__(self, account: Account, events: Events, speller: Speller) -> None:
        self._account = account
        self._archive = account.archive
        self._events = events
        self._speller = speller

    def actions(self) -> Mapping[str, Action]:
        histories: Mapping[str, Action] = {
            "get_group_msg_history": self._group_history,
            "get_friend_msg_history": self._friend_history,
        }
        served = self._account.flavour.history
        return {
            "get_msg": self._get_msg,
            "get_forward_msg": self._get_forward_msg,
            **{name: action for name, action in histories.items() if name in served},
        }

    def message(self, params: Params) -> Message:
        """The one that `message_id` names. Raises Failed."""
        number = str(params.get("message_id") or "")
        if not is_number(number):
            raise Failed("参数message_id不能为空", "bad_request")
        message = self._archive.find(int(number))
        if message is None:
            raise Failed("消息不存在")
        return message

    async def _get_msg(self, params: Params) -> Any:
        return self._told(self.message(params))

    def _told(self, message: Message) -> dict[str, Any]:
        return {"real_id": message.id, **self._events.message(message)}

    async def _get_forward_msg(self, params: Params) -> Any:
        wanted = str(params.get("message_id") or params.get("id") or "")
        if not wanted:
            raise Failed("message_id is required", "bad_request")
        forward = self._archive.forward(wanted) or self._forward_in(wanted)
        if forward is None:
            raise Failed("消息已过期或者为内层消息，无法获取转发消息")
        return self._speller.forwarded(forward)

    def _forward_in(self, number: str) -> Forward | None:
        message = self._archive.find(int(number)) if is_number(number) else None
        pieces = message.pieces if message else ()
        return next((piece for piece in pieces if isinstance(piece, Forward)), None)

    # -- histories -------------------------------------------------------------------

    async def _group_history(self, params: Params) -> Any:
        return self._history(self._place(params, "group_id", group=True), params)

    async def _friend_history(self, params: Params) -> Any:
        return self._history(self._place(params, "user_id", group=False), params)

    def _place(self, params: Params, name: str, *, group: bool) -> Place:
        place = self._account.town.places.get(str(params.get(name) or ""))
        if place is None or place.group is not group:
            raise Failed(f"{name} {params.get(name)} 不存在")
        return place

    def _history(self, place: Place, params: Params) -> dict[str, Any]:
        """Oldest first: the latest `count`, or those around `message_seq`."""
        told = self._archive.history(place.id)
        count = int(params.get("count") or 20)
        start = str(params.get("message_seq") or params.get("message_id") or "0")
        chosen = told[-count:]
        if is_number(start) and int(start):
            at = next((n for n, each in enumerate(told) if int(start) in (each.id, each.seq)), None)
            chosen = [] if at is None else self._around(told, at, count, params)
        if not chosen:
            raise Failed(f"消息{params.get('message_seq', 'undefined')}不存在")
        for message in chosen:
            self._archive.know(message)
        return {"messages": [self._told(message) for message in chosen]}

    def _around(self, told: list[Message], at: int, count: int, params: Params) -> list[Message]:
        """Towards the past; where the flavour `goes_on`, to the present unless reversed."""
        back = bool(params.get("reverse_order") or params.get("reverseOrder"))
        if self._account.flavour.goes_on and not back:
            return told[at : at + count]
        return told[max(0, at + 1 - count) : at + 1]
