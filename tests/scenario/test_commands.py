"""Every command, in both languages, over a real socket."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from bots.commands import find_commands
from bots.sandbox.faults import HoldLast
from bots.texts.catalogue import Catalogue
from tests.scenario.stage import Person, Stage, Talk, playing

CLIP = Path(__file__).parents[1] / "clips" / "garden.ogg"
TEXTS = Catalogue()
NAMES: Mapping[str, Mapping[str, str]] = {
    "en": {name: name for name in ("yes", "off", "text", "zh")},
    "zh": {"yes": "确认", "off": "关闭", "text": "文字", "zh": "zh"},
}


class Walk:
    """One person trying one command after the other, in one language."""

    def __init__(self, stage: Stage, person: Person, tab: Talk, language: str) -> None:
        self.stage = stage
        self.person = person
        self.tab = tab
        self.language = language
        self.tried: set[str] = set()

    async def give(self, command: str, rest: str = "", *tickets: str) -> list[dict]:
        """Send a command by its name in the walk's language; its answer's parts."""
        return await self.tab.answer(await self.send(command, rest, *tickets))

    async def send(self, command: str, rest: str = "", *tickets: str) -> str:
        self.tried.add(command)
        known = find_commands()[command]
        chinese = next(name for name in known.names if not name.isascii())
        name = chinese if self.language == "zh" else known.name
        return await self.tab.say(f"/{name} {rest}".strip(), *tickets, language=self.language)

    async def told(self, command: str, rest: str = "", *tickets: str) -> str:
        (part,) = await self.give(command, rest, *tickets)
        return part["text"]

    def sentence(self, code: str, **params: object) -> str:
        return TEXTS.say(code, self.language, slash="/", **params)

    def word(self, name: str) -> str:
        return NAMES[self.language][name]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_command_answers(language: str, tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        person = await stage.person()
        async with person.tab() as tab:
            walk = Walk(stage, person, tab, language)
            for step in STEPS:
                await step(walk)
            assert walk.tried == {command.name for command in find_commands().values()}
        await person.close()


async def helps(walk: Walk) -> None:
    text = await walk.told("help")
    for command in find_commands().values():
        assert (walk.sentence(f"command_{command.name}") in text) is not command.admins


async def asks_for_what_admins_may(walk: Walk) -> None:
    for name in sorted({command.name for command in find_commands().values() if command.admins}):
        assert await walk.told(name) == walk.sentence("command_of_admins")


async def sets_the_clock(walk: Walk) -> None:
    assert "Asia/Shanghai" in await walk.told("timezone", "Asia/Shanghai")


async def talks(walk: Walk) -> None:
    await walk.tab.ask("the canary is called Piet", language=walk.language)
    assert "the canary is called Piet" in await walk.told("history")
    assert "sandbox-chat" in await walk.told("why")
    await walk.give("retry")
    *_, again = walk.stage.asked()
    assert [message["content"] for message in again["messages"]] == ["the canary is called Piet"]
    assert await walk.told("new") == walk.sentence("new_done")
    await walk.tab.ask("what is it called?", language=walk.language)
    *_, fresh = walk.stage.asked()
    assert "Piet" not in str(fresh)


async def chooses(walk: Walk) -> None:
    assert "sandbox-chat" in await walk.told("models")
    assert "main:sandbox-chat" in await walk.told("model")
    assert await walk.told("model", "1") == walk.sentence("model_set", model="main:sandbox-chat")
    assert await walk.told("persona", "You are a pirate.") == walk.sentence("persona_set")
    await walk.tab.ask("who are you?", language=walk.language)
    *_, body = walk.stage.asked()
    assert body["messages"][0] == {"role": "system", "content": "You are a pirate."}
    assert await walk.told("persona", walk.word("off")) == walk.sentence("persona_off")
    spoken = walk.sentence(f"language_{walk.language}")
    assert await walk.told("language") == walk.sentence("language_how", current=spoken)
    assert await walk.told("group") == walk.sentence("group_only")
    assert await walk.told("voice", walk.word("text")) == walk.sentence("voice_set_text")


async def makes(walk: Walk) -> None:
    (picture,) = await walk.give("image", "a lighthouse at night")
    assert picture["kind"] == "image"
    assert (await walk.person.download(picture["ticket"])).startswith(b"\x89PNG")
    (speech,) = await walk.give("say", "good morning")
    assert speech["kind"] in ("voice", "audio")
    assert len(await walk.person.download(speech["ticket"])) > 1000


async def listens(walk: Walk) -> None:
    clip = await walk.person.upload(CLIP.read_bytes(), "garden.ogg", "voice")
    heard = await walk.told("transcribe", "", clip)
    assert "garden" in heard
    assert await walk.told("translate", "", clip) == heard


async def stops(walk: Walk) -> None:
    assert await walk.told("stop") == walk.sentence("nothing_running")
    held = walk.stage.faults.add(HoldLast(call="chat"))
    question = await walk.tab.say("count to 30", language=walk.language)
    await held.struck()
    draft = await walk.tab.frame("draft", question)
    stop = await walk.send("stop")
    (told,) = await walk.tab.answer(stop)
    assert told["text"] == walk.sentence("stopped")
    (partial,) = await walk.tab.answer(question)
    assert partial["text"].startswith(draft["text"])
    held.release()


async def knows(walk: Walk) -> None:
    quota = await walk.told("quota")
    assert "$" in quota
    assert "`web:" in await walk.told("whoami")
    parts = await walk.give("export")
    file = next(part for part in parts if part["type"] == "media")
    kept = msgspec.json.decode(await walk.person.download(file["ticket"]))
    assert "the canary is called Piet" in str(kept)


async def erases(walk: Walk) -> None:
    assert await walk.told("forget") == walk.sentence("forget_sure")
    assert await walk.told("forget", walk.word("yes")) == walk.sentence("forget_done")
    assert "Piet" not in str(await walk.person.history())
    assert await walk.told("history") == walk.sentence("history_empty")


STEPS = (
    helps,
    talks,
    chooses,
    makes,
    listens,
    stops,
    knows,
    sets_the_clock,
    asks_for_what_admins_may,
    erases,
)
