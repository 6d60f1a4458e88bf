"""Events as they go to the bot. https://github.com/botuniverse/onebot-11/tree/master/event"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.archive import Message
from bots.sandbox.onebot.cqcode import format_cq
from bots.sandbox.onebot.segment import Speller
from bots.sandbox.town.town import Place

Event: TypeAlias = dict[str, Any]
TEMPORARY = 284840486
"""The group that NapCat and LLBot name where they don't know a temporary chat's."""


class Events:
    """Makes one account's events, in its flavour's words."""

    def __init__(self, account: Account, speller: Speller) -> None:
        self._account = account
        self._self = int(account.self_id)
        self._flavour = account.flavour
        self._speller = speller

    def message(self, message: Message) -> Event:
        segments = self._speller.segments(message.pieces)
        raw = format_cq(segments)
        event = self._place(message) | {
            "self_id": self._self,
            "user_id": int(message.sender),
            "time": int(message.at.timestamp()),
            "message_id": message.id,
            "message": segments if self._account.message_format == "array" else raw,
            "raw_message": raw,
            "font": self._flavour.font,
            "sender": self.sender(message.sender, group=message.place.group),
            "post_type": "message_sent" if int(message.sender) == self._self else "message",
        }
        known = self._facts(message)
        event.update({name: known[fact] for name, fact in self._flavour.message})
        if message.place.group:
            event.update({name: known[fact] for name, fact in self._flavour.group})
        return event

    def _place(self, message: Message) -> Event:
        if message.place.group:
            where = {"message_type": "group", "sub_type": "normal"}
            return where | {"group_id": int(message.place.id)}
        if message.place.id in self._account.standing.strangers:
            temporary = {"group_id": TEMPORARY, "temp_source": 0}
            return {"message_type": "private", "sub_type": "group"} | temporary
        where = {"message_type": "private", "sub_type": "friend"}
        return where | {"target_id": self._self} if self._self == int(message.sender) else where

    def _facts(self, message: Message) -> Mapping[str, Any]:
        return {
            "message_id": message.id,
            "seq": message.seq,
            "seq_text": str(message.seq),
            "message_format": self._account.message_format,
            "group_name": message.place.name,
            "null": None,
        }

    def sender(self, user: str, *, group: bool) -> Event:
        sender: Event = {"user_id": int(user), "nickname": self._account.name(user)}
        sender |= self._flavour.group_sender if group else self._flavour.sender
        return sender | {"role": self._account.role(user)} if group else sender

    # -- notices -----------------------------------------------------------------

    def _bare(self, post_type: str, **fields: Any) -> Event:
        stamp = {"time": int(self._account.now().timestamp()), "self_id": self._self}
        return stamp | {"post_type": post_type} | fields

    def poke(self, place: Place, user: str, target: str) -> Event:
        fields: Event = {"sender_id": int(user), "target_id": int(target)}
        if place.group:
            fields["group_id"] = int(place.id)
        return self._bare(
            "notice", notice_type="notify", sub_type="poke", user_id=int(user), **fields
        )

    def recall(self, message: Message, operator: str) -> Event:
        user = int(message.sender)
        if not message.place.group:
            return self._bare(
                "notice", notice_type="friend_recall", user_id=user, message_id=message.id
            )
        return self._bare(
            "notice",
            notice_type="group_recall",
            group_id=int(message.place.id),
            user_id=user,
            operator_id=int(operator),
            message_id=message.id,
        )

    def increase(self, group: str, user: str, operator: str, how: str = "approve") -> Event:
        return self._bare(
            "notice",
            notice_type="group_increase",
            sub_type=how,
            group_id=int(group),
            user_id=int(user),
            operator_id=int(operator),
        )

    def ban(self, group: str, operator: str, duration_s: int) -> Event:
        return self._bare(
            "notice",
            notice_type="group_ban",
            sub_type="ban" if duration_s else "lift_ban",
            group_id=int(group),
            user_id=self._self,
            operator_id=int(operator),
            duration=duration_s,
        )

    def friend_add(self, user: str) -> Event:
        return self._bare("notice", notice_type="friend_add", user_id=int(user))

    def upload(self, place: Place, user: str, file: Event) -> Event:
        """go-cqhttp's and Lagrange's notice of a file that somebody sent."""
        if not place.group:
            return self._bare("notice", notice_type="offline_file", user_id=int(user), file=file)
        return self._bare(
            "notice",
            notice_type="group_upload",
            group_id=int(place.id),
            user_id=int(user),
            file=file | {"busid": 102},
        )

    # -- requests, and the account itself ----------------------------------------

    def friend_request(self, user: str, comment: str, flag: str) -> Event:
        return self._bare(
            "request", request_type="friend", user_id=int(user), comment=comment, flag=flag
        )

    def group_request(self, group: str, user: str, comment: str, flag: str, how: str) -> Event:
        return self._bare(
            "request",
            request_type="group",
            sub_type=how,
            group_id=int(group),
            user_id=int(user),
            comment=comment,
            flag=flag,
        )

    def lifecycle(self) -> Event:
        return self._bare("meta_event", meta_event_type="lifecycle", sub_type="connect")

    def heartbeat(self, interval_s: float) -> Event:
        return self._bare(
            "meta_event",
            meta_event_type="heartbeat",
            status=self.status(),
            interval=int(interval_s * 1000),
        )

    def status(self) -> Event:
        """`online` is False where QQ has put the account out."""
        return {"online": self._account.standing.online, "good": True, **self._flavour.status}
