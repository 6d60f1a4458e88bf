"""Half-open, one-way, slow and cut connections, a storm of reconnects, and half requests.

Between the bot and each platform stand lines that go bad, while everybody talks. A call that
such a line swallowed has an unknown outcome: what was sent again for it is flagged. What a
relay's line may do is for the outages.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.wechat.wechat import WeChat
from prove.experiment import Experiment, Finding, Scale
from prove.wire import BOTH, Way, Wire, wire
from prove.world.checker import judge
from prove.world.people import Seat, greet, seats, talk, until_all_answered
from prove.world.world import World, world

Fault: TypeAlias = Literal["silent", "up", "down", "slow", "cut", "cut within", "storm"]
FAULTS: tuple[Fault, ...] = ("silent", "storm", "cut within", "down", "slow", "up", "cut")
LASTS_S = {False: 0.6, True: 3.0}
HEARD_S = 15.0
"""Mark: a message that is said after a fault is answered within so long."""
HALVES = 400
HUNG_UP_S = 15.0
"""Mark: a half request is hung up on by then."""
REACHED_S = 2.0
POLL_S = 80.0
"""Mark: Telegram's silence is noticed by then: a poll of 50 s, 20 s more, and a pause."""
FILES = 20
SAMPLE_S = 0.2
END_S = 60.0


@dataclass(slots=True, kw_only=True)
class Run:
    """`unsure` are moments at which a call may have been swallowed."""

    around: World
    wires: Sequence[Wire]
    unsure: list[datetime] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    heard_s: float = 0.0

    async def fault(self, fault: Fault, lasts_s: float) -> None:
        ways: dict[str, frozenset[Way]] = {
            "silent": BOTH,
            "up": frozenset(("up",)),
            "down": frozenset(("down",)),
        }
        if fault == "storm":
            await self.storm()
        for line in self.wires:
            line.silent = ways.get(fault, frozenset())
            line.delay_s = 0.05 if fault == "slow" else 0.0
            if fault == "cut":
                line.cut()
            if fault == "cut within":
                line.cut_within()
        await self.pass_by(lasts_s)
        for line in self.wires:
            line.delay_s = 0.0
            line.speak()

    async def pass_by(self, lasts_s: float) -> None:
        until = time.monotonic() + lasts_s
        while time.monotonic() < until:
            self.unsure.append(datetime.now(UTC))
            await asyncio.sleep(SAMPLE_S)

    async def storm(self) -> None:
        """Fifty new sockets of one account in a second, whose old ones close after that."""
        for stand in self.around.stands.values():
            if isinstance(stand.platform, OneBot):
                for _ in range(50):
                    await stand.platform.telling.renew()
                    await asyncio.sleep(0.01)
                await stand.platform.telling.close_old()

    async def heard_again(self, probes: Sequence[Seat], fault: str, within_s: float) -> None:
        since = time.monotonic()
        said = [(seat, await seat.say()) for seat in probes]
        for seat, number in said:
            try:
                await seat.answered(number, within_s)
            except TimeoutError:
                if await seat.stand.taken(seat.said[number]):
                    self.wrong.append(f"after {fault!r}, {seat.key} was not heard in {within_s} s")
        self.heard_s = max(self.heard_s, time.monotonic() - since)


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    async with AsyncExitStack() as stack:
        around = await stack.enter_async_context(world(scale.folder, people=4, log="error"))
        run = Run(around=around, wires=[line async for line in _lines(around, stack)])
        await around.start()
        sat = seats(around)
        await greet(sat)
        files = open_files(around)
        probes = [next(s for s in sat if s.stand is stand) for stand in around.stands.values()]
        stop = asyncio.Event()
        talking = asyncio.create_task(talk([s for s in sat if s not in probes], chance, stop))
        halves = asyncio.create_task(half_requests(run))
        rounds = scale.pick(1, 5)
        for _ in range(rounds):
            for fault in FAULTS:
                await run.fault(fault, LASTS_S[scale.long])
                await run.heard_again(probes, fault, HEARD_S)
        if scale.long:
            await forgotten(run, probes)
        hung_up_s = await halves
        stop.set()
        await talking
        await until_all_answered(sat, END_S)
        judged = await judge(around, sat, run.unsure)
        grown = open_files(around) - files
        if grown > FILES:
            run.wrong.append(f"{grown} more files are open than before")
    return judged.finding(
        load=f"{len(sat)} conversations on {len(around.stands)} platforms",
        faults=f"{rounds * len(FAULTS)} of {len(FAULTS)} kinds, {HALVES} half requests",
        wrong=run.wrong,
        figures=f"heard again within {run.heard_s:.1f} s, half requests hung up on after "
        f"{hung_up_s:.1f} s, {grown:+d} open files",
    )


async def _lines(around: World, stack: AsyncExitStack) -> AsyncIterator[Wire]:
    """Into the bot from QQ and WeChat, and out of it to Telegram and WeChat."""
    text = around.config.read_text()
    for base in sorted(set(re.findall(r'api_base = "http://127\.0\.0\.1:(\d+)"', text))):
        line = await stack.enter_async_context(wire(int(base)))
        text = text.replace(f'api_base = "http://127.0.0.1:{base}"', _api(line))
        yield line
    around.config.write_text(text)
    for stand in around.stands.values():
        match stand.platform:
            case OneBot() as account:
                line = await stack.enter_async_context(wire(around.public))
                dialer = account.telling
                dialer.url = dialer.url.replace(f":{around.public}/", f":{line.port}/")
                yield line
            case WeChat(postman=postman):
                line = await stack.enter_async_context(wire(around.public))
                postman.url = postman.url.replace(f":{around.public}/", f":{line.port}/")
                yield line


def _api(line: Wire) -> str:
    return f'api_base = "http://127.0.0.1:{line.port}"'


async def forgotten(run: Run, probes: Sequence[Seat]) -> None:
    """All links die without a word, and nobody is told: the bot must notice by itself."""
    for line in run.wires:
        line.silent = BOTH
    await run.pass_by(3.0)
    for line in run.wires:
        line.silent = frozenset()
    waiting = asyncio.create_task(run.pass_by(POLL_S))
    await run.heard_again([s for s in probes if s.stand.name == "telegram"], "forgotten", POLL_S)
    await waiting
    if not any(line.dead_closed for line in run.wires):
        run.wrong.append("the bot hung up none of the links that were dead")
    for line in run.wires:
        line.speak()
    await run.heard_again(probes, "forgotten", HEARD_S)


async def half_requests(run: Run) -> float:
    """Seconds until all are hung up on. Meanwhile the listener is reached."""
    beginnings = (b"", b"POST /wec", b"POST /wechat/wechat HTTP/1.1\r\nHost: a\r\nX-A: ")
    ends = [await asyncio.open_connection("127.0.0.1", run.around.public) for _ in range(HALVES)]
    since = time.monotonic()
    for number, (_, writer) in enumerate(ends):
        writer.write(beginnings[number % len(beginnings)])
    if not await reached(run.around.public):
        run.wrong.append(f"the listener was not reached in {REACHED_S} s beside half requests")
    try:
        async with asyncio.timeout(HUNG_UP_S):
            await asyncio.gather(*(_end(reader) for reader, _ in ends))
    except TimeoutError:
        run.wrong.append(f"half requests were still open after {HUNG_UP_S:.0f} s")
    for _, writer in ends:
        writer.close()
    return time.monotonic() - since


async def _end(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionResetError):
        await reader.read()


async def reached(port: int) -> bool:
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(REACHED_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /wechat/wechat HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            told = await reader.readline()
            writer.close()
            return b" 403 " in told
    return False


def open_files(around: World) -> int:
    return sum(1 for _ in Path(f"/proc/{around.bot.pid}/fd").iterdir())


EXPERIMENT = Experiment(
    promises=(1, 2, 4), title="half-open sockets and storms of reconnects", run=run
)
