"""What comes back: matched by custom_id alone."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs.lines import read_batch
from core.jobs.output import MISSING, as_jsonl, match
from core.response import Usage
from tests.jobs.stage import jsonl, line

PAYLOADS = Path(__file__).parent / "payloads"


def answer(name, text="fine", usage=(10, 5), status=200, **more):
    tokens = {"prompt_tokens": usage[0], "completion_tokens": usage[1]} if usage else None
    body = {"choices": [{"message": {"role": "assistant", "content": text}}], "usage": tokens}
    response = {"status_code": status, "request_id": "r", "body": body}
    return {"id": "batch_x", "custom_id": name, "response": response, "error": None, **more}


def asked(*names, model="gpt-4o"):
    return read_batch(jsonl([line(name, f"about {name}", model) for name in names]), "q.jsonl")


def test_burnhairs_documented_output_answers_its_documented_input():
    lines = read_batch((PAYLOADS / "burnhair_batch_input.jsonl").read_bytes(), "q.jsonl")
    matched = match(lines, (PAYLOADS / "burnhair_batch_output.jsonl").read_bytes())
    first, second = matched.answers
    assert (first.custom_id, first.text) == ("123a", "我，V，谨庄严宣誓。")
    assert first.usage == Usage(prompt_tokens=29, completion_tokens=15)
    assert second.custom_id == "124a"
    assert matched.missing == ()
    told = [json.loads(row) for row in as_jsonl(matched.answers).splitlines()]
    assert [set(one) for one in told] == [{"custom_id", "text", "usage", "error"}] * 2


@given(st.permutations([f"q{n}" for n in range(8)]), st.integers(0, 8))
def test_any_order_in_any_of_the_files_gives_the_same_answers(order, cut):
    lines = asked(*(f"q{n}" for n in range(8)))
    rows = [answer(name, f"to {name}") for name in order]
    matched = match(lines, jsonl(rows[:cut]), jsonl(rows[cut:]))
    assert [(one.custom_id, one.text) for one in matched.answers] == [
        (f"q{n}", f"to q{n}") for n in range(8)
    ]


def test_what_is_missing_is_told_and_keeps_its_place():
    matched = match(asked("a", "b", "c"), jsonl([answer("c"), answer("a")]))
    assert matched.missing == ("b",)
    assert [one.error for one in matched.answers] == [None, MISSING, None]
    assert matched.refused == 0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"error": {"code": "expired", "message": "too late"}, "response": None}, "too late"),
        ({"error": "too late"}, "too late"),
        ({"error": {"code": 7}}, '{"code":7}'),
        ({"response": None}, "status 200 and no answer"),
        ({"response": {"status_code": 503}}, "status 503 and no answer"),
        (
            {"response": {"status_code": 400, "body": {"error": {"message": "no such model"}}}},
            "no such model",
        ),
    ],
)
def test_a_refused_line_says_why(row, said):
    matched = match(asked("a"), jsonl([answer("a") | row]))
    (only,) = matched.answers
    assert (only.error, only.text, only.usage) == (said, "", None)
    assert (matched.refused, matched.missing) == (1, ())


def test_a_good_answer_counts_before_a_refusal_of_the_same_line():
    refused = answer("a") | {"response": None, "error": {"message": "no"}}
    for rows in ([refused, answer("a")], [answer("a"), refused]):
        assert match(asked("a"), jsonl(rows)).answers[0].text == "fine"


def test_lines_that_answer_nothing_or_are_none_are_counted_and_do_no_harm():
    output = jsonl([answer("else"), answer("a")]) + b'{"custom_id"\n\xff\n' + b"[" * 100_000
    matched = match(asked("a"), output)
    assert (matched.answers[0].text, matched.strange, matched.unreadable) == ("fine", 1, 3)


def test_usage_that_the_relay_does_not_tell_is_estimated_and_marked():
    matched = match(asked("a"), jsonl([answer("a", "你好", usage=None)]))
    assert matched.answers[0].usage == Usage(prompt_tokens=3, completion_tokens=2, estimated=True)
