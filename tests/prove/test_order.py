"""Which experiments run side by side, and which wait."""

import argparse
import asyncio
import os
from pathlib import Path

import pytest

from prove import __main__ as prove
from prove.experiment import Experiment, Finding, Scale
from prove.table import Result


async def nothing(scale: Scale) -> Finding:
    raise AssertionError(scale)


FOUND = {
    name: Experiment(promises=(number,), title=name, run=nothing, alone="alone" in name)
    for number, name in enumerate(("alone one", "beside one", "alone two", "beside two"), 1)
}


class Ran:
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.together = 0
        self.most: dict[str, int] = {}

    async def run(self, name: str, file: Path, options: argparse.Namespace) -> Result:
        self.begun.append(name)
        self.together += 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.most[name] = self.together
        self.together -= 1
        return Result(
            name=name,
            title=name,
            promises=FOUND[name].promises,
            seed=1,
            seconds=0.0,
            finding=Finding(load="", faults=""),
            broke="",
        )


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    ran = Ran()
    monkeypatch.setattr(prove, "find", FOUND.__getitem__)
    monkeypatch.setattr(prove, "run_apart", ran.run)
    return ran


def options(*arguments: str) -> argparse.Namespace:
    return prove.parser().parse_args(["--jobs", "2", *arguments])


async def test_those_that_must_be_alone_come_last_one_by_one(ran: Ran) -> None:
    results = await prove.run_all(list(FOUND), options())
    assert ran.begun == ["beside one", "beside two", "alone one", "alone two"]
    assert [ran.most[name] for name in ran.begun] == [2, 1, 1, 1]
    assert [result.name for result in results] == list(FOUND)


async def test_held_they_wait_for_the_end_of_standard_input(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as end:
        monkeypatch.setattr(prove.sys, "stdin", end)
        running = asyncio.create_task(prove.run_all(list(FOUND), options("--hold")))
        os.write(writing, b"tests are running\n")
        done, _ = await asyncio.wait([running], timeout=0.2)
        assert (done, ran.begun) == (set(), ["beside one", "beside two"])
        os.close(writing)
        assert len(await running) == len(FOUND)
