"""Every parser under inputs made by chance, by craft and, in the long form, by coverage; and
the relays' client under answers without end, over real sockets."""

import asyncio
import random
import resource
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from prove.experiment import Experiment, Finding, Scale
from prove.fuzz import bombs
from prove.fuzz.flooded import floods
from prove.fuzz.measure import EXTRA_BYTES, SQUARE, Cost, cost, extra_bytes, kept, least_ms
from prove.fuzz.mutate import inputs
from prove.fuzz.table import TARGETS
from prove.fuzz.target import ROOT, Target

CHANCE_S = (0.1, 6.0)
GUIDED_S = 10
BOMB_BYTES = (2**11, 2**16)
WIDE_BYTES = (2**16, 2**19)
TOLD = 10
EXTRA_MB = EXTRA_BYTES >> 20


class Worst(Struct):
    """So far, of all targets."""

    inputs: int = 0
    cost: Cost = Cost(ms=0.0, size=1)
    slowest: str = ""
    extra: int = 0
    widest: str = ""
    wrong: list[str] = []

    def note(self, target: Target, data: bytes, told: Cost, what: str) -> None:
        self.inputs += 1
        if told.ms_a_kb > self.cost.ms_a_kb:
            self.cost, self.slowest = told, f"{target.name} ({what})"
        if told.wrong:
            self.blame(target, data, f"{what}: {told.wrong}")
        elif told.slow:
            self.blame(target, data, f"{what}: {told.ms_a_kb:.0f} ms a KB of {told.size} bytes")

    def blame(self, target: Target, data: bytes, why: str) -> None:
        name = f"{target.name}, {why.partition(':')[0]}"
        if len(self.wrong) < TOLD and not any(one.startswith(name) for one in self.wrong):
            self.wrong.append(f"{target.name}, {why}; again with: {kept(target, data)}")


async def run(scale: Scale) -> Finding:
    worst = await asyncio.to_thread(tried, scale)
    ways = "mutations of recorded inputs, crafted bombs"
    if scale.long:
        ways += await guided(scale, worst)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    poured, drowned = await floods(every_call=scale.long)
    return Finding(
        load=f"{worst.inputs} inputs to {len(TARGETS)} parsers, {poured} relays without end",
        faults=ways,
        wrong=(*worst.wrong, *drowned),
        figures=(
            f"slowest {worst.cost.ms_a_kb:.1f} ms a KB: {worst.slowest}; "
            f"most held beside {WIDE_BYTES[scale.long] >> 10} KB of input "
            f"{worst.extra / 2**20:.1f} MB: {worst.widest}; "
            f"the whole process {held} MB"
        ),
    )


def tried(scale: Scale) -> Worst:
    """In a thread of its own, where no loop runs."""
    worst = Worst()
    for target in TARGETS.values():
        by_chance(target, scale, worst)
        by_craft(target, scale, worst)
    return worst


def by_chance(target: Target, scale: Scale, worst: Worst) -> None:
    chance = random.Random(f"{scale.seed} {target.name}")
    ends = time.process_time() + CHANCE_S[scale.long]
    for data in inputs(target, chance):
        if time.process_time() > ends:
            return
        worst.note(target, data, cost(target, data), "by chance")


def crafted(target: Target, size: int) -> Iterator[tuple[str, bytes, bytes]]:
    """Each bomb of the target's form, of `size` bytes and of twice as many."""
    for what, made in bombs.BOMBS[target.form].items():
        most = target.most_bytes // 2
        yield what, made(min(size, most))[:most], made(2 * min(size, most))[: 2 * most]


def by_craft(target: Target, scale: Scale, worst: Worst) -> None:
    for what, half, whole in crafted(target, BOMB_BYTES[scale.long]):
        before, after = cost(target, half), cost(target, whole)
        worst.note(target, half, before, what)
        worst.note(target, whole, after, what)
        if after.ms > 100 and before.ms > 5 and after.ms / before.ms > SQUARE:
            times = least_ms(target, whole) / least_ms(target, half)
            if times > SQUARE:
                worst.blame(target, whole, f"{what}: twice as much takes {times:.1f} x")
    wide = (
        one
        for one in crafted(target, WIDE_BYTES[scale.long] // 2)
        if not target.name.startswith("render")
    )
    for what, _, whole in wide:
        held = extra_bytes(target, whole)
        if held > worst.extra:
            worst.extra, worst.widest = held, f"{target.name} ({what})"
        if held > EXTRA_BYTES:
            worst.blame(target, whole, f"{what}: {held >> 20} MB held, {EXTRA_MB} may be")


async def guided(scale: Scale, worst: Worst) -> str:
    """Each target by atheris in a process of its own, two side by side."""
    if not find_spec("atheris"):
        return "; atheris has no build for this machine, so none by coverage"
    free = asyncio.Semaphore(2)

    async def one(target: Target) -> None:
        async with free:
            await by_coverage(target, scale, worst)

    await asyncio.gather(*map(one, TARGETS.values()))
    return f", {GUIDED_S} s of atheris each"


async def by_coverage(target: Target, scale: Scale, worst: Worst) -> None:
    folder = scale.folder / target.name
    folder.mkdir()
    options = ("--guided", str(GUIDED_S), "--folder", str(folder), "--seed", str(scale.seed))
    pipe, together = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "prove.fuzz", target.name, *options),
        cwd=ROOT,
        stdout=pipe,
        stderr=together,
    )
    try:
        told, _ = await asyncio.wait_for(process.communicate(), GUIDED_S + 60)
    except TimeoutError:
        process.kill()
        await process.wait()
        told = b"it did not end"
    worst.inputs += executed(told)
    found = [path for path in folder.iterdir() if path.is_file()]
    for path in found:
        worst.blame(target, path.read_bytes(), f"by atheris: {kind(path)}")
    if process.returncode and not found:
        worst.blame(
            target, b"", f"by atheris: it broke off: {told[-300:].decode(errors='replace')}"
        )


def kind(path: Path) -> str:
    return path.name.partition("-")[0]


def executed(told: bytes) -> int:
    """By libFuzzer's own count."""
    counts = [line.split()[-1] for line in told.splitlines() if b"number_of_executed_units" in line]
    return int(counts[0]) if counts else 0


EXPERIMENT = Experiment(
    promises=(20,), title="every parser, by chance, craft and coverage", run=run
)
