"""What the model is sent: the laws of trimming, and a second telling of the rule."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import MessageTooLong
from core.history import trim
from core.model import Media, Turn, TurnState
from tests.unit.oracle import TooLong, remembered

AT = datetime(2026, 11, 1, tzinfo=UTC)
PICTURE = Media(kind="image", blob="b1")


def turn(role, text, message_id, state=TurnState.COMPLETE, media=()):
    return Turn(role=role, text=text, message_id=message_id, at=AT, state=state, media=media)


def pair(message_id, question, answer, **fields):
    return [
        turn("user", question, message_id, **fields),
        turn("assistant", answer, message_id, **fields),
    ]


def talk_of(messages):
    return [(message.role, message.content) for message in messages]


def said(turns, new_text="now", persona="", limit=2000):
    return talk_of(trim(turns, new_text, persona, limit))


# -- random histories --------------------------------------------------------

texts = st.one_of(
    st.text("ab é中文\U0001f469e\u0301\u200d\n", max_size=30),
    st.sampled_from(["", " ", "\n\t", "\u3000", "hi", "你好" * 10, "👩‍👧" * 5]),
)


@st.composite
def histories(draw):
    """Exchanges of every fate, now and then shuffled as interleaved work might."""
    turns = []
    for number in range(draw(st.integers(0, 8))):
        turns += draw(exchanges(f"m{number}"))
    return draw(st.permutations(turns)) if draw(st.booleans()) else turns


@st.composite
def exchanges(draw, message_id):
    question, answer = pair(message_id, draw(texts), draw(texts))
    earlier = pair(message_id, draw(texts), draw(texts), state=TurnState.REPLACED)
    failed = [turn("user", draw(texts), message_id, draw(st.sampled_from(list(TurnState))))]
    proactive = [turn("assistant", draw(texts), message_id, TurnState.PROACTIVE)]
    media_only = [
        turn("user", "", message_id, media=(PICTURE,)),
        turn("assistant", "a cat", message_id),
    ]
    mixed = [question, turn("assistant", answer.text, message_id, TurnState.FAILED)]
    fates = [[question, answer]] * 5 + [
        [*earlier, question, answer],
        failed,
        proactive,
        media_only,
        mixed,
        [answer],
    ]
    return draw(st.sampled_from(fates))


news = st.text("ab中\U0001f469\u0301 ", min_size=1, max_size=30)
personas = st.sampled_from(["", "Be brief.", "你是一只猫。", "👩‍👧", "x" * 60])
limits = st.one_of(st.integers(0, 400), st.just("unlimited"))


def fitting(turns, new, persona, limit):
    """The messages, or None where the new one is refused."""
    try:
        return trim(turns, new, persona, limit)
    except MessageTooLong:
        return None


@settings(max_examples=1500, deadline=None)
@given(histories(), news, personas, limits)
def test_the_oracle_agrees(turns, new, persona, limit):
    try:
        expected = remembered(turns, new, persona, limit)
    except TooLong:
        expected = None
    messages = fitting(turns, new, persona, limit)
    assert (messages and talk_of(messages)) == expected


def test_the_oracle_agrees_over_thousands_of_long_talks():
    """Seeded, with lengths about the default limit, where hypothesis seldom goes."""
    chance = random.Random(20261101)
    for _ in range(3000):
        turns = []
        for number in range(chance.randrange(25)):
            states = chance.choices(list(TurnState), [8, 1, 1, 1])[0]
            question, answer = (
                chance.choice("ab中👩") * chance.choice([0, 1, 40, 150, 400]) for _ in "qa"
            )
            turns += pair(f"m{number}", question, answer, state=states)
        new = "n" * chance.choice([1, 100, 1900, 2000])
        persona = "p" * chance.choice([0, 0, 100, 300, 2500])
        try:
            expected = remembered(turns, new, persona, 2000)
        except TooLong:
            expected = None
        messages = fitting(turns, new, persona, 2000)
        assert (messages and talk_of(messages)) == expected


# -- the laws ----------------------------------------------------------------


@given(histories(), news, personas, st.integers(0, 400))
def test_all_that_is_sent_is_within_the_limit_persona_included(turns, new, persona, limit):
    messages = fitting(turns, new, persona, limit)
    if messages is None:
        assert len(persona) + len(new) > limit
    else:
        assert len(persona) + sum(len(message.content) for message in messages) <= limit


@given(histories(), news, personas, limits)
def test_the_wire_list_is_odd_alternating_and_never_empty(turns, new, persona, limit):
    messages = fitting(turns, new, persona, limit)
    if messages is not None:
        roles = [message.role for message in messages]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
        assert messages[-1].content == new
        assert all(message.content.strip() for message in messages[:-1])


@given(histories(), news, personas, limits)
def test_what_is_sent_is_the_end_of_what_was_said(turns, new, persona, limit):
    messages = fitting(turns, new, persona, limit)
    if messages is not None:
        everything = said(turns, new, "", "unlimited")
        assert everything[len(everything) - len(messages) :] == talk_of(messages)


@given(histories(), news, personas, limits)
def test_trimming_what_was_trimmed_changes_nothing(turns, new, persona, limit):
    once = fitting(turns, new, persona, limit)
    if once is not None:
        kept = [
            turn(message.role, message.content, f"k{index // 2}")
            for index, message in enumerate(once[:-1])
        ]
        assert trim(kept, new, persona, limit) == once


@given(histories(), news, personas, st.integers(0, 400), st.integers(0, 200))
def test_a_larger_limit_never_forgets_more(turns, new, persona, limit, more):
    less = fitting(turns, new, persona, limit)
    if less is not None:
        larger = trim(turns, new, persona, limit + more)
        assert larger[len(larger) - len(less) :] == less


# -- the rule, one sentence a test -------------------------------------------


def test_the_oldest_pair_is_forgotten_first_and_whole():
    turns = pair("m1", "one", "eins") + pair("m2", "two", "zwei")
    assert said(turns, limit=17) == [
        ("user", "one"), ("assistant", "eins"),
        ("user", "two"), ("assistant", "zwei"),
        ("user", "now"),
    ]  # fmt: skip
    assert said(turns, limit=16) == [("user", "two"), ("assistant", "zwei"), ("user", "now")]
    assert said(turns, limit=9) == [("user", "now")]


def test_a_pair_that_does_not_fit_hides_all_before_it():
    turns = pair("m1", "a", "b") + pair("m2", "c", "d" * 50) + pair("m3", "e", "f")
    assert said(turns, limit=40) == [("user", "e"), ("assistant", "f"), ("user", "now")]


def test_the_persona_counts_but_is_not_among_the_messages():
    turns = pair("m1", "one", "eins")
    assert len(said(turns, persona="", limit=10)) == 3
    assert said(turns, persona="p", limit=10) == [("user", "now")]


@pytest.mark.parametrize("character", ["a", "中", "\U0001f469", "\U00020000", "\u0301"], ids=ascii)
def test_a_character_is_a_code_point(character):
    """Not a byte, a UTF-16 unit or a grapheme."""
    turns = pair("m1", character * 5, character * 5)
    assert len(said(turns, character * 5, character * 5, limit=20)) == 3
    assert len(said(turns, character * 5, character * 5, limit=19)) == 1


@pytest.mark.parametrize("state", [state for state in TurnState if state is not TurnState.COMPLETE])
def test_turns_that_are_not_complete_are_not_sent(state):
    assert said(pair("m1", "lost", "gone", state=state)) == [("user", "now")]
    asked, answered = turn("user", "q", "m1"), turn("assistant", "a", "m1", state)
    assert said([asked, answered]) == [("user", "now")]


@pytest.mark.parametrize(("question", "answer"), [("", "a cat"), ("draw", ""), (" \n", "a cat")])
def test_a_pair_with_text_on_one_side_only_is_not_sent(question, answer):
    turns = [turn("user", question, "m1", media=(PICTURE,)), turn("assistant", answer, "m1")]
    assert said(turns) == [("user", "now")]


def test_text_beside_a_picture_is_sent_and_the_picture_does_not_count():
    turns = pair("m1", "what is it", "a cat", media=(PICTURE,))
    assert len(said(turns, limit=18)) == 3


def test_a_replaced_answer_gives_way_to_the_new_one():
    turns = pair("m1", "q", "old", state=TurnState.REPLACED) + pair("m1", "q", "new")
    assert said(turns) == [("user", "q"), ("assistant", "new"), ("user", "now")]


def test_an_answer_without_its_question_is_not_sent():
    assert said([turn("assistant", "left over", "m0"), *pair("m1", "q", "a")]) == [
        ("user", "q"),
        ("assistant", "a"),
        ("user", "now"),
    ]


def test_a_message_may_have_what_the_persona_leaves():
    assert said([], "x" * 1990, "p" * 10) == [("user", "x" * 1990)]
    with pytest.raises(MessageTooLong) as refusal:
        trim([], "x" * 1991, "p" * 10, 2000)
    assert refusal.value.params == {"got": 1991, "limit": 1990}


def test_beside_a_persona_longer_than_the_limit_nothing_may_be_said():
    with pytest.raises(MessageTooLong):
        trim([], "x", "p" * 11, 10)


def test_a_limit_of_zero_lets_nothing_through():
    with pytest.raises(MessageTooLong):
        trim([], "x", "", 0)


def test_unlimited_forgets_nothing():
    turns = [side for number in range(50) for side in pair(f"m{number}", "q" * 999, "a" * 999)]
    assert len(said(turns, limit="unlimited")) == 101
