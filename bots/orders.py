"""How a command has something done by the process that works with a data folder.

An order is a file that the process picks up within a second, or at its next start if none
runs. It survives any stop and may be carried out twice, so what it asks for must be
harmless the second time. The database is never written by two processes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from bots.clock import new_id
from bots.instance import InUse, sole_use
from core.errors import ConfigError, ParleyError
from storage.durable import write_whole

log = logging.getLogger(__name__)

FOLDER = "orders"
ORDER, ANSWER = ".order", ".answer"

LOOK_EVERY_S = 0.25
LISTEN_EVERY_S = 0.05
TURNS_ALONE = 10
"""Each so many times of listening, it is looked whether there is nobody who would answer."""

ANSWER_KEPT_S = 60.0
"""Longer than anybody waits for one, also over the end of the process that gave it."""

Payload = Mapping[str, Any]
"""Plain values ready for JSON."""

Do = Callable[[Payload], Awaitable[Payload]]
"""Carries one kind of order out, also a second time. Raises ParleyError."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    payload: dict[str, Any]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an order: `wrong` is why nothing did."""

    payload: dict[str, Any] = {}
    wrong: str = ""


class OrderRefused(ParleyError):
    """The process that was asked says why it did not do it."""


class OrderWaits(ParleyError):
    """It was left, and not picked up yet."""


async def give(
    data: Path,
    name: str,
    payload: Payload,
    alone: Callable[[], Awaitable[Payload]],
    *,
    within_s: float = 10.0,
) -> Payload:
    """Have it done by the process that works with `data`; with none, `alone` does it here.

    `alone` runs with the data folder to itself, also where that process ends meanwhile. Raises
    ConfigError, OrderRefused, and OrderWaits where the process did not answer in time: then it
    is done later.
    """
    try:
        with sole_use(data):
            return await alone()
    except InUse:
        ticket = await asyncio.to_thread(leave, data, name, payload)
    answer = await _answer(data, ticket, alone, within_s)
    if answer is None:
        raise OrderWaits(
            f"expected the running Parley to do this within {within_s:.0f} s, it did not yet; the "
            "order waits for it, until its next start at the latest. Look at its log"
        )
    if answer.wrong:
        raise OrderRefused(answer.wrong)
    return answer.payload


def leave(data: Path, name: str, payload: Payload) -> Path:
    """Leave an order, durably; the answer is where its answer will stand. Raises ConfigError."""
    order = data / FOLDER / f"{new_id()}{ORDER}"
    try:
        order.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(order, msgspec.json.encode(Order(name=name, payload=dict(payload))))
    except OSError as error:
        raise ConfigError(
            f"expected to write {order}, got: {error.strerror}; run this as the user that runs "
            "the bot, and look at the room on its disk"
        ) from error
    return order.with_suffix(ANSWER)


class Orders:
    """The process's side. `does` names what can be ordered."""

    def __init__(
        self,
        data: Path,
        does: Mapping[str, Do],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = data / FOLDER
        self._does = does
        self._sleep = sleep
        self._done: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_looking(), name="orders")

    def stop(self) -> None:
        """An order that is being carried out is carried out again at the next start."""
        if self._task:
            self._task.cancel()

    async def look(self) -> int:
        """Carry out what was left, oldest first; how many orders it was."""
        left = await asyncio.to_thread(_orders, self._folder)
        self._done &= {path.name for path in left}
        orders = [path for path in left if path.name not in self._done]
        for path in orders:
            await self._carry_out(path)
        return len(orders)

    async def _keep_looking(self) -> None:
        await asyncio.to_thread(_clear_answers, self._folder)
        while True:
            try:
                await self.look()
            except OSError as error:
                log.warning("orders in %s cannot be read: %s", self._folder, error.strerror)
            await self._sleep(LOOK_EVERY_S)

    async def _carry_out(self, path: Path) -> None:
        answer = await self._do(path)
        self._done.add(path.name)  # also where the disk lets it stand
        await asyncio.to_thread(_settle, path, msgspec.json.encode(answer))

    async def _do(self, path: Path) -> Answer:
        try:
            order = msgspec.json.decode(await asyncio.to_thread(path.read_bytes), type=Order)
        except (OSError, msgspec.MsgspecError) as error:
            return Answer(wrong=f"expected an order in {path}, got {error}")
        do = self._does.get(order.name)
        if do is None:
            known = ", ".join(sorted(self._does))
            return Answer(wrong=f"expected an order among {known}, got {order.name}")
        try:
            answer = await do(order.payload)
        except ParleyError as error:
            return Answer(wrong=str(error))
        except Exception as error:
            log.exception("the order %s failed", order.name)
            return Answer(wrong=f"{type(error).__name__}: see the log of the running Parley")
        log.info("order carried out", extra={"fields": {"order": order.name}})
        return Answer(payload=dict(answer))


async def _answer(
    data: Path, ticket: Path, alone: Callable[[], Awaitable[Payload]], within_s: float
) -> Answer | None:
    for turn in range(1, round(within_s / LISTEN_EVERY_S) + 1):
        answer = await asyncio.to_thread(_take, ticket)
        if answer is None and turn % TURNS_ALONE == 0:
            answer = await _instead(data, ticket, alone)
        if answer is not None:
            return answer
        await asyncio.sleep(LISTEN_EVERY_S)
    return None


async def _instead(
    data: Path, ticket: Path, alone: Callable[[], Awaitable[Payload]]
) -> Answer | None:
    """What was left, done here where no process works with the folder any more: it was another
    command, or it has ended."""
    order = ticket.with_suffix(ORDER)
    try:
        with sole_use(data):
            if not order.exists():
                return None
            payload = await alone()
            order.unlink(missing_ok=True)
            return Answer(payload=dict(payload))
    except InUse:
        return None


def _take(ticket: Path) -> Answer | None:
    if not ticket.exists():
        return None
    answer = msgspec.json.decode(ticket.read_bytes(), type=Answer)
    ticket.unlink(missing_ok=True)
    return answer


def _orders(folder: Path) -> list[Path]:
    """Their names begin with the time."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == ORDER)


def _clear_answers(folder: Path) -> None:
    """Those that nobody waits for any more."""
    with suppress(OSError):
        for path in folder.glob(f"*{ANSWER}"):
            if time.time() - path.stat().st_mtime > ANSWER_KEPT_S:
                path.unlink(missing_ok=True)


def _settle(order: Path, answer: bytes) -> None:
    try:
        write_whole(order.with_suffix(ANSWER), answer)
        order.unlink(missing_ok=True)
    except OSError as error:
        log.warning("order %s was carried out and cannot be put away: %s", order, error.strerror)
