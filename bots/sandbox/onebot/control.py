"""The control pages under /sandbox/, and the files that messages point to."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.onebot.act import AnyAct
from bots.sandbox.onebot.faults import AnyFault
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.town.town import Unspoken

EXPIRED = b'{"retcode":-5503007,"retmsg":"download url has expired","retryflag":0}'
"""Tencent's words for an old rkey (K)."""


class Control:
    def __init__(self, onebot: OneBot) -> None:
        self._onebot = onebot
        self._faults: msgspec.json.Decoder[AnyFault] = msgspec.json.Decoder(AnyFault)
        self._acts: msgspec.json.Decoder[AnyAct] = msgspec.json.Decoder(AnyAct)

    async def account(self, request: Request) -> Response:
        del request
        onebot, standing = self._onebot, self._onebot.standing
        return json_response(
            {
                "self_id": onebot.self_id,
                "flavour": onebot.flavour.name,
                "connected": onebot.calls.connected and onebot.telling.connected,
                "online": standing.online,
                "beats": standing.beats,
                "muted": sorted(standing.muted),
                "strangers": sorted(standing.strangers),
                "outside": sorted(standing.outside),
            }
        )

    async def read_journal(self, request: Request) -> Response:
        """`?what=from_bot` for one kind of frame."""
        wanted = request.query_params.get("what")
        frames = [frame for frame in self._onebot.frames.all() if wanted in (None, frame.what)]
        return json_response({"frames": [frame.shown() for frame in frames]})

    async def clear_journal(self, request: Request) -> Response:
        del request
        self._onebot.frames.clear()
        return Response(status_code=204)

    async def read_faults(self, request: Request) -> Response:
        del request
        return json_response({"faults": [armed.shown() for armed in self._onebot.faults.all()]})

    async def add_fault(self, request: Request) -> Response:
        """A fault as `faults` has them, by its `kind`. Raises Refusal."""
        fault = decode(await _json(request), self._faults)
        return json_response(self._onebot.faults.add(fault).shown(), 201)

    async def clear_faults(self, request: Request) -> Response:
        del request
        self._onebot.faults.clear()
        return Response(status_code=204)

    async def release_fault(self, request: Request) -> Response:
        armed = self._onebot.faults.find(request.path_params["number"])
        if armed is None:
            raise Refusal(404, f"There is no fault {request.path_params['number']}.")
        armed.gate.open()
        return json_response(armed.shown())

    async def act(self, request: Request) -> Response:
        """Something happens, as `act` has it, by its `do`. Raises Refusal."""
        wanted = decode(await _json(request), self._acts)
        try:
            await wanted.perform(self._onebot)
        except Unspoken as unspoken:
            raise Refusal(400, f"{unspoken}.") from unspoken
        return Response(status_code=204)

    async def download(self, request: Request) -> Response:
        """A picture, voice or file, as from Tencent's servers."""
        wanted = request.query_params
        if not self._onebot.files.fresh(wanted.get("rkey", "")):
            return Response(EXPIRED, 400, media_type="application/json")
        media = self._onebot.files.find(f"/{wanted.get('fileid', '')}")
        content = self._onebot.files.content(media) if media else None
        if media is None or content is None:
            return Response(EXPIRED, 404, media_type="application/json")
        return Response(content, media_type=media.mime)


async def _json(request: Request) -> bytes:
    # A web page elsewhere can post forms and plain text here, but not this type.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refusal(415, "Expected a body of type application/json.")
    return await request.body()
