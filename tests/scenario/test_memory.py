"""What the bot remembers is what the model sees: judged by the relay's own journal."""

import random
from datetime import UTC, datetime
from pathlib import Path

from core.model import Turn
from tests.scenario.stage import playing
from tests.unit.oracle import remembered

PERSONA = "You are a careful listener. 你很细心。"
ALPHABET = "abc de, fgh. 你好世界，𝕏é e\u0301"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def words(chance: random.Random) -> str:
    length = int(2 ** chance.uniform(0, 10))
    return "".join(chance.choices(ALPHABET, k=length)).strip() or "x"


async def test_a_long_talk_is_sent_as_the_rule_says_turn_by_turn(tmp_path: Path) -> None:
    chance = random.Random(2000)
    said: list[Turn] = []
    forgotten = False
    async with playing(tmp_path, bot=f'persona = "{PERSONA}"') as stage:
        person = await stage.person()
        async with person.tab() as tab:
            for number in range(40):
                text = words(chance)
                parts = await tab.ask(text)
                *_, body = stage.asked()
                persona, *sent = [(m["role"], m["content"]) for m in body["messages"]]
                assert persona == ("system", PERSONA)
                assert sent == remembered(said, text, PERSONA, 2000)
                assert sum(len(content) for _, content in sent) + len(PERSONA) <= 2000
                forgotten = forgotten or len(sent) < 2 * number + 1
                name = str(number)
                said.append(Turn(role="user", text=text, message_id=name, at=AT))
                answer = parts[0]["text"]
                said.append(Turn(role="assistant", text=answer, message_id=name, at=AT))
        await person.close()
    assert forgotten, "the talk was never longer than the limit"


async def test_a_message_longer_than_the_limit_is_refused_with_both_numbers(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path) as stage:
        person = await stage.person()
        async with person.tab() as tab:
            (part,) = await tab.ask("x" * 2001)
            assert "2001" in part["text"].replace(",", "")
            assert "2000" in part["text"].replace(",", "")
            assert stage.asked() == []
            await tab.ask("x" * 2000)
            assert len(stage.asked()) == 1
        await person.close()


async def test_two_people_never_see_each_other(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        ann, bob = await stage.person(), await stage.person()
        async with ann.tab() as hers, bob.tab() as his:
            for number in range(5):
                await hers.ask(f"apple {number}")
                await his.ask(f"banana {number}")
        for body in stage.asked():
            text = " ".join(message["content"] for message in body["messages"])
            assert ("apple" in text) != ("banana" in text)
        assert "banana" not in str(await ann.history())
        await ann.close()
        await bob.close()
