"""The process dies or is stopped; what it had acknowledged is answered by the next one."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bots.house import DRAIN_S
from bots.listener import bind
from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.app import create_app
from bots.sandbox.faults import HoldLast, Stall
from bots.sandbox.serve import running
from tests.scenario.stage import CONFIG, Person, Stage
from tests.web.conftest import visit

ROOT = Path(__file__).parents[2]


class Process:
    """`parley run` in a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path, relay_port: int) -> None:
        sock = bind("127.0.0.1", 0)
        self.port = sock.getsockname()[1]
        sock.close()
        self._config = folder / "config.toml"
        self._config.write_text(
            CONFIG.format(port=self.port, relay_port=relay_port, server="", relay="", bot="")
        )

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bots",
            "run",
            "--config",
            str(self._config),
            cwd=ROOT,
            env=os.environ | {"KEY": "sk-scenario", "STAT_TOKEN": STAT_TOKEN},
        )
        async with asyncio.timeout(20):
            while not await self._answers():
                assert self._process.returncode is None, "it ended before it listened"

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)  # until a process of another program listens
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def end(self, how: signal.Signals) -> int:
        if self._process.returncode is None:
            self._process.send_signal(how)
        async with asyncio.timeout(10):
            return await self._process.wait()


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[tuple[Stage, Process, Person]]:
    app = create_app(pace_s=0)
    async with running(app) as sandbox:
        process = Process(folder, sandbox.port)
        await process.start()
        stage = Stage(
            host=f"127.0.0.1:{process.port}", journal=app.state.journal, faults=app.state.faults
        )
        person = Person(await visit(stage))
        try:
            yield stage, process, person
        finally:
            await person.close()
            await process.end(signal.SIGKILL)


async def answered(person: Person, count: int) -> list[dict]:
    """The history once none of its `count` messages waits any more."""
    async with asyncio.timeout(15):
        while True:
            history = await person.history()
            if len(history) == count and not any(one["pending"] for one in history):
                return history
            await asyncio.sleep(0.02)  # the page, too, can only ask again


async def test_what_was_acknowledged_before_a_kill_is_answered_after_it_in_order(
    tmp_path: Path,
) -> None:
    async with at_work(tmp_path) as (stage, process, person):
        held = stage.faults.add(Stall(call="chat"))
        async with person.tab() as tab:
            for number in range(3):
                await tab.frame("ack", await tab.say(f"question {number}"))
            await held.struck()
            await process.end(signal.SIGKILL)
        stage.faults.clear()
        await process.start()
        history = await answered(person, 3)
        for number, exchange in enumerate(history):
            (answer,) = exchange["answer"]
            assert f"question {number}" in answer["text"]
        asked = [body["messages"][-1]["content"] for body in stage.asked()]
        assert asked == ["question 0", "question 0", "question 1", "question 2"]
        *_, last = stage.asked()
        assert len(last["messages"]) == 5


async def test_a_stop_ends_within_10_s_and_loses_nothing(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (stage, process, person):
        held = stage.faults.add(Stall(call="chat"))
        async with person.tab() as tab:
            await tab.frame("ack", await tab.say("a question"))
            await held.struck()
            assert await process.end(signal.SIGTERM) == 0
        stage.faults.clear()
        await process.start()
        (exchange,) = await answered(person, 1)
        assert "a question" in exchange["answer"][0]["text"]


async def test_a_running_answer_is_finished_before_the_process_stops(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (stage, process, person), person.tab() as tab:
        held = stage.faults.add(HoldLast(call="chat"))
        question = await tab.say("a question")
        await held.struck()
        stopping = asyncio.create_task(process.end(signal.SIGTERM))
        while await tab.receipt(await tab.say("/help")) != "failed":
            pass  # the signal is on its way
        held.release()
        (part,) = await tab.answer(question)
        assert "a question" in part["text"]
        assert await stopping == 0


async def test_a_second_signal_hurries_and_loses_nothing(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (stage, process, person):
        held = stage.faults.add(Stall(call="chat"))
        async with person.tab() as tab:
            await tab.frame("ack", await tab.say("a question"))
            await held.struck()
            stopping = asyncio.create_task(process.end(signal.SIGTERM))
            while await tab.receipt(await tab.say("/help")) != "failed":
                pass  # the signal is on its way
            began = time.monotonic()
            assert await process.end(signal.SIGINT) == 0
            assert time.monotonic() - began < DRAIN_S / 2
            assert await stopping == 0
        stage.faults.clear()
        await process.start()
        async with asyncio.timeout(10):
            while not (answer := (await person.history())[0]["answer"]):
                pass  # the page, too, can only ask again
        assert "a question" in answer[0]["text"]
