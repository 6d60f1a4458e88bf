"""One seed's history, played and judged; and many of them."""

import gc
import logging
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prove.simulation.checker import Judgement, judge
from prove.simulation.journal import Journal
from prove.simulation.loop import Endless
from prove.simulation.plan import Plan, plan
from prove.simulation.world import Stage, World

COLLECT_EVERY = 50
KEPT = 5
"""Of how many failures the seeds are told."""

COUNTED = {
    "acked": "messages",
    "shown": "parts",
    "asked": "relay calls",
    "killed": "kills",
    "ended": "stops",
    "unknown": "unknown outcomes",
    "refused": "refusals",
    "relay fails": "relay failures",
    "cut short": "streams cut",
    "ack lost": "acknowledgements lost",
    "not taken": "not taken",
    "start failed": "starts failed",
    "clock jumps": "clock jumps",
    "told busy": "told busy",
}


@dataclass(frozen=True)
class History:
    seed: int
    plan: Plan
    journal: Journal
    judgement: Judgement
    steps: int

    def story(self) -> str:
        """What was found, who was there, and each event, line by line."""
        bots = ", ".join(f"{name} is a {kind}" for name, kind in self.plan.kinds.items())
        found = [f"  {words}" for words in self.judgement.all]
        head = [f"history {self.seed}: {bots}", *found, f"  deaths: {self.plan.deaths}"]
        return "\n".join([*head, self.journal.story()])


@dataclass
class Tally:
    """What many histories came to."""

    histories: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, list[str]]] = field(default_factory=list)

    def add(self, history: History) -> None:
        self.histories += 1
        for entry in history.journal.entries:
            if entry.kind in COUNTED:
                self.counts[COUNTED[entry.kind]] += 1
            if entry.kind == "shown" and entry.flagged:
                self.counts["repeated in W"] += 1
        judged = history.judgement
        for kind in ("lost", "repeated", "misordered", "leaked", "wrong"):
            self.counts[kind] += len(getattr(judged, kind))
        if judged.all:
            self.counts["failed"] += 1
            if len(self.failures) < KEPT:
                self.failures.append((history.seed, judged.all))

    def join(self, other: "Tally") -> None:
        self.histories += other.histories
        self.seconds += other.seconds
        self.counts.update(other.counts)
        self.failures = sorted(self.failures + other.failures)[:KEPT]


def play(seed: int, stage: Stage) -> History:
    """Never raises: a history without an end is a finding."""
    planned = plan(seed)
    world = World(planned, seed, stage)
    try:
        world.run()
    except Endless as error:
        found = Judgement(wrong=[str(error)])
    else:
        found = judge(planned, world.journal, stage.texts)
    return History(seed, planned, world.journal, found, world.loop.steps)


def replay(seed: int) -> History:
    with undisturbed():
        return play(seed, Stage.build())


def play_for(first: int, step: int, seconds: float, most: int = sys.maxsize) -> Tally:
    """Histories `first`, `first + step`, … for so long."""
    tally, began = Tally(), time.perf_counter()
    with undisturbed():
        stage = Stage.build()
        gc.collect()
        gc.freeze()
        while time.perf_counter() - began < seconds and tally.histories < most:
            tally.add(play(first + tally.histories * step, stage))
            if tally.histories % COLLECT_EVERY == 0:
                gc.collect()
        gc.unfreeze()
    tally.seconds = time.perf_counter() - began
    return tally


@contextmanager
def undisturbed() -> Iterator[None]:
    """Nothing is collected at a random moment, logged, or told of tasks that were killed."""
    hook, was_enabled = sys.unraisablehook, gc.isenabled()
    disabled = logging.root.manager.disable
    logging.disable()
    gc.disable()
    sys.unraisablehook = lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
            gc.collect()
    finally:
        sys.unraisablehook = hook
        logging.disable(disabled)
        if was_enabled:
            gc.enable()
