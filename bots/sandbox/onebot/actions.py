"""The calls of the bot. https://github.com/botuniverse/onebot-11/tree/master/api, and beyond."""

from collections.abc import Mapping
from typing import Any

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.call import Action, Params
from bots.sandbox.onebot.directory import Directory
from bots.sandbox.onebot.downloads import Downloads
from bots.sandbox.onebot.event import Events
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.onebot.membership import Membership
from bots.sandbox.onebot.past import Past
from bots.sandbox.onebot.segment import Speller
from bots.sandbox.onebot.sending import Sending, Target

INDIFFERENT = (
    "mark_msg_as_read",
    "mark_private_msg_as_read",
    "mark_group_msg_as_read",
    "set_input_status",
    "set_msg_emoji_like",
    "send_like",
    "set_group_card",
    "clean_cache",
)
"""Taken and not shown."""


class Actions:
    """Carries out calls by name."""

    def __init__(
        self,
        *,
        account: Account,
        events: Events,
        speller: Speller,
        sending: Sending,
        membership: Membership,
    ) -> None:
        self._sending = sending
        self._membership = membership
        self._past = Past(account, events, speller)
        self._known: Mapping[str, Action] = {
            **self._sends(),
            **self._past.actions(),
            **Downloads(account.files).actions(),
            **Directory(account, events, membership).actions(),
            "delete_msg": self._delete_msg,
            "set_friend_add_request": membership.answer_friend,
            "set_group_add_request": membership.answer_group,
            "set_group_leave": membership.leave,
            **dict.fromkeys(INDIFFERENT, self._nothing),
        }

    def _sends(self) -> Mapping[str, Action]:
        send, upload = self._sending.send, self._sending.upload
        return {
            "send_private_msg": lambda params: send("private", params),
            "send_group_msg": lambda params: send("group", params),
            "send_msg": self._send_msg,
            "send_private_forward_msg": lambda params: send("private", params),
            "send_group_forward_msg": lambda params: send("group", params),
            "send_forward_msg": self._send_msg,
            "upload_private_file": lambda params: upload("private", params),
            "upload_group_file": lambda params: upload("group", params),
            ".handle_quick_operation": self._quick,
            ".handle_quick_operation_async": self._quick,
        }

    async def perform(self, action: str, params: Params) -> Any:
        """What the call answers as `data`. Raises Failed."""
        known = self._known.get(action)
        if known is None:
            raise Failed(f"不支持的Api {action}", "unknown")
        return await known(params)

    async def _send_msg(self, params: Params) -> Any:
        kind = params.get("message_type")
        group = kind == "group" or (kind is None and params.get("group_id"))
        target: Target = "group" if group else "private"
        return await self._sending.send(target, params)

    async def _quick(self, params: Params) -> None:
        context, operation = params.get("context"), params.get("operation")
        if not isinstance(context, dict) or not isinstance(operation, dict):
            raise Failed("Key: context, Message: Expected object", "bad_request")
        if operation.get("reply"):
            kept = ("message_type", "user_id", "group_id")
            target = {name: context[name] for name in kept if name in context}
            escape = {"auto_escape": operation.get("auto_escape", False)}
            await self._send_msg({**target, "message": operation["reply"], **escape})

    async def _delete_msg(self, params: Params) -> None:
        await self._membership.recall(self._past.message(params))

    async def _nothing(self, params: Params) -> None:
        del params
