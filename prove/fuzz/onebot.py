"""What an implementation of OneBot sends over its socket, from the frame to the message."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
from starlette.websockets import WebSocket

from adapters.onebot11.account import Account
from adapters.onebot11.accounts import Accounts
from adapters.onebot11.cq import read_cq
from adapters.onebot11.endpoint import Endpoint
from adapters.onebot11.intake import Around, Intake, owned
from adapters.onebot11.lookup import Lookup
from adapters.onebot11.parse import Heard, Listener
from bots.clock import SystemClock
from core.errors import MediaError
from core.model import Media
from core.secret import Secret
from prove.fuzz.kept import keep
from prove.fuzz.loop import run
from prove.fuzz.target import Target, recorded

ACCOUNT = "10001"
TOKEN = "a token"


@cache
def _intake() -> Intake:
    listener = Listener(platform="qq", bot="q", names={}, forward_chars=4000, temp_sessions=True)
    nothing: Any = None
    around = Around(
        emit=nothing,
        clock=SystemClock(),
        new_id=lambda: "0" * 26,
        listener=listener,
        lookup=nothing,
        requests=nothing,
        seen=nothing,
        tell=nothing,
    )
    return Intake(around, OrderedDict(), nothing)


def _take(account: Account, payload: Mapping[str, Any]) -> None:
    heard = _intake().read(owned(account, payload))
    if heard is not None:
        keep(heard.message)


def _frame(data: bytes) -> None:
    """A frame on a socket, which has to live on: the heartbeat behind it must be read."""
    beat = b'{"post_type":"meta_event","meta_event_type":"heartbeat","interval":5000}'
    told = [data, beat]
    accounts = Accounts([], SystemClock(), 60.0)
    ready = asyncio.Event()
    ready.set()
    endpoint = Endpoint(
        token=Secret(TOKEN), accounts=accounts, ready=ready, take=_take, joined=lambda _: None
    )
    run(endpoint.serve(_socket(told)))
    assert not told  # noqa: S101 - the socket was read to its end


def _socket(frames: list[bytes]) -> WebSocket:
    async def receive() -> Any:
        if frames:
            return {"type": "websocket.receive", "bytes": frames.pop(0)}
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(_: Any) -> None:
        return

    headers = {"authorization": f"Bearer {TOKEN}", "x-self-id": ACCOUNT}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": raw}
    socket = WebSocket(scope, receive, send)
    socket.client_state = socket.client_state.CONNECTED
    return socket


class _NoFiles:
    async def fetch(self, media: Media) -> bytes:
        raise MediaError(f"expected no {media.kind} to be fetched")


class _Answering:
    """An account that answers each call with the same, whatever it is."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def call(self, action: str, params: object, timeout_s: float) -> object:
        del action, params, timeout_s
        return self._answer


def _told(data: bytes) -> None:
    """An answer of get_msg, get_forward_msg or a history, of which nothing may be believed."""
    try:
        answer = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return
    nothing: Any = None
    account: Any = _Answering(answer)
    files: Any = _NoFiles()
    lookup = Lookup(files=files, media=nothing, forward_chars=4000, hears_all=True)
    asking = replace(_asking(), forward="a forward", quoted="12")
    keep(run(lookup.complete(account, asking)).message)


@cache
def _asking() -> Heard:
    recording = recorded("onebot11/payloads/napcat/group_reply.json")[0]
    heard = _intake().read(msgspec.json.decode(recording)["event"])
    if heard is None:
        raise TypeError("expected a reply among the recorded events")
    return heard


def _codes(data: bytes) -> None:
    read_cq(data.decode(errors="replace"))


def _seeds() -> Sequence[bytes]:
    recordings = recorded("onebot11/payloads/*/*.json")
    return [msgspec.json.encode(msgspec.json.decode(one)["event"]) for one in recordings]


def _answers() -> Sequence[bytes]:
    """Events have what messages of a history have; forwards are answered as lists of them."""
    return [*_seeds(), b'{"messages":[' + b",".join(_seeds()[:6]) + b"]}"]


def _strings() -> Sequence[bytes]:
    said = (msgspec.json.decode(seed).get("message") for seed in _seeds())
    return [one.encode() for one in said if isinstance(one, str)]


TARGETS = (
    Target(name="onebot-frame", run=_frame, seeds=_seeds),
    Target(name="onebot-answer", run=_told, seeds=_answers),
    Target(name="onebot-cq-codes", run=_codes, seeds=_strings, form="text"),
)
