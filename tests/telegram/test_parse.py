"""Updates as the Bot API documents them, in payloads/, and laws for all others."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram import wire
from adapters.telegram.parse import RAW_CHARS, message_id
from adapters.telegram.wire import Entity
from adapters.telegram.words import words
from tests.telegram.conftest import ME, compact, make_intake, read

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))


@pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
def test_a_recorded_update_is_read_as_it_is_meant(file):
    payload = json.loads(file.read_text())
    assert compact(read(payload["update"])) == payload["message"], payload["about"]


def test_the_payload_itself_is_kept_but_not_beyond_a_bound():
    update = {"update_id": 7, "message": private("hello")}
    assert json.loads(read(update).raw) == update
    assert read({"update_id": 7, "message": private("x" * RAW_CHARS)}).raw == ""


def test_the_key_tells_which_message_to_reply_to():
    message = read({"update_id": 7, "message": private("hello")})
    assert message.key == "7/41"
    assert message_id(message.key) == 41
    assert message_id("somebody else's") == 0


def test_two_updates_are_never_one():
    first, second = (read({"update_id": n, "message": private("hello")}) for n in (7, 8))
    assert first.key != second.key


def private(text, **more):
    chat = {"id": 5, "type": "private"}
    user = {"id": 5, "is_bot": False, "first_name": "Ann"}
    return {
        "message_id": 41,
        "date": 1_793_534_400,
        "chat": chat,
        "from": user,
        "text": text,
    } | more


# -- laws ----------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(wire.Message))


@settings(max_examples=300)
@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5))
def test_no_field_of_a_message_makes_reading_fail(fields):
    update = {"update_id": 7, "message": private("hello") | fields}
    number, _ = make_intake().read(json.dumps(update).encode())
    assert number == 7


@settings(max_examples=300)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_make_reading_fail(data):
    make_intake().read(data)


def test_deep_nesting_is_passed_over():
    assert make_intake().read(
        b'{"update_id": 7, "message": ' + b'{"reply_to_message":' * 50_000
    ) == (
        0,
        None,
    )


ENTITIES = st.lists(
    st.builds(
        Entity,
        type=st.sampled_from(["mention", "bot_command", "text_link", "bold", "text_mention"]),
        offset=st.integers(0, 40),
        length=st.integers(0, 40),
        url=st.just("https://example.org"),
        user=st.just(wire.User(id=ME.id)),
    ),
    max_size=4,
)


@settings(max_examples=300)
@given(text=st.text(max_size=30), entities=ENTITIES)
def test_no_entity_makes_reading_a_text_fail(text, entities):
    said = words(text, entities, ME)
    said.text.encode()  # it can be stored


@given(before=st.text("aé家👩‍👧🙂 ", max_size=10), after=st.text("aé家👩‍👧🙂", max_size=10))
def test_whatever_stands_around_it_the_mention_alone_is_cut_out(before, after):
    offset = len(before.encode("utf-16-le")) // 2
    name = f"@{ME.username}"
    text = f"{before}{name} {after}"
    said = words(text, [Entity(type="mention", offset=offset, length=len(name))], ME)
    assert said.addressed
    assert said.text.replace(" ", "") == f"{before}{after}".replace(" ", "")


# -- edits -----------------------------------------------------------------------


def edit(number, text, **more):
    return json.dumps({"update_id": number, "edited_message": private(text, **more)}).encode()


def fresh(number, text):
    return json.dumps({"update_id": number, "message": private(text)}).encode()


def test_an_edit_that_changes_the_words_is_a_new_message():
    intake = make_intake()
    intake.read(fresh(1, "helo"))
    _, edited = intake.read(edit(2, "hello"))
    assert (edited.key, edited.text) == ("2/41", "hello")


def test_an_edit_that_nobody_can_see_is_none():
    intake = make_intake()
    intake.read(fresh(1, "https://example.org"))
    assert intake.read(edit(2, "https://example.org")) == (2, None)
    assert intake.read(edit(2, "https://example.org")) == (2, None)


def test_an_edit_that_is_sent_again_is_read_again():
    intake = make_intake()
    intake.read(fresh(1, "helo"))
    first, second = intake.read(edit(2, "hello"))[1], intake.read(edit(2, "hello"))[1]
    assert first.key == second.key


def test_of_a_message_from_before_the_start_nobody_knows_what_it_said():
    intake = make_intake(since=1_793_534_401)
    assert intake.read(edit(2, "hello")) == (2, None)
    assert intake.read(edit(3, "hello")) == (3, None)
    assert intake.read(edit(4, "hello you"))[1].text == "hello you"


def test_an_edit_in_a_group_that_is_not_for_the_bot_is_nothing():
    intake = make_intake()
    group = {"id": -5, "type": "group"}
    assert intake.read(edit(2, "hello", chat=group)) == (2, None)


def test_a_group_that_moved_is_remembered():
    intake = make_intake()
    moved = private("", chat={"id": -5, "type": "group"}, migrate_to_chat_id=-1005)
    intake.read(json.dumps({"update_id": 3, "message": moved}).encode())
    assert intake.moves.now("-5") == "-1005"
