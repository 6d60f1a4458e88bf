"""What is changed of a call that was refused, and what a failure is to the core."""

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TimedOut,
)

from adapters.telegram.failure import Flood, NotSent, failure, result_of
from adapters.telegram.format import Call, limits, remedy, text_values
from adapters.telegram.markdown import Entity
from adapters.telegram.settings import Settings
from core.ports.sending import Refused, Unknown

TEXT = Call(
    kind="text",
    chat="-5",
    group=True,
    thread=2,
    reply_to=41,
    text="bold",
    entities=(Entity(type="bold", offset=0, length=4),),
)
VOICE = Call(kind="voice", chat="5", group=False, content=b"OggS", name="a.ogg", duration_s=2)


def test_entities_that_are_refused_are_left_out_and_the_words_stay():
    better = remedy(TEXT, BadRequest("Can't parse entities: unsupported"))
    assert (better.text, better.entities) == ("bold", ())
    assert remedy(better, BadRequest("Can't parse entities: unsupported")) is None


@pytest.mark.parametrize(
    ("call", "error", "changed"),
    [
        (TEXT, BadRequest("Message thread not found"), {"thread": None}),
        (TEXT, ChatMigrated(-1005), {"chat": "-1005"}),
        (VOICE, BadRequest("VOICE_MESSAGES_FORBIDDEN"), {"kind": "document"}),
        (VOICE, Forbidden("Forbidden: voice_messages_forbidden"), {"kind": "document"}),
        (VOICE, BadRequest("Wrong file type"), {"kind": "document"}),
    ],
)
def test_what_can_be_done_better_is(call, error, changed):
    better = remedy(call, error)
    assert {name: getattr(better, name) for name in changed} == changed


@pytest.mark.parametrize(
    "error",
    [
        Forbidden("bot was blocked by the user"),
        BadRequest("Chat not found"),
        ChatMigrated(-5),
        Flood(30),
        TimedOut(),
    ],
)
def test_what_cannot_be_done_better_is_left(error):
    assert remedy(TEXT, error) is None
    assert remedy(VOICE, error) is None or isinstance(error, ChatMigrated)


def test_a_text_is_sent_by_its_entities_to_its_topic():
    assert text_values(TEXT) == {
        "chat_id": -5,
        "text": "bold",
        "link_preview_options": {"is_disabled": True},
        "entities": TEXT.entities,
        "message_thread_id": 2,
        "reply_parameters": {"message_id": 41, "allow_sending_without_reply": True},
    }


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (Flood(7), Refused("too many requests: silence for 7 s", 7)),
        (NotSent("no route"), Refused("no route", 60)),
        (InvalidToken("unauthorized"), Refused("unauthorized", 60)),
        (BadRequest("Chat not found"), Refused("Chat not found")),
        (Forbidden("blocked"), Refused("blocked")),
        (Conflict("twice"), Refused("twice")),
        (TimedOut(), Unknown("no answer in time")),
        (NetworkError("lost"), Unknown("lost")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_is_certain_where_telegram_said_no_and_nowhere_else(error, result):
    assert result_of(error) == result


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, InvalidToken),
        (403, Forbidden),
        (404, InvalidToken),
        (409, Conflict),
        (413, BadRequest),
        (429, Flood),
        (500, NetworkError),
        (502, NetworkError),
        (301, NetworkError),
    ],
)
def test_an_answer_that_is_no_bot_api_servers_is_never_quoted(status, kind):
    error = failure(status, b"<html>/bot123:token/sendMessage")
    assert type(error) is kind
    assert "token" not in str(error)


def test_a_server_of_ones_own_takes_larger_files():
    assert limits(Settings(local_files="/bot")).media_limit_bytes == 2_000_000_000
    assert limits(Settings()).media_limit_bytes == 50 * 2**20


def test_what_follows_an_unknown_outcome_is_ones_own_to_choose():
    assert limits(Settings()).on_unknown == "resend-flagged"
    assert limits(Settings(on_unknown="hold", local_files="/bot")).on_unknown == "hold"
