"""Gateway, worker, store and courier in virtual time: thousands of histories, each from a seed.

The first history is the run's own seed, the others follow it; a failing one is played again,
first of all, by `sh script/prove --only simulation --seed N`. See docs/decisions/023.
"""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from prove.experiment import Experiment, Finding, Scale
from prove.simulation.history import Tally, play_for, replay

SHORT_S, LONG_S = 10.0, 600.0
PROCESSES = 2
"""In the long form."""


async def run(scale: Scale) -> Finding:
    if scale.long:
        tally = await _beside(scale.seed)
    else:
        tally = await asyncio.to_thread(play_for, scale.seed, 1, SHORT_S)
    counts = tally.counts
    wrong = [_told(seed, found) for seed, found in tally.failures]
    if tally.failures:
        wrong.append(await asyncio.to_thread(lambda: replay(tally.failures[0][0]).story()))
    if not (counts["kills"] and counts["repeated in W"] and counts["unknown outcomes"]):
        wrong.append("nothing was killed, or nothing was unknown: nothing was tried")
    return Finding(
        load=f"{tally.histories} histories, {counts['messages']} messages",
        faults=f"{counts['kills']} kills, {counts['stops']} stops, "
        f"{counts['unknown outcomes']} unknown sends, {counts['relay failures']} relay failures",
        lost=counts["lost"],
        repeated=counts["repeated"],
        misordered=counts["misordered"],
        leaked=counts["leaked"],
        wrong=tuple(wrong),
        figures=_figures(tally),
    )


async def _beside(seed: int) -> Tally:
    loop, tally = asyncio.get_running_loop(), Tally()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        parts = [
            loop.run_in_executor(pool, play_for, seed + number, PROCESSES, LONG_S)
            for number in range(PROCESSES)
        ]
        for part in await asyncio.gather(*parts):
            tally.join(part)
    return tally


def _told(seed: int, found: list[str]) -> str:
    told = "; ".join(found)
    return f"history {seed}: {told}; again with: sh script/prove --only simulation --seed {seed}"


def _figures(tally: Tally) -> str:
    a_minute = tally.histories / tally.seconds * 60
    counts = tally.counts
    told = ("parts", "repeated in W", "refusals", "streams cut", "acknowledgements lost")
    more = ("not taken", "starts failed", "clock jumps", "told busy")
    shown = ", ".join(f"{counts[name]} {name}" for name in (*told, *more))
    return f"{a_minute:.0f} histories a minute on a core; {shown}"


EXPERIMENT = Experiment(
    promises=(1, 2, 3, 4, 5, 7, 11, 12, 13),
    title="simulated histories in virtual time",
    run=run,
)
