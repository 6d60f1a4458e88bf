"""What a failure says about whether a call is served, and how a profile's lines are changed."""

import tomllib

import pytest

from bots.relays.capabilities import with_capabilities
from bots.relays.verdict import reason, verdict_of
from core.errors import ConfigError
from core.relay.failure import Complaint, Origin, refusal

MADE_UP = "batch_parleytest0"
STATUS = Origin("main", "batch_status", "/v1/batches/{id}")

LOOKED_FOR = [
    (404, "No batch found with id 'batch_parleytest0'."),
    (404, "No such File object: batch_parleytest0"),
    (404, "Could not find fine tune: batch_parleytest0"),
    (404, "No such job"),
    (400, "Invalid 'id': 'batch_parleytest0'. Expected another form."),
    (404, "任务不存在"),
]
NO_SUCH_CALL = [
    (404, "404 page not found"),
    (404, "Invalid URL (GET /v1/batches/batch_parleytest0)"),
    (404, "Not Found"),
    (404, ""),
    (405, "Method Not Allowed"),
    (501, "API not implemented"),
]
OPEN = [(401, "no such key"), (429, "slow down"), (500, "oops"), (503, "no available channel")]


@pytest.mark.parametrize(("status", "words"), LOOKED_FOR)
def test_a_relay_that_looked_for_the_id_serves_the_call(status, words):
    error = refusal(STATUS, status, Complaint(message=words))
    assert verdict_of(error, MADE_UP) == "yes"


@pytest.mark.parametrize(("status", "words"), NO_SUCH_CALL)
def test_a_relay_that_knows_no_such_address_does_not(status, words):
    error = refusal(STATUS, status, Complaint(message=words))
    assert verdict_of(error, MADE_UP) == "no"


@pytest.mark.parametrize(("status", "words"), OPEN)
def test_other_failures_leave_it_open(status, words):
    assert verdict_of(refusal(STATUS, status, Complaint(message=words)), MADE_UP) is None


def test_a_model_that_is_not_there_says_nothing_of_the_call():
    complaint = Complaint(code="model_not_found", message="The model m does not exist")
    origin = Origin("main", "chat", "/v1/chat/completions")
    assert verdict_of(refusal(origin, 404, complaint)) is None


def test_a_relays_own_full_stop_is_not_told_twice():
    error = refusal(STATUS, 400, Complaint(message="The value is wrong."))
    assert "(The value is wrong). " in str(error)


def test_a_reason_is_one_sentence_without_the_remedy():
    origin = Origin("main", "edit", "/v1/edits")
    error = refusal(origin, 404, Complaint(message="Not Found"))
    assert reason(error, "main", "no") == "404: no such call (Not Found)"
    error = refusal(origin, 401, Complaint(message="no such key"))
    told = reason(error, "main", None)
    assert told.startswith("401: the token is wrong, expired or used up (no such key")
    assert "Check" not in told


# -- the lines --------------------------------------------------------------------

PROFILES = {
    "none there": ("", '[capabilities]\nimage = "no"\n'),
    "no section": ('like = "openai"\n', 'like = "openai"\n\n[capabilities]\nimage = "no"\n'),
    "a new line": (
        '[capabilities]\nedit = "yes" # seen\n\n# pictures\n[limits]\nimages = 1\n',
        '[capabilities]\nedit = "yes" # seen\nimage = "no"\n\n# pictures\n[limits]\nimages = 1\n',
    ),
    "an old line": ('[capabilities]\nimage="yes"#!\n', '[capabilities]\nimage="no"#!\n'),
    "an empty section": (
        "[capabilities]\n# nothing\n[limits]\n",
        '[capabilities]\nimage = "no"\n# nothing\n[limits]\n',
    ),
}


@pytest.mark.parametrize("case", PROFILES)
def test_a_profiles_other_lines_stay_as_they_are(case):
    before, after = PROFILES[case]
    assert with_capabilities(before, {"image": "no"}, "x.toml") == after


def test_line_ends_of_windows_stay():
    before = '[capabilities]\r\nimage = "yes"\r\n'
    assert with_capabilities(before, {"image": "no"}, "x.toml") == before.replace("yes", "no")


@pytest.mark.parametrize(
    "text",
    [
        'capabilities = { image = "yes" }\n',
        'capabilities.image = "yes"\n',
        'source = """\n[capabilities]\nimage = "yes"\n"""\n[capabilities]\nimage = "yes"\n',
    ],
)
def test_another_form_is_left_as_it_is_and_the_lines_are_told(text):
    tomllib.loads(text)
    with pytest.raises(ConfigError, match='Write into it yourself: image = "no"'):
        with_capabilities(text, {"image": "no"}, "x.toml")
