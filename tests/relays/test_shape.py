"""A chat's messages as a relay wants them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RelayInvalid, RelayTooLarge
from core.relay.dialect import Limits
from core.relay.profile import load_dialect
from core.relay.shape import forget, shape_chat
from core.request import ChatMessage, ChatRequest, Picture
from tests.relays.stage import PNG, ask, dialect

ZHIZENGZENG = load_dialect("zhizengzeng")
ROLES = {"s": "system", "u": "user", "a": "assistant"}


def talk(*told: str) -> tuple[ChatMessage, ...]:
    """Messages from `u:text`, `a:text` and `s:text`."""
    return tuple(
        ChatMessage(role=ROLES[line[0]], content=line[2:])  # type: ignore[arg-type]
        for line in told
    )


def shaped(messages: tuple[ChatMessage, ...], profile: str = "zhizengzeng") -> list[str]:
    request = shape_chat(ChatRequest(messages=messages), load_dialect(profile), "main")
    return [f"{message.role[0]}:{message.content}" for message in request.messages]


def test_a_chat_that_is_right_already_stays_the_same_object() -> None:
    request = ask()
    assert shape_chat(request, dialect(), "main") is request


def test_the_oldest_pairs_are_forgotten_until_the_sum_is_allowed() -> None:
    old, new = "o" * 900, "n" * 900
    told = talk(f"u:{old}", "a:1", f"u:{new}", "a:2", "u:" + "q" * 300)
    assert shaped(told) == [f"u:{new}", "a:2", "u:" + "q" * 300]


def test_exactly_the_allowed_sum_is_kept_whole() -> None:
    told = talk("u:" + "o" * 999, "a:1", "u:" + "q" * 1000)
    assert len(shaped(told)) == 3


def test_a_persona_is_folded_into_the_first_message_that_is_sent_and_counts() -> None:
    told = talk("s:Be brief. ", "u:" + "o" * 1500, "a:1", "u:" + "q" * 495)
    assert shaped(told) == ["u:Be brief. " + "q" * 495]
    told = talk("s:Be brief. ", "u:" + "o" * 1400, "a:1", "u:" + "q" * 495)
    assert shaped(told)[0] == "u:Be brief. " + "o" * 1400


@pytest.mark.parametrize(
    ("question", "sent"),
    [
        ("Hello", "Be brief.\n\nHello"),
        ("q" * 1989, "Be brief.\n\n" + "q" * 1989),
        ("q" * 1990, "Be brief." + "q" * 1990),
    ],
)
def test_a_persona_is_parted_from_the_message_where_there_is_room(question: str, sent: str) -> None:
    assert shaped(talk("s:Be brief.", f"u:{question}")) == [f"u:{sent}"]


def test_a_question_that_does_not_fit_alone_is_refused_with_both_numbers() -> None:
    with pytest.raises(RelayTooLarge, match=r"at most 1990 .* got 1991") as caught:
        shaped(talk("s:Be brief. ", "u:a", "a:b", "u:" + "q" * 1991))
    assert caught.value.params == {"got": 1991, "limit": 1990}
    with pytest.raises(RelayTooLarge) as caught:
        shaped(talk("u:" + "q" * 2001))
    assert caught.value.params == {"got": 2001, "limit": 2000}


def test_the_question_is_measured_by_itself_too() -> None:
    limits = Limits(question_chars=5)
    with pytest.raises(RelayTooLarge, match=r"at most 5 .*got 6"):
        shape_chat(ask("123456"), dialect(limits=limits), "main")
    assert shape_chat(ask("12345"), dialect(limits=limits), "main").messages


@given(
    texts=st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=12),
    persona=st.text(max_size=10),
    limit=st.integers(0, 120),
)
def test_what_is_left_of_a_talk_is_its_end_within_the_limit(
    texts: list[str], persona: str, limit: int
) -> None:
    roles = "ua" * len(texts)
    pairs = [
        f"{role}:{text}" for role, text in zip(roles[: len(texts) // 2 * 2], texts, strict=False)
    ]
    head = talk(f"s:{persona}") if persona else ()
    told = (*head, *talk(*pairs, f"u:{texts[-1]}"))
    try:
        kept = forget(told, limit, "main")
    except RelayTooLarge:
        assert len(persona) + len(texts[-1]) > limit
        return
    assert sum(len(message.content) for message in kept) <= limit
    assert kept[: len(head)] == head
    rest = kept[len(head) :]
    assert rest == told[len(told) - len(rest) :]
    assert rest[0].role == "user"
    dropped = told[len(head) : len(told) - len(rest)]
    last_pair = sum(len(message.content) for message in dropped[-2:])
    assert not dropped or sum(len(message.content) for message in kept) + last_pair > limit


@pytest.mark.parametrize(
    "told",
    [("u:a", "u:b", "u:c"), ("u:a", "a:b"), ("a:a",), ("u:a", "s:b", "u:c"), ("s:a",)],
)
def test_turns_that_do_not_alternate_are_refused_where_they_must(told: tuple[str, ...]) -> None:
    with pytest.raises(RelayInvalid, match="user and assistant in turn"):
        shaped(talk(*told))
    assert len(shaped(talk(*told), "openai")) == len(told)


@pytest.mark.parametrize("profile", ["zhizengzeng", "rcouyi"])
def test_an_empty_message_is_refused_where_it_must_be_filled(profile: str) -> None:
    with pytest.raises(RelayInvalid, match="message 2 of 3 is empty"):
        shaped(talk("u:a", "a:", "u:c"), profile)
    assert len(shaped(talk("u:a", "a:", "u:c"), "openai")) == 3


def test_a_picture_fills_a_message() -> None:
    shown = ChatMessage(role="user", content="", pictures=(Picture(content=PNG, mime=""),))
    assert shaped((shown,), "rcouyi") == ["u:"]


def test_no_messages_at_all_are_refused_everywhere() -> None:
    for profile in ("openai", "zhizengzeng"):
        with pytest.raises(RelayInvalid, match="got no"):
            shaped((), profile)


@pytest.mark.parametrize("name", ["小明", "a b", "x" * 65, "a-b", "a\n"])
def test_a_name_of_other_signs_is_refused(name: str) -> None:
    message = ChatMessage(role="user", content="hi", name=name)
    with pytest.raises(RelayInvalid, match="1 to 64 of a-z, A-Z, 0-9 and _"):
        shape_chat(ChatRequest(messages=(message,)), dialect(), "main")


def test_several_answers_want_some_temperature_where_the_relay_says_so() -> None:
    rcouyi = load_dialect("rcouyi")
    with pytest.raises(RelayInvalid, match=r"temperature of at least 0\.1 for 2 answers, got 0\."):
        shape_chat(ask(n=2, temperature=0), rcouyi, "main")
    for fine in (ask(n=2, temperature=0.3), ask(n=2), ask(temperature=0)):
        assert shape_chat(fine, rcouyi, "main") is fine
    assert shape_chat(ask(n=2, temperature=0), dialect(), "main")
