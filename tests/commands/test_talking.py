"""new, retry, stop, history, persona, model, models."""

import pytest

from core.bot import Bot
from core.errors import RelayTimeout, RelayUnavailable
from core.model import Media, TurnState
from core.people import PeopleRules
from tests.commands.talk import Talk

VOICE = Media(kind="voice", blob="", remote="file-1", mime="audio/ogg")


def shared_group(sender: str = "amy", beside: Talk | None = None) -> Talk:
    bot = Bot(name="b", platform="qq", group_history="group")
    rules = PeopleRules(admins=frozenset({"qq:boss"}), allow=frozenset({"qq:*"}))
    return Talk(platform="qq", sender=sender, group=True, bot=bot, rules=rules, beside=beside)


# -- new -----------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/new", "/新对话", "/reset"])
async def test_after_new_the_model_is_sent_nothing_of_before(talk, command):
    await talk.say("my name is Amy")
    await talk.say(command)
    await talk.say("who am I?")
    assert talk.sent == [("user", "who am I?")]


async def test_new_with_a_question_asks_for_it_again_rather_than_losing_it(talk):
    assert "once more" in await talk.say("/new how are you?")
    assert "再发一次" in await talk.say("/新对话 你好吗", language="zh")


# -- retry ---------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/retry", "/重答"])
async def test_retry_asks_again_without_showing_the_model_its_first_answer(talk, command):
    await talk.say("one")
    await talk.say("two")
    assert await talk.say(command) == "answer 3"
    assert talk.sent == [("user", "one"), ("assistant", "answer 1"), ("user", "two")]


async def test_the_new_answer_takes_the_place_of_the_old_one(talk):
    await talk.say("one")
    await talk.say("/retry")
    await talk.say("two")
    assert talk.sent == [("user", "one"), ("assistant", "answer 2"), ("user", "two")]


async def test_retry_can_be_repeated(talk):
    await talk.say("one")
    for number in (2, 3, 4):
        assert await talk.say("/retry") == f"answer {number}"
    assert talk.sent == [("user", "one")]


async def test_retry_shows_the_model_the_pictures_again(talk):
    picture = Media(kind="image", blob=await talk.media.put(b"\x89PNG\r\n\x1a\n"), mime="image/png")
    await talk.say("what is it?", picture)
    await talk.say("/retry")
    assert talk.relays.asked[-1].messages[-1].pictures[0].content == b"\x89PNG\r\n\x1a\n"


async def test_retry_of_a_picture_with_a_model_that_cannot_see_says_so(talk):
    picture = Media(kind="image", blob=await talk.media.put(b"\x89PNG\r\n\x1a\n"), mime="image/png")
    await talk.say("what is it?", picture)
    talk.relays.eyes = False
    assert "cannot see" in await talk.say("/retry")


async def test_retry_of_a_question_that_failed_answers_it(talk):
    talk.relays.fault = RelayUnavailable("503")
    await talk.say("hello?")
    talk.relays.fault = None
    assert await talk.say("/retry") == "answer 1"
    await talk.say("/history")
    assert [turn.text for turn in await talk.store.log(talk.conversation, 9)] == [
        "hello?",
        "hello?",
        "answer 1",
    ]


async def test_retry_after_a_retry_that_failed_goes_back_to_the_question(talk):
    await talk.say("hello?")
    talk.relays.fault = RelayTimeout("no answer")
    await talk.say("/retry")
    talk.relays.fault = None
    assert await talk.say("/retry") == "answer 2"
    assert talk.sent == [("user", "hello?")]


async def test_retry_of_a_drawing_draws_again(talk):
    await talk.say("/画图 一只猫", language="zh")
    await talk.say("/重答", language="zh")
    assert [request.prompt for request in talk.relays.asked] == ["一只猫", "一只猫"]
    assert talk.files[0].kind == "image"
    states = [turn.state for turn in await talk.store.log(talk.conversation, 9)]
    assert states == [TurnState.REPLACED] * 2 + [TurnState.COMPLETE] * 2
    assert (await talk.store.log(talk.conversation, 1))[0].media == tuple(talk.files)


async def test_retry_of_a_transcript_asks_for_the_recording(talk):
    talk.platform_files["file-1"] = b"ogg"
    await talk.say("/transcribe", VOICE)
    assert "recording" in await talk.say("/retry")


async def test_retry_of_a_voice_message_asks_its_words_again(talk):
    talk.platform_files["file-1"] = b"ogg"
    await talk.say("", VOICE)
    await talk.say("/retry")
    assert talk.sent == [("user", "hello there")]


async def test_retry_with_nothing_before_says_so(talk):
    assert "no question" in await talk.say("/retry")
    assert "还没有" in await talk.say("/重答", language="zh")


# -- stop ----------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/stop", "/停止"])
async def test_stop_ends_the_running_answer_of_this_conversation_alone(talk, command):
    talk.running.running = {talk.conversation, "another"}
    assert await talk.say(command) == "Stopped."
    assert talk.running.running == {"another"}


async def test_stop_with_nothing_running_says_so(talk):
    assert "nothing to stop" in await talk.say("/stop")


# -- history -------------------------------------------------------------------


async def test_history_marks_what_the_model_still_sees():
    talk = Talk(bot=Bot(name="b", platform="web", history_chars=40))
    for question in ("first question", "second question", "third"):
        await talk.say(question)
    lines = (await talk.say("/history")).splitlines()
    assert [line[2] for line in lines[:6]] == ["○", "○", "●", "●", "●", "●"]
    assert "40 characters" in lines[-1]


async def test_the_marks_agree_with_what_is_sent_next():
    talk = Talk(bot=Bot(name="b", platform="web", history_chars=60))
    for number in range(8):
        await talk.say(f"question {number}")
    marked = [line for line in (await talk.say("/history")).splitlines() if line[:3] == "- ●"]
    await talk.say("?")
    assert len(marked) == len(talk.sent) - 1


async def test_after_new_history_still_shows_what_was_said_but_unseen(talk):
    await talk.say("a secret")
    await talk.say("/new")
    answer = await talk.say("/历史", language="zh")
    assert "○ 12:00 **你** a secret" in answer
    assert "● 12" not in answer


async def test_history_shortens_and_names_files(talk):
    await talk.say("/image " + "very " * 50 + "big")
    line, drawn = (await talk.say("/history")).splitlines()[:2]
    assert len(line) < 110
    assert line.endswith("…")
    assert drawn == "- ○ 12:00 **Me** [picture]"


async def test_history_leaves_out_what_was_replaced_and_marks_what_failed(talk):
    await talk.say("one")
    await talk.say("/retry")
    talk.relays.fault = RelayUnavailable("503")
    await talk.say("two")
    answer = await talk.say("/history")
    assert "answer 1" not in answer
    assert "two (no answer came)" in answer


@pytest.mark.parametrize(("asked", "shown"), [("/history 2", 2), ("/history 4", 4)])
async def test_history_shows_as_many_turns_as_asked(talk, asked, shown):
    for number in range(5):
        await talk.say(f"question {number}")
    assert (await talk.say(asked)).count("12:00") == shown


@pytest.mark.parametrize("rest", ["", "0", "-3", "all", "9" * 5000, "²"])
async def test_history_of_an_odd_count_shows_the_usual(talk, rest):
    await talk.say("hello")
    assert (await talk.say(f"/history {rest}")).count("12:00") == 2


async def test_history_tells_the_local_time_and_the_day_of_older_turns():
    talk = Talk(rules=PeopleRules(timezone="Asia/Shanghai"))
    await talk.say("hello")
    assert "● 20:00 " in await talk.say("/history")
    talk.clock.pass_(hours=5)
    assert "● 2026-11-03 20:00 " in await talk.say("/history")


async def test_history_before_any_talk_says_so(talk):
    assert "not talked yet" in await talk.say("/history")


async def test_history_with_a_persona_larger_than_the_limit_sees_nothing():
    talk = Talk(bot=Bot(name="b", platform="web", history_chars=30))
    await talk.say("hello")
    talk.bot = Bot(name="b", platform="web", history_chars=30, persona="x" * 31)
    assert "- ○ 12:00 **You** hello" in await talk.say("/history")


async def test_an_unlimited_history_names_no_limit():
    talk = Talk(bot=Bot(name="b", platform="web", history_chars="unlimited"))
    await talk.say("hello")
    assert "unlimited" not in await talk.say("/history")


# -- persona -------------------------------------------------------------------


@pytest.mark.parametrize(("command", "off"), [("/persona", "off"), ("/人设", "关闭")])
async def test_a_persona_is_sent_until_it_is_taken_back(talk, command, off):
    await talk.say(f"{command} You are a pirate.")
    await talk.say("hello")
    assert talk.sent[0] == ("system", "You are a pirate.")
    assert "You are a pirate." in await talk.say(command)
    await talk.say(f"{command} {off}")
    await talk.say("hello")
    assert all(role != "system" for role, _ in talk.sent)


async def test_a_persona_may_take_half_of_what_the_model_is_sent(talk):
    assert "who I am" in await talk.say("/persona " + "x" * 1000)
    answer = await talk.say("/persona " + "x" * 1001)
    assert "1001" in answer
    assert "1000" in answer
    assert len((await talk.store.settings(talk.conversation))["persona"]) == 1000


async def test_a_persona_is_bounded_even_where_history_is_not():
    talk = Talk(bot=Bot(name="b", platform="web", history_chars="unlimited"))
    assert "4000" in await talk.say("/persona " + "x" * 4001)


async def test_the_bots_own_persona_is_shown_to_those_who_run_it_alone(talk, owner):
    bot = Bot(name="b", platform="web", persona="House secret.")
    talk.bot = owner.bot = bot
    assert "House secret." not in await talk.say("/persona")
    assert "House secret." in await owner.say("/persona")


@pytest.mark.parametrize("asked", ["/persona pirate", "/persona off", "/model 2", "/voice text"])
async def test_what_a_group_shares_only_admins_change(asked):
    amy, boss = shared_group("amy"), shared_group("boss")
    assert "only admins" in await amy.say(asked)
    assert not amy.outcome.effects
    await boss.say(asked)
    assert boss.outcome.effects


async def test_a_policy_for_groups_does_not_bind_one_to_one_talks():
    talk = Talk(bot=Bot(name="b", platform="web", group_history="group"))
    await talk.say("/persona pirate")
    assert talk.outcome.effects


async def test_where_everybody_has_their_own_history_they_set_their_own_persona():
    bot = Bot(name="b", platform="qq")
    rules = PeopleRules(allow=frozenset({"qq:*"}))
    amy = Talk(platform="qq", group=True, bot=bot, rules=rules)
    bob = Talk(platform="qq", sender="bob", group=True, bot=bot, rules=rules, beside=amy)
    await amy.say("/persona pirate")
    await bob.say("hello")
    assert all(role != "system" for role, _ in bob.sent)


# -- model ---------------------------------------------------------------------


@pytest.mark.parametrize("named", ["main:m-small", "m-small", "M-SMALL", "2"])
@pytest.mark.parametrize("command", ["/model", "/模型"])
async def test_a_model_is_picked_by_name_or_number(talk, command, named):
    await talk.say(f"{command} {named}")
    await talk.say("hello")
    assert talk.relays.picks[-1] == "main:m-small"


@pytest.mark.parametrize("back", ["auto", "AUTO", "自动", "默认"])
async def test_auto_goes_back_to_the_route(talk, back):
    await talk.say("/model 3")
    await talk.say(f"/model {back}")
    await talk.say("hello")
    assert talk.relays.picks[-1] == ""


async def test_model_shows_the_current_one_and_the_choices(talk):
    assert "`main:m-large` (picked automatically)" in await talk.say("/model")
    await talk.say("/model other")
    answer = await talk.say("/模型", language="zh")
    assert "现在用的模型：`spare:other`" in answer
    assert "2. `main:m-small`" in answer


@pytest.mark.parametrize("named", ["m-listed", "0", "4", "9" * 5000, "main:anything", "main:"])
async def test_a_member_picks_from_the_choices_alone(talk, named):
    talk.relays.offered["main"].append("m-listed")
    assert "on offer" in await talk.say(f"/model {named}")
    assert not talk.outcome.effects


@pytest.mark.parametrize(
    ("named", "picked"),
    [
        ("m-listed", "main:m-listed"),
        ("llama:8b", "main:llama:8b"),
        ("main:anything", "main:anything"),
        ("spare:x", "spare:x"),
    ],
)
async def test_an_owner_picks_what_a_relay_lists_and_what_it_does_not(owner, named, picked):
    owner.relays.offered["main"] += ["m-listed", "llama:8b"]
    await owner.say(f"/model {named}")
    await owner.say("hello")
    assert owner.relays.picks[-1] == picked


@pytest.mark.parametrize("named", ["nowhere:gpt", "main:", "no-such-model", "7"])
async def test_an_owner_cannot_pick_what_no_relay_could_serve(owner, named):
    assert "on offer" in await owner.say(f"/model {named}")
    assert not owner.outcome.effects


async def test_model_without_any_choice_says_so(talk):
    talk.relays.listed = ()
    assert "No model is set up" in await talk.say("/model")


# -- models --------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/models", "/模型列表"])
async def test_models_lists_each_relays_models(talk, command):
    talk.relays.offered["spare"] = ["other"]
    answer = await talk.say(command)
    assert "**main** (2)\n- `m-large`\n- `m-small`" in answer
    assert "**spare** (1)\n- `other`" in answer


async def test_models_are_bounded_and_can_be_narrowed_down(talk):
    talk.relays.offered = {"main": [f"model-{n:03}" for n in range(200)]}
    answer = await talk.say("/models")
    assert answer.count("`model-") == 30
    assert "170 more" in answer
    assert (await talk.say("/models L-19")).count("`model-") == 10


async def test_models_without_a_match_says_so(talk):
    assert "“xyz”" in await talk.say("/models xyz")


async def test_models_where_no_relay_could_be_read_says_so(talk):
    talk.relays.offered = {}
    assert "查不到" in await talk.say("/模型列表", language="zh")
