"""language, voice, whoami, why, export, forget."""

import json
from datetime import datetime

import pytest

from core.bot import Bot
from core.model import Forget, Media
from core.people import PeopleRules
from core.reasons import chat_place
from tests.commands.talk import Talk

VOICE = Media(kind="voice", remote="file-1", mime="audio/ogg")


# -- language ------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["/language zh", "/语言 中文", "/lang Chinese"])
async def test_the_language_chosen_holds_for_what_comes_after(talk, asked):
    assert await talk.say(asked) == "好，之后我用中文跟你说话。"
    assert "还没聊过" in await talk.say("/history", language="en")


async def test_auto_goes_back_to_the_platforms_word_or_the_bots(talk):
    await talk.say("/language zh")
    assert "automatic" in await talk.say("/language auto")
    await talk.say("/language zh")
    assert "自动" in await talk.say("/语言 自动", language="zh")


async def test_a_language_is_a_persons_and_follows_into_other_chats(talk):
    await talk.say("/language zh")
    assert await talk.store.settings(talk.person) == {"language": "zh"}


@pytest.mark.parametrize("rest", ["", "fr"])
async def test_language_otherwise_tells_the_current_one_and_how(talk, rest):
    answer = await talk.say(f"/language {rest}")
    assert "I speak English" in answer
    assert "`/language zh`" in answer


# -- voice ---------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["/voice text", "/语音 文字"])
async def test_voice_text_keeps_to_the_words_and_chat_answers_again(talk, asked):
    talk.platform_files["file-1"] = b"ogg"
    await talk.say(asked)
    assert await talk.say("", VOICE) == "hello there"
    await talk.say("/voice chat")
    assert await talk.say("", VOICE) == "> 🎤 hello there\n\nanswer 1"


async def test_voice_tells_what_happens_now_and_how_to_change_it(talk):
    assert "I answer them" in await talk.say("/voice")
    await talk.say("/voice text")
    assert "我只写成文字" in await talk.say("/语音", language="zh")


# -- whoami --------------------------------------------------------------------


async def test_whoami_gives_the_id_as_the_configuration_takes_it(talk):
    answer = await talk.say("/whoami")
    assert "`web:amy`" in answer
    rules = PeopleRules(owners=frozenset({answer.split("`")[1]}))
    talk.rules = rules
    assert "Role: owner" in await talk.say("/whoami")


async def test_whoami_tells_what_was_set(talk):
    for asked in ("/persona pirate", "/model 2", "/voice text", "/language zh"):
        await talk.say(asked)
    answer = await talk.say("/我是谁")
    for told in ("身份：成员", "中文（你选的）", "`main:m-small`", "人设：你选的", "只写成文字"):
        assert told in answer


# -- why -----------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/why", "/为什么"])
async def test_why_tells_which_model_answered_and_what_it_saw(talk, command):
    await talk.say("one")
    await talk.say("two")
    latest, earlier = (await talk.say(command)).splitlines()[1:]
    assert "Answered by m-large on main" in latest
    assert "Messages it saw: 3; characters: 14;" in latest
    assert "Messages it saw: 1; characters: 3;" in earlier
    assert "tokens: 18" in latest


async def test_why_tells_why_a_group_message_was_passed_over():
    talk = Talk(platform="qq", group=True, rules=PeopleRules(guests=True))
    await talk.say("hello")
    message, _, _ = talk.store.inbox["1"]
    talk.reasons.note(chat_place(message), "why_not_addressed")
    assert "I only answer a mention" in await talk.say("/why")
    assert "我才会回答" in await talk.say("/为什么", language="zh")


async def test_why_tells_of_an_error_in_the_words_that_were_told(talk):
    told = await talk.say("x" * 3000)
    assert f"No answer. {told}" in await talk.say("/why")
    assert "没答成。这条有 3000 个字" in await talk.say("/为什么", language="zh")


async def test_why_says_nothing_of_other_chats(talk):
    talk.reasons.note("qq/b/c1", "why_not_addressed")
    assert "nothing to explain" in await talk.say("/why")


# -- export --------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/export", "/导出"])
async def test_export_is_a_json_file_of_what_is_kept(talk, command):
    await talk.say("我叫小明 🐱")
    await talk.say("/language zh")
    await talk.say(command)
    (file,) = talk.files
    content = await talk.media.get(file.blob)
    assert (file.kind, file.mime) == ("file", "application/json")
    assert file.name == "parley-2026-11-03.json"
    assert file.size_bytes == len(content)
    kept = json.loads(content)
    assert kept["settings"] == {"language": "zh"}
    assert [turn["text"] for turn in kept["turns"]] == ["我叫小明 🐱", "answer 1"]
    assert datetime.fromisoformat(kept["turns"][0]["at"]) == talk.clock.now()
    assert datetime.fromisoformat(kept["exported_at"]) == talk.clock.now()


async def test_an_export_is_readable_as_it_stands(talk):
    await talk.say("我叫小明 🐱")
    await talk.say("/export")
    content = (await talk.media.get(talk.files[0].blob)).decode()
    assert "我叫小明 🐱" in content
    assert len(content.splitlines()) > 10


async def test_an_export_holds_nothing_of_others():
    amy = Talk(sender="amy")
    bob = Talk(sender="bob", beside=amy)
    await bob.say("canary of bob")
    await amy.say("hello")
    await amy.say("/export")
    assert b"canary" not in await amy.media.get(amy.files[0].blob)


async def test_an_export_is_not_shown_to_a_group():
    talk = Talk(platform="qq", group=True, rules=PeopleRules(guests=True))
    assert "private chat" in await talk.say("/export")
    assert not talk.files


# -- forget --------------------------------------------------------------------


async def test_forget_first_tells_what_goes_and_what_stays(talk):
    answer = await talk.say("/forget")
    for told in ("your files", "your settings", "What stays", "`/forget yes`", "`/export`"):
        assert told in answer
    assert "`/遗忘 确认`" in await talk.say("/遗忘", language="zh")
    assert not talk.outcome.effects


@pytest.mark.parametrize("asked", ["/forget yes", "/forget YES", "/遗忘 确认"])
async def test_forget_confirmed_erases(talk, asked):
    await talk.say("a secret")
    await talk.say(asked)
    assert talk.outcome.effects == (Forget(person=talk.person),)
    assert "not talked yet" in await talk.say("/history")


@pytest.mark.parametrize("rest", ["no", "everything", "yesterday", "不"])
async def test_forget_with_another_word_erases_nothing(talk, rest):
    await talk.say(f"/forget {rest}")
    assert not talk.outcome.effects


async def test_a_bot_with_its_own_language_speaks_it():
    talk = Talk(bot=Bot(name="b", platform="web", language="zh"))
    assert "还没聊过" in await talk.say("/history")
