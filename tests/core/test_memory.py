"""What the model is sent, over long talks and a real database: the oracle's list, turn by turn."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RelayUnavailable
from core.model import Limit, Media, Turn
from core.spoken import HAN
from tests.core.house import Site
from tests.core.relays import Step
from tests.unit.oracle import TooLong, remembered

LETTERS = "ab漢😀e\u0301"
Action: TypeAlias = tuple[str, str, str]
"""What is done, what is said, what is answered or heard."""

WEIGHTS = {
    "says": 8,
    "fails": 1,
    "hears nothing": 1,
    "draws": 2,
    "speaks": 2,
    "begins anew": 1,
    "sets a role": 1,
    "asks again": 3,
    "restarts": 1,
}
SCRIPTS: dict[str, tuple[Step, ...]] = {
    "fails": (RelayUnavailable("503"),),
    "hears nothing": (" ",),
}
VOICE = Media(kind="voice", remote="v", mime="audio/ogg")


class Talk:
    """Amy's talk, and what the oracle says of each question before it is asked."""

    def __init__(self, site: Site, persona: str, limit: Limit) -> None:
        self.site = site
        self.amy = site.person("amy")
        self.persona = persona
        self.limit = limit
        self.afresh = 0

    async def act(self, action: Action) -> None:
        match action:
            case "says" | "fails" | "hears nothing" as kind, text, answer:
                await self._ask(text, text, SCRIPTS.get(kind, (answer,)), await self._log())
            case "asks again", _, answer:
                await self._ask_again(answer)
            case "draws", text, _:
                await self.amy.asks(f"/image {text}")
            case "speaks", _, words:
                self.site.relays.heard = words
                await self.amy.asks("", VOICE)
            case "sets a role", role, _:
                await self.amy.asks(f"/persona {role}")
                self.persona = (await self.amy.settings()).get("persona", self.persona)
            case "begins anew", _, _:
                await self.amy.asks("/new")
                self.afresh = len(await self._whole_log())
            case "restarts", _, _:
                await self.site.restart()

    async def _ask_again(self, answer: str) -> None:
        log = await self._log()
        question = next((t for t in reversed(log) if t.role == "user"), None)
        if question is None or not question.text or question.text.startswith("/"):
            return
        others = [t for t in log if t.message_id != question.message_id]
        await self._ask("/retry", question.text, (answer,), others)

    async def _ask(self, says: str, text: str, script: tuple[Step, ...], log: list[Turn]) -> None:
        relays = self.site.relays
        relays.script = {text: script}
        before = len(relays.asked)
        role = f"{self.persona}\n\n" if relays.folds and self.persona else self.persona
        told = await self.amy.asks(says)
        try:
            expected = remembered(log, text, role, self.limit)
        except TooLong:
            room, heard = self.limit - len(role), "zh" if HAN.search(says) else "en"
            sentence = self.site.say("message_too_long", heard, got=len(text), limit=max(room, 0))
            assert told == [sentence]
            assert len(relays.asked) == before
            return
        assert len(relays.asked) == before + 1
        assert relays.sent == ([("system", role)] if role else []) + expected

    async def _log(self) -> list[Turn]:
        return (await self._whole_log())[self.afresh :]

    async def _whole_log(self) -> list[Turn]:
        return list(await self.site.house.store.log(self.amy.conversation, 10_000))


def _talk(chance: Random, length: int, longest: int) -> Iterator[Action]:
    """Long enough that much is forgotten, of characters of every width."""
    for kind in chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=length):
        yield kind, _words(chance, longest), _words(chance, longest)


def _words(chance: Random, longest: int) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randint(1, longest)))


@settings(max_examples=10, deadline=None)
@given(chance=st.randoms(use_true_random=True))
async def test_the_model_is_sent_what_the_rule_says(chance: Random) -> None:
    limit = chance.choice([40, 100, 200, 400, "unlimited"])
    persona = chance.choice(["", _words(chance, 15)])
    with TemporaryDirectory() as folder:
        site = Site(Path(folder))
        bot = site.bot(persona=persona, history_chars=limit, voice="text", outage_wait_s=0)
        bot.files["v"] = b"OggS"
        site.relays.folds = chance.choice([False, True])
        await site.open()
        try:
            talk = Talk(site, persona, limit)
            for action in _talk(chance, 40, 30):
                await talk.act(action)
        finally:
            await site.close()


async def test_pictures_and_words_heard_take_no_room_from_the_talk(site: Site) -> None:
    site.bot(history_chars=100, voice="text").files["v"] = b"OggS"
    site.relays.heard = "w" * 90
    await site.open()
    amy = site.person()
    await amy.asks("remember me")
    await amy.asks("", VOICE)
    await amy.asks("/image " + "f" * 90)
    await amy.asks("hello")
    assert site.relays.sent == [
        ("user", "remember me"),
        ("assistant", "re: remember me"),
        ("user", "hello"),
    ]


async def test_an_answer_that_gives_way_takes_no_room_from_the_talk(site: Site) -> None:
    site.bot(history_chars=100)
    site.relays.script["long"] = ("a" * 100,)
    await site.open()
    amy = site.person()
    await amy.asks("remember me")
    await amy.asks("long")
    site.relays.script["long"] = ("short",)
    assert await amy.asks("/retry") == ["short"]
    expected = [("user", "remember me"), ("assistant", "re: remember me"), ("user", "long")]
    assert site.relays.sent == expected
    await amy.asks("hello")
    assert site.relays.sent == [*expected, ("assistant", "short"), ("user", "hello")]


async def test_an_answer_gives_way_to_another_and_not_to_none(site: Site) -> None:
    await site.open()
    amy = site.person()
    await amy.asks("hello")
    site.relays.script["hello"] = (" ",)
    assert await amy.asks("/retry") == [site.say("no_answer")]
    await amy.asks("next")
    assert site.relays.sent[:2] == [("user", "hello"), ("assistant", "re: hello")]


async def test_in_a_shared_history_a_retry_is_of_ones_own_question(site: Site) -> None:
    site.bot(group_history="group")
    await site.open()
    amy, bob = (site.person(who, chat="g", group=True) for who in ("amy", "bob"))
    await bob.asks("bob's")
    await amy.asks("amy's")
    await bob.asks("/retry")
    assert site.relays.questions == ["bob's", "amy's", "bob's"]
    carol = site.person("carol", chat="g", group=True)
    assert await carol.asks("/retry") == [site.say("retry_nothing")]


async def test_a_retry_brings_nothing_back_from_before_a_fresh_start(site: Site) -> None:
    await site.open()
    amy = site.person()
    await amy.asks("old")
    await amy.asks("/new")
    assert await amy.asks("/retry") == [site.say("retry_nothing")]
    assert site.relays.questions == ["old"]
