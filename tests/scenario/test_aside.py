"""A message is set aside beside a running bot, and its operator decides on it by the command."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bots.commands import find_commands
from core.command import Ask, Command, Outcome, Services
from core.model import Text
from tests.scenario.stage import CONFIG, client, playing
from tests.scenario.test_operations import figures

ROOT = Path(__file__).parents[2]


class Poison:
    """A command that raises until it is healed."""

    def __init__(self) -> None:
        self.healed = False
        self.tries = 0

    async def __call__(self, ask: Ask, rest: str, services: Services) -> Outcome:
        self.tries += 1
        if not self.healed:
            raise ZeroDivisionError("by nought")
        return Outcome(parts=(Text(text="done"),))


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    """Shipped with the bot, as it were."""
    run = Poison()
    commands = {**find_commands(()), "poison": Command(name="poison", run=run)}
    monkeypatch.setattr("bots.house.find_commands", lambda: commands)
    return run


async def parley(folder: Path, *arguments: str) -> tuple[int, str]:
    """The real command, in a process of its own: the exit code, and what it said."""
    config = folder / "config.toml"
    config.write_text(CONFIG.format(port=0, relay_port=9, server="", relay="", bot=""))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bots", *arguments, "--config", str(config)),
        cwd=ROOT,
        env=os.environ | {"KEY": "sk-scenario", "STAT_TOKEN": "stat"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(30):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def kept(folder: Path) -> str:
    """All that stands in the database's files."""
    return "".join(path.read_text("latin-1") for path in folder.glob("parley.db*"))


async def test_what_is_put_back_beside_the_running_bot_is_answered_once(
    tmp_path: Path, poison: Poison
) -> None:
    async with playing(tmp_path) as stage, client(stage.url) as http:
        person = await stage.person()
        async with person.tab() as tab:
            question = await tab.say("/poison")
            (told,) = await tab.answer(question)
            assert told["text"] != "done"
            assert "parley_messages_set_aside 1.0" in (await http.get("/metrics")).text
            code, listed = await parley(tmp_path, "dead", "list")
            assert code == 0, listed
            assert "ZeroDivisionError" in listed
            name = listed.splitlines()[1].split()[0]

            poison.healed = True
            code, said = await parley(tmp_path, "dead", "retry", name[:12])
            assert (code, said.startswith(f"{name}: put back")) == (0, True), said
            (answer,) = await tab.answer(question)
            assert answer["text"] == "done"

            code, said = await parley(tmp_path, "dead", "retry", name)
            assert code == 1, said
            await tab.ask("/help")
        assert poison.tries == 4
        poisoned, _ = await person.history()
        assert [part["text"] for part in poisoned["answer"]] == ["done"]
        code, traced = await parley(tmp_path, "trace", name)
        assert code == 0
        assert "put back after it had been set aside" in traced
        assert "parley_messages_set_aside 0.0" in await figures(
            http, "parley_oldest_unanswered_seconds 0.0"
        )
        assert list((tmp_path / "orders").iterdir()) == []
        await person.close()


async def test_what_is_dropped_beside_the_running_bot_is_gone(
    tmp_path: Path, poison: Poison
) -> None:
    async with playing(tmp_path) as stage:
        person = await stage.person()
        async with person.tab() as tab:
            await tab.ask("/poison the canary is Piet")
            assert "Piet" in kept(tmp_path)
            code, said = await parley(tmp_path, "dead", "drop", "--all")
            assert (code, said.endswith(": dropped\n")) == (0, True), said
            assert await parley(tmp_path, "dead", "list") == (0, "No message is set aside.\n")
        assert "Piet" not in kept(tmp_path)
        await person.close()
