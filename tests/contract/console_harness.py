"""The console, at a real pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.console.sentences import SENTENCES as ALL
from core.model import Media
from core.ports.adapter import Receipt
from tests.console.terminal import Person, make_adapter, pseudo_terminal
from tests.contract.harness import Core, Told

TOLD: dict[Receipt, Told] = {Receipt.BUSY: "busy"}
SENTENCES: dict[Told, str] = {"busy": ALL["en"]["busy"], "failed": ALL["en"]["store"]}


class ConsoleHarness:
    people = ("local",)

    def __init__(self, core: Core, folder: Path) -> None:
        self._core = core
        self._folder = folder
        self._person: Person

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        with pseudo_terminal() as (person, stdin, stdout):
            self._person = person
            self.adapter = make_adapter(stdin, stdout, self._folder, media=self._core)
            run = asyncio.create_task(self.adapter.run(self._core.emit))
            try:
                yield run
            finally:
                run.cancel()
                person.type("\n")  # wakes the thread that still reads
                await asyncio.wait([run])

    async def say(self, text: str, who: str) -> Told:
        """Silence is a terminal's acknowledgement, so a refusal is waited for where due."""
        before = len(self._core.messages)
        due: Told = "failed" if self._core.fault else TOLD.get(self._core.receipt, "taken")
        self._person.sees = ""
        self._person.type(text + "\n")
        if due != "failed":
            await self._core.received(before + 1)
        if due != "taken":
            await self._person.waits_for(SENTENCES[due])
        refusals = (told for told, sentence in SENTENCES.items() if sentence in self._person.sees)
        return next(refusals, "taken")

    async def redeliver(self) -> None:
        return None

    async def send_strange_things(self) -> None:
        self._person.type_bytes(
            b"\xff\xfe broken\n\x1b[200~\x1b]0;title\x07\n\n@\n@/dev/zero\n\\\n\n"
        )

    async def sees(self, who: str, *texts: str) -> None:
        await self._person.waits_for(*texts)

    def screen(self, who: str) -> str:
        return self._person.sees

    def trace(self, media: Media) -> str:
        return media.blob[:16]
