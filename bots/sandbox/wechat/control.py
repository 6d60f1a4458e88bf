"""The sandbox's own calls under /sandbox/: what happened, what shall go wrong, what people do."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.town.town import Unspoken
from bots.sandbox.wechat.acts import AnyAct
from bots.sandbox.wechat.faults import AnyFault
from bots.sandbox.wechat.wechat import WeChat


class Control:
    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat
        self._faults: msgspec.json.Decoder[AnyFault] = msgspec.json.Decoder(AnyFault)
        self._acts: msgspec.json.Decoder[AnyAct] = msgspec.json.Decoder(AnyAct)

    async def read_journal(self, request: Request) -> Response:
        del request
        journal = self._wechat.journal
        pushes = [push.summary() for push in journal.pushes()]
        return json_response({"pushes": pushes, "calls": journal.calls()})

    async def clear_journal(self, request: Request) -> Response:
        del request
        self._wechat.journal.clear()
        return Response(status_code=204)

    async def read_faults(self, request: Request) -> Response:
        del request
        return json_response({"faults": self._wechat.faults.all()})

    async def add_fault(self, request: Request) -> Response:
        """A fault as `bots.sandbox.wechat.faults` has them, by its `kind`. Raises Refusal."""
        fault = await _decoded(request, self._faults)
        self._wechat.faults.add(fault)
        return json_response(fault, 201)

    async def clear_faults(self, request: Request) -> Response:
        del request
        self._wechat.faults.clear()
        return Response(status_code=204)

    async def act(self, request: Request) -> Response:
        """What somebody does, as `bots.sandbox.wechat.acts` has it, by `act`. Raises Refusal."""
        act = await _decoded(request, self._acts)
        try:
            line = await self._wechat.act(act)
        except Unspoken as error:
            raise Refusal(409, str(error)) from error
        return json_response(line, 201)

    async def expire_tokens(self, request: Request) -> Response:
        """Raises Refusal."""
        _check_json(request)
        self._wechat.tokens.expire()
        return Response(status_code=204)

    async def check(self, request: Request) -> Response:
        """The URL check. Raises Refusal."""
        _check_json(request)
        trouble = await self._wechat.check()
        return json_response({"passed": not trouble, "trouble": trouble})


async def _decoded(request: Request, decoder: msgspec.json.Decoder[Any]) -> Any:
    _check_json(request)
    return decode(await request.body(), decoder)


def _check_json(request: Request) -> None:
    """A web page elsewhere can post forms and plain text here, but not this type."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refusal(415, "Expected a body of type application/json.")
