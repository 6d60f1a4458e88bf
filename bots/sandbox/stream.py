"""A streamed answer: first a script of what is sent and awaited, then its playing."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from bots.sandbox.failure import error_type
from bots.sandbox.faults import Armed, CutStream, ErrorInStream, HoldLast
from bots.sandbox.line import close
from bots.sandbox.presence import Left, Presence

DONE = b"data: [DONE]\n\n"

_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


class Pause(Struct, frozen=True):
    seconds: float


class Hold(Struct, frozen=True):
    """Wait until the fault is released."""


class Struck(Struct, frozen=True):
    """The fault has done its work here."""


class Break(Struct, frozen=True):
    """Close the connection in the middle of the body."""


Step: TypeAlias = bytes | Pause | Hold | Struck | Break


def event(content: object) -> bytes:
    return b"data: " + msgspec.json.encode(content) + b"\n\n"


def script(
    head: bytes, pieces: Sequence[bytes], tail: bytes, *, pace_s: float, armed: Armed | None
) -> list[Step]:
    """What to send and when: `pace_s` before each piece, bent by the fault."""
    steps: list[Step] = [head]
    for piece in pieces:
        if pace_s:
            steps.append(Pause(pace_s))
        steps.append(piece)
    steps.append(tail)
    if armed is None:
        return _joined(steps)
    late: list[Step] = [Pause(armed.fault.delay_s)] if armed.fault.delay_s else []
    return _joined([*late, *_bent(steps, armed)])


def _bent(steps: list[Step], armed: Armed) -> list[Step]:
    """The steps as a fault leaves them. The pieces stand between head and tail."""
    fault = armed.fault
    places = [at for at, step in enumerate(steps) if isinstance(step, bytes)]
    pieces = places[1:-1]
    match fault:
        case HoldLast():
            at = pieces[-1] if pieces else places[-1]
            return [*steps[:at], Struck(), Hold(), *steps[at:]]
        case CutStream(after=after, clean=clean):
            ending: list[Step] = [Struck()] if clean else [Struck(), Break()]
            return [*steps[: _after(pieces, after)], *ending]
        case ErrorInStream(after=after, message=message):
            error = {"message": message, "type": error_type(500), "param": None, "code": None}
            return [*steps[: _after(pieces, after)], Struck(), event({"error": error})]
        case _:
            return steps


def _after(pieces: list[int], count: int) -> int:
    """Where the steps end that hold the head and `count` pieces."""
    taken = pieces[:count]
    return taken[-1] + 1 if taken else 1


def _joined(steps: list[Step]) -> list[Step]:
    """Neighbouring bytes as one step, so that an unpaced answer is one write."""
    joined: list[Step] = []
    run: list[bytes] = []
    for step in steps:
        if isinstance(step, bytes):
            run.append(step)
            continue
        if run:
            joined.append(b"".join(run))
            run = []
        joined.append(step)
    return [*joined, b"".join(run)] if run else joined


class EventStream:
    """The ASGI app that plays a script. Raises Left when the client goes away."""

    def __init__(self, steps: Sequence[Step], armed: Armed | None) -> None:
        self._steps = steps
        self._armed = armed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        match self._steps:
            case [bytes() as whole]:
                await send({"type": "http.response.body", "body": whole})
            case _:
                async with Presence(receive) as presence:
                    await self._play(scope, presence, send)

    async def _play(self, scope: Scope, presence: Presence, send: Send) -> None:
        for step in self._steps:
            match step:
                case bytes():
                    await send({"type": "http.response.body", "body": step, "more_body": True})
                case Pause(seconds):
                    await presence.sleep(seconds)
                case Struck():
                    self._strike()
                case Hold():
                    await self._hold(presence)
                case Break():
                    close(scope)
                    await presence.end()
                    raise Left
        await send({"type": "http.response.body", "body": b""})

    def _strike(self) -> None:
        if self._armed is not None:
            self._armed.strike()

    async def _hold(self, presence: Presence) -> None:
        if self._armed is not None:
            await presence.wait(self._armed.gate.passed())
