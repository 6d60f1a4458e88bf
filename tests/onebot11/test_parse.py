import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.onebot11.forward import forward_text, nodes_in
from adapters.onebot11.parse import (
    Listener,
    parse_message,
    parse_upload,
    with_forward,
    with_quoted,
)
from adapters.onebot11.target import Target, message_id, read_target
from core.model import Mention, Quote, Text
from tests.onebot11.stage import event, group_event, segment

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*/*.json"))
NOW = datetime(2026, 11, 1, tzinfo=UTC)
EAR = Listener(platform="onebot11", bot="qq", names={"10002": "Ben"}, forward_chars=1000)


def heard(payload, ear=EAR):
    parse = parse_upload if payload.get("post_type") == "notice" else parse_message
    return parse(payload, "own", NOW, ear)


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_each_implementation_sends_becomes_the_message_that_it_means(path):
    payload = json.loads(path.read_text())
    assert shown(heard(payload["event"])) == payload["heard"]


def shown(result):
    if result is None:
        return None
    message = json.loads(msgspec.json.encode(result.message))
    for part in message["parts"]:
        if part.get("remote"):
            part["remote"] = json.loads(part["remote"])
    return {"message": message, "forward": result.forward, "quoted": result.quoted}


def test_the_same_message_has_the_same_key_by_whatever_way_it_comes():
    live = event(message=[segment("text", text="hi")], font=14)
    repeated = event(message="hi", raw_message="hi", sender={}, time=live["time"])
    assert heard(live).message.key == heard(repeated).message.key


@pytest.mark.parametrize(
    "changed", [{"self_id": 10005}, {"message_id": 2}, {"time": 1_800_000_000}], ids=str
)
def test_another_message_has_another_key(changed):
    assert heard(event()).message.key != heard(event(**changed)).message.key


def test_the_id_to_reply_to_can_be_read_from_the_key():
    assert message_id(heard(event(message_id=-77)).message.key) == "-77"
    assert message_id("whatever") == ""


@pytest.mark.parametrize("qq", [10000, "10000"])
def test_a_mention_is_known_as_a_number_and_as_text(qq):
    message = heard(
        group_event(message=[segment("at", qq=qq), segment("text", text=" hi")])
    ).message
    assert message.addressed
    assert message.text == "hi"


@pytest.mark.parametrize("before", [" /limit", " /limit "])
def test_a_mention_stands_apart_from_the_word_before_it(before):
    said = (segment("text", text=before), segment("at", qq="7", name="Ben"))
    message = heard(
        group_event(message=[segment("at", qq=10000), *said, segment("text", text=" usd day 2")])
    ).message
    assert message.text == "/limit @Ben usd day 2"


def test_temporary_sessions_are_passed_over_unless_they_are_wanted():
    stranger = event(sub_type="group", group_id=700001)
    assert heard(stranger) is None
    wanted = Listener(platform="onebot11", bot="qq", names={}, forward_chars=9, temp_sessions=True)
    chat = heard(stranger, wanted).message.address.chat
    assert read_target(chat) == Target(self_id="10000", user=10001, by_group=700001)


def test_each_account_has_its_own_chats():
    chats = {
        heard(make(self_id=n)).message.address.chat for n in (1, 2) for make in (event, group_event)
    }
    assert len(chats) == 4


# -- what is asked for ---------------------------------------------------------------


def replying(*rest):
    return heard(group_event(message=[segment("reply", id="5"), *rest]))


def test_a_reply_to_the_bot_is_for_the_bot():
    reply = replying(segment("text", text="really?"))
    assert not reply.message.addressed
    whole = with_quoted(reply, {"user_id": 10000, "time": 3, "message": "Roses bloom in June."})
    assert whole.message.addressed
    assert whole.message.parts == (
        Quote(key="10000/5/3", sender="10000", parts=(Text(text="Roses bloom in June."),)),
        Text(text="really?"),
    )


def test_a_reply_to_somebody_else_is_not_for_the_bot():
    reply = replying(segment("text", text="really?"))
    assert not with_quoted(reply, {"user_id": 10002, "message": "x"}).message.addressed


def test_the_mention_that_qq_adds_to_a_reply_is_taken_out_and_another_is_kept():
    reply = replying(segment("at", qq=10002), segment("text", text=" why?"))
    quoted = {"sender": {"user_id": "10002"}, "message": "x"}
    assert with_quoted(reply, quoted).message.parts[1:] == (Text(text="why?"),)
    other = with_quoted(reply, {"user_id": 10003, "message": "x"})
    assert other.message.parts[1] == Mention(user="10002", name="Ben")


@pytest.mark.parametrize("told", [None, [], {}, {"message": 7, "sender": 7, "user_id": "x"}])
def test_an_answer_of_no_use_leaves_the_message_as_it_is_but_for_the_quote(told):
    reply = replying(segment("text", text="really?"))
    assert with_quoted(reply, told).message.text == "really?"


NODES = {
    "napcat": {
        "messages": [{"sender": {"nickname": "Ben"}, "message": [segment("text", text="at six")]}]
    },
    "lagrange": {
        "message": [segment("node", nickname="Ben", content=[segment("text", text="at six")])]
    },
    "go-cqhttp": {"messages": [{"sender": {"nickname": "Ben"}, "content": "at six"}]},
}


@pytest.mark.parametrize("answer", NODES.values(), ids=NODES)
def test_a_forward_is_told_in_lines_whatever_form_it_has(answer):
    asked = heard(event(message=[segment("forward", id="7")]))
    whole = with_forward(asked, nodes_in(answer), 500)
    assert whole.message.text == "[聊天记录]\nBen: at six"


def test_a_quoted_forward_is_told_in_the_quote():
    reply = with_quoted(
        replying(segment("at", qq=10000), segment("text", text="sum up")),
        {"user_id": 10002, "message": [segment("forward", id="7")]},
    )
    assert reply.forward == "7"
    quote = with_forward(reply, nodes_in(NODES["napcat"]), 500).message.parts[0]
    assert quote.parts == (Text(text="[聊天记录]\nBen: at six"),)


def test_forwards_within_forwards_are_told_to_a_bound():
    def nested(depth):
        inner = [segment("text", text=f"depth {depth}")]
        if depth < 9:
            inner.append(segment("forward", id="1", content=[nested(depth + 1)]))
        return {"nickname": "Ben", "message": inner}

    told = forward_text([nested(0)], 500)
    assert "depth 2" in told
    assert "depth 3" not in told


@given(st.integers(10, 400), st.lists(st.text(max_size=80), max_size=200))
def test_a_forward_is_never_longer_than_its_bound(chars, said):
    nodes = [{"nickname": "A", "message": text} for text in said]
    assert len(forward_text(nodes, chars)) <= max(chars, len("[聊天记录]")) + len("\n…")


# -- anything at all -----------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)
KINDS = st.sampled_from(
    [
        "text",
        "at",
        "reply",
        "image",
        "record",
        "video",
        "file",
        "forward",
        "json",
        "face",
        "node",
        "x",
    ]
)
FIELDS = ("text", "qq", "id", "file", "url", "data", "content", "raw", "summary", "file_size")
SEGMENTS = st.lists(
    st.fixed_dictionaries(
        {"type": KINDS, "data": st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4)}
    ),
    max_size=5,
)


@given(st.one_of(SEGMENTS, JSON, st.text()))
def test_no_message_makes_it_raise(message):
    for make in (event, group_event):
        result = heard(make(message=message))
        with_quoted(heard(make(message=[segment("reply", id=1)])), {"message": message})
        forward_text(nodes_in({"messages": [{"message": message}, message]}), 100)
        if result:
            assert msgspec.json.encode(result.message)


@given(st.dictionaries(st.sampled_from([*event(), "group_id", "file", "anonymous"]), JSON))
def test_no_event_makes_it_raise(fields):
    heard(event(**fields))
    heard(event(**({"post_type": "notice", "notice_type": "offline_file"} | fields)))
