"""The named steps of a message's way, at each of which the process can be killed.

They are put around the product's methods before it starts, and only where an experiment
asks: a bot that runs normally has none, and pays nothing.
"""

import asyncio
import functools
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any, TypeAlias

from adapters.onebot11.adapter import OneBotAdapter
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.api import Api
from adapters.wechat.adapter import WeChatAdapter
from adapters.wechat.door import Door
from core.gateway import Gateway
from core.model import Message, PartState
from core.ports.adapter import Receipt
from core.ports.sending import Sent
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.worker import Worker
from prove.world import poison
from storage.operation import Accept
from storage.sqlite.writer import Writer, Writes
from storage.store import SqlStore

MID_STREAM_CHUNKS = 3
CHECKPOINT_LASTS_S = 0.003
ON_ITS_WAY_S = 0.005
ADAPTERS = (OneBotAdapter, TelegramAdapter, WeChatAdapter)

Reached: TypeAlias = Callable[[], None]
When: TypeAlias = Callable[..., bool]
"""Whether a call with these arguments and this result is the step: (result, *arguments)."""


def _always(*_: object) -> bool:
    return True


def _before(owner: type, name: str, reached: Reached, when: When = _always) -> None:
    method = getattr(owner, name)

    @functools.wraps(method)
    async def wrapped(*given: Any, **named: Any) -> Any:
        if when(None, *given):
            reached()
        return await method(*given, **named)

    setattr(owner, name, wrapped)


def _after(owner: type, name: str, reached: Reached, when: When = _always) -> None:
    method = getattr(owner, name)

    @functools.wraps(method)
    async def wrapped(*given: Any, **named: Any) -> Any:
        result = await method(*given, **named)
        if when(result, *given):
            reached()
        return result

    setattr(owner, name, wrapped)


def _inserted(reached: Reached) -> None:
    """The row is written, its transaction not committed."""
    apply = Writes.apply

    def applied(self: Writes, operation: Any) -> object:
        outcome = apply(self, operation)
        if isinstance(operation, Accept) and outcome is True:
            reached()
        return outcome

    Writes.apply = applied  # type: ignore[method-assign]


def _acknowledged(reached: Reached) -> None:
    """QQ has no acknowledgement: there it is the commit. WeChat's is the answer that was sent,
    Telegram's the next request with a higher offset, once it is on its way."""
    _after(
        Gateway,
        "accept",
        reached,
        lambda got, _, message: got is Receipt.STORED and _is_qq(message),
    )
    _after(Door, "__call__", reached)
    call = Api.call

    async def called(self: Api, method: str, asked: Any, *rest: Any) -> Any:
        if method == "getUpdates" and asked["offset"]:
            asyncio.get_running_loop().call_later(ON_ITS_WAY_S, reached)
        return await call(self, method, asked, *rest)

    Api.call = called  # type: ignore[method-assign]


def _is_qq(message: Message) -> bool:
    return message.address.platform == "onebot11"


def _mid_stream(reached: Reached) -> None:
    stream = RelayRoutes.stream

    async def streamed(*given: Any, **named: Any) -> AsyncIterator[Any]:
        seen = 0
        async for chunk in stream(*given, **named):
            seen += 1
            if seen == MID_STREAM_CHUNKS:
                reached()
            yield chunk

    RelayRoutes.stream = streamed  # type: ignore[assignment, method-assign]


def _checkpoint(reached: Reached) -> None:
    """Each commit checkpoints, and the kill falls somewhere into it."""
    transaction, chance = Writer._transaction, Random()

    def transacted(self: Writer, *given: Any, **named: Any) -> Any:
        self._connection.execute("PRAGMA wal_autocheckpoint = 1")
        wait_s = chance.uniform(0, CHECKPOINT_LASTS_S)
        threading.Thread(target=lambda: (time.sleep(wait_s), reached()), daemon=True).start()
        return transaction(self, *given, **named)

    Writer._transaction = transacted  # type: ignore[method-assign]


def _marks(state: PartState) -> When:
    return lambda _result, _store, _reply, _index, noted, *_rest: noted is state


def _stored(result: object, *_: object) -> bool:
    return result is True


def _accepted_by_platform(reached: Reached) -> None:
    for adapter in ADAPTERS:
        _after(adapter, "send", reached, lambda result, *_: isinstance(result, Sent))


STEPS: dict[str, Callable[[Reached], None]] = {
    "parsed": lambda reached: _before(Gateway, "accept", reached),
    "inserted": _inserted,
    "committed": lambda reached: _after(SqlStore, "accept", reached, _stored),
    "acknowledged": _acknowledged,
    "claimed": lambda reached: _after(SqlStore, "claim", reached),
    "relay-sent": lambda reached: _after(Transport, "handle_async_request", reached),
    "mid-stream": _mid_stream,
    "generation-committed": lambda reached: _after(SqlStore, "commit", reached),
    "part-trying": lambda reached: _after(SqlStore, "mark", reached, _marks(PartState.TRYING)),
    "platform-accepted": _accepted_by_platform,
    "part-sent": lambda reached: _after(SqlStore, "mark", reached, _marks(PartState.SENT)),
    "done": lambda reached: _after(Worker, "work", reached),
    "checkpoint": _checkpoint,
}
"""By the names of PROMISES. Each puts its hook in place."""


def arm(failpoint: str) -> None:
    """ "NAME:N": this process is killed, as by kill -9, when it is at NAME the Nth time.

    "poison": it is harmed by the messages of `prove.world.poison`.
    """
    if failpoint == "poison":
        poison.arm()
        return
    name, _, nth = failpoint.partition(":")
    left = [int(nth or 1)]

    def reached() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.write(2, f"failpoint {name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    STEPS[name](reached)
