"""What an implementation of OneBot sends over its socket, from the frame to the message."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from starlette.websockets import WebSocket

from adapters.onebot11.account import Account
from adapters.onebot11.accounts import Accounts
from adapters.onebot11.cq import read_cq
from adapters.onebot11.endpoint import Endpoint
from adapters.onebot11.format import mark_of
from adapters.onebot11.forward import nodes_in
from adapters.onebot11.intake import Around, Intake, owned
from adapters.onebot11.parse import Heard, Listener, with_forward, with_quoted
from bots.clock import SystemClock
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


def _told(data: bytes) -> None:
    """An answer of get_msg, get_forward_msg or a history, of which nothing may be believed."""
    try:
        answer = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return
    heard = _asking()
    whole = with_forward(with_quoted(heard, answer), nodes_in(answer), 4000)
    keep(whole.message)
    mark_of(answer.get("message") if isinstance(answer, dict) else answer)


@cache
def _asking() -> Heard:
    event = msgspec.json.decode(recorded("onebot11/payloads/napcat/group_reply.json")[0])
    heard = _intake().read(event)
    if heard is None:
        raise TypeError("expected a reply among the recorded events")
    return heard


def _codes(data: bytes) -> None:
    read_cq(data.decode(errors="replace"))


def _seeds() -> Sequence[bytes]:
    return recorded("onebot11/payloads/*/*.json")


def _strings() -> Sequence[bytes]:
    said = (msgspec.json.decode(seed).get("message") for seed in _seeds())
    return [one.encode() for one in said if isinstance(one, str)]


TARGETS = (
    Target(name="onebot-frame", run=_frame, seeds=_seeds),
    Target(name="onebot-answer", run=_told, seeds=_seeds, raises=(RecursionError,)),
    Target(name="onebot-cq-codes", run=_codes, seeds=_strings, form="text"),
)
