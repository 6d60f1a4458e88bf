"""Friends and groups of the account, and who wants to change them."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Literal

from msgspec import Struct

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.archive import Message
from bots.sandbox.onebot.call import Params
from bots.sandbox.onebot.event import Event, Events
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.town.town import BOT, Person, Place


class Request(Struct, frozen=True, kw_only=True):
    """`how`: add (somebody wants in), invite (the account is asked in), friend."""

    how: Literal["friend", "add", "invite"]
    user: str
    group: str = ""


class Membership:
    """Requests are asked by people and answered by the bot."""

    def __init__(
        self, account: Account, events: Events, tell: Callable[[Event], Awaitable[bool]]
    ) -> None:
        self._self = account.self_id
        self._town = account.town
        self._standing = account.standing
        self._events = events
        self._tell = tell
        self._open: dict[str, Request] = {}
        self._flags = count(1)

    def friends(self) -> list[Person]:
        strangers = self._standing.strangers
        return [person for person in self._town.people.values() if person.id not in strangers]

    def groups(self) -> list[Place]:
        outside = self._standing.outside
        return [p for p in self._town.places.values() if p.group and p.id not in outside]

    # -- people ask --------------------------------------------------------------------

    async def ask_friend(self, user: str, comment: str) -> None:
        self._standing.strangers.add(user)
        flag = self._ask(Request(how="friend", user=user))
        await self._asked(user, user, self._events.friend_request(user, comment, flag))

    async def ask_group(self, group: str, user: str, comment: str, *, invite: bool) -> None:
        """Somebody asks to come in, or asks the account in."""
        how: Literal["invite", "add"] = "invite" if invite else "add"
        if invite:
            self._standing.outside.add(group)
        flag = self._ask(Request(how=how, user=user, group=group))
        await self._asked(group, user, self._events.group_request(group, user, comment, flag, how))

    def _ask(self, request: Request) -> str:
        flag = f"request-{next(self._flags)}"
        self._open[flag] = request
        return flag

    async def _asked(self, place: str, user: str, event: Event) -> None:
        what = f"{event['request_type']} request: {event['comment']}"
        self._town.add(place, user, kind="notice", text=what, raw=event)
        await self._tell(event)

    # -- the bot answers -----------------------------------------------------------------

    async def answer_friend(self, params: Params) -> None:
        request = self._close(params, "friend")
        yes = _yes(params)
        self._note(request.user, "friend request", yes, params)
        if yes:
            self._standing.strangers.discard(request.user)
            await self._tell(self._events.friend_add(request.user))

    async def answer_group(self, params: Params) -> None:
        request = self._close(params, "add", "invite")
        yes = _yes(params)
        self._note(request.group, f"group request ({request.how})", yes, params)
        if yes:
            self._standing.outside.discard(request.group)
            comer, how = request.user, "approve"
            if request.how == "invite":
                comer, how = self._self, "invite"
            await self._tell(self._events.increase(request.group, comer, request.user, how))

    def _close(self, params: Params, *kinds: str) -> Request:
        flag = str(params.get("flag") or "")
        request = self._open.get(flag)
        if request is None or request.how not in kinds:
            raise Failed(f"没有对应的请求: flag {flag!r}")
        return self._open.pop(flag)

    def _note(self, place: str, what: str, yes: bool, params: Params) -> None:
        text = f"{what} {'accepted' if yes else 'refused'}"
        self._town.add(place, BOT, kind="notice", text=text, raw=dict(params))

    async def leave(self, params: Params) -> None:
        group = str(params.get("group_id") or "")
        self._standing.outside.add(group)
        self._town.add(group, BOT, kind="notice", text="left the group", raw=dict(params))

    async def recall(self, message: Message) -> None:
        """The bot takes a message back."""
        place, line = message.place, message.line
        self._town.add(place.id, BOT, kind="notice", text="recalled", reply_to=line)
        await self._tell(self._events.recall(message, self._self))


def _yes(params: Params) -> bool:
    value: Any = params.get("approve", True)
    return value if isinstance(value, bool) else str(value).lower() != "false"
