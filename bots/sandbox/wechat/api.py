"""The server API under /cgi-bin/: who may call what, and every call's way to its answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from bots.sandbox.wechat import customer_service, media_calls, menu, own_calls
from bots.sandbox.wechat.asked import Asked
from bots.sandbox.wechat.faults import FailCall
from bots.sandbox.wechat.journal import Called
from bots.sandbox.wechat.refusal import Denied
from bots.sandbox.wechat.wechat import WeChat

Handler: TypeAlias = Callable[[WeChat, Asked], Awaitable[object]]
"""What it gives is sent as JSON, or as it is where it is a Response. Raises Denied."""


class Call(Struct, frozen=True, kw_only=True):
    """`daily`: how often a day, of the vendor's table (read 2026-11)."""

    handler: Handler
    method: Literal["GET", "POST"]
    name: str = ""
    with_token: bool = True
    daily: int = 500_000


CALLS: Mapping[str, Call] = {
    "token": Call(handler=own_calls.token, method="GET", with_token=False, daily=2_000),
    "stable_token": Call(handler=own_calls.stable_token, method="POST", with_token=False),
    "getcallbackip": Call(handler=own_calls.addresses, method="GET", name="ip"),
    "get_api_domain_ip": Call(handler=own_calls.addresses, method="GET", name="ip"),
    "user/info": Call(handler=own_calls.user_info, method="GET", daily=5_000_000),
    "message/custom/send": Call(handler=customer_service.send, method="POST"),
    "message/custom/typing": Call(handler=customer_service.show_typing, method="POST"),
    "media/upload": Call(handler=media_calls.upload, method="POST", daily=100_000),
    "media/get": Call(handler=media_calls.get, method="GET", daily=200_000),
    "menu/create": Call(handler=menu.create, method="POST", daily=1_000),
    "menu/get": Call(handler=menu.get, method="GET", daily=10_000),
    "menu/delete": Call(handler=menu.delete, method="GET", daily=1_000),
}


class Api:
    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat
        self._spent: dict[tuple[str, str], int] = {}

    async def answer(self, request: Request) -> Response:
        """Status 200 whatever happens, as WeChat's are."""
        asked = Asked(request=request, body=await request.body())
        name = request.path_params["call"]
        errcode = 0
        try:
            answer = await self._answer(name, asked)
        except Denied as denied:
            answer, errcode = denied.body(), denied.errcode
        self._note(name, asked, errcode)
        if isinstance(answer, Response):
            return answer
        told = {"content-type": "application/json; encoding=utf-8"}
        return Response(msgspec.json.encode(answer), headers=told)

    async def _answer(self, name: str, asked: Asked) -> object:
        call = CALLS.get(name)
        if call is None:
            raise Denied(40066)
        fault = self._wechat.faults.take(FailCall, name)
        if fault and not fault.done:
            raise Denied(fault.errcode)
        self._admit(name, call, asked)
        answer = await call.handler(self._wechat, asked)
        if fault:
            raise Denied(fault.errcode)
        return answer

    def _admit(self, name: str, call: Call, asked: Asked) -> None:
        """Raises Denied."""
        if asked.request.method != call.method:
            raise Denied(43001 if call.method == "GET" else 43002)
        if call.with_token:
            self._wechat.tokens.check(asked.query("access_token"))
        if not self._wechat.account.may(call.name or name):
            raise Denied(48001)
        spent = (name, f"{self._wechat.now():%Y-%m-%d}")
        self._spent[spent] = self._spent.get(spent, 0) + 1
        if self._spent[spent] > call.daily:
            raise Denied(45009)

    def _note(self, name: str, asked: Asked, errcode: int) -> None:
        """Secrets are kept out: the body of a token call has one."""
        body = None
        if name in CALLS and CALLS[name].with_token:
            try:
                body = msgspec.json.decode(asked.body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                body = None
        now = self._wechat.now()
        self._wechat.journal.note(Called(at=now, call=name, body=body, errcode=errcode))
