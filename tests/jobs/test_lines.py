"""What goes in: checked whole before anything is sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RelayInvalid, RelayTooLarge
from core.jobs.lines import batch_of, joined, parts, read_batch, read_examples
from tests.jobs.stage import URL, jsonl, line


def test_a_batch_is_read_as_it_stands_without_blank_lines():
    content = b"\xef\xbb\xbf" + jsonl([line("a")]) + b"\n\r\n" + jsonl([line("b", "你好")])
    lines = read_batch(content, "q.jsonl")
    assert [one.custom_id for one in lines] == ["a", "b"]
    assert joined([one.raw for one in lines]) == jsonl([line("a"), line("b", "你好")])


WRONG = {
    "no JSON": b"{",
    "no object": b"[1]",
    "no custom_id": jsonl([{k: v for k, v in line("a").items() if k != "custom_id"}]),
    "an empty custom_id": jsonl([line("")]),
    "a custom_id that is a number": jsonl([line("a") | {"custom_id": 7}]),
    "another method": jsonl([line("a") | {"method": "GET"}]),
    "another address": jsonl([line("a") | {"url": "/v1/embeddings"}]),
    "no body": jsonl([{"custom_id": "a", "method": "POST", "url": URL}]),
    "no messages": jsonl([line("a") | {"body": {"model": "m"}}]),
    "no model": jsonl([line("a", model="")]),
    "no UTF-8": b'{"custom_id": "\xff"}',
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_line_that_is_none_is_told_with_its_number(content):
    with pytest.raises(RelayInvalid, match=r"^q\.jsonl, line 3: "):
        read_batch(jsonl([line("x")]) + b"\n" + content, "q.jsonl")


def test_all_problems_are_told_at_once_but_not_thousands():
    with pytest.raises(RelayInvalid) as told:
        read_batch(b"{\n" * 500, "q.jsonl")
    said = str(told.value).splitlines()
    assert len(said) == 12
    assert said[10] == "and 490 more lines"


@pytest.mark.parametrize("read", [read_batch, read_examples])
def test_an_empty_file_is_refused(read):
    with pytest.raises(RelayInvalid, match="got none"):
        read(b"\n \n", "q.jsonl")


def test_prompts_are_numbered_by_their_lines():
    made = batch_of(b"one\n\ntwo\n", "p.txt", model="m", system="s")
    lines = read_batch(made, "p.txt")
    assert [one.custom_id for one in lines] == ["line-1", "line-3"]
    body = json.loads(lines[1].raw)["body"]
    assert body["messages"] == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "two"},
    ]
    with pytest.raises(RelayInvalid, match="line 1: expected UTF-8"):
        batch_of(b"\xff\xfe", "p.txt", model="m")


def test_examples_are_objects():
    assert read_examples(b'{"a": 1}\n\n{"b": 2}', "t.jsonl") == b'{"a": 1}\n{"b": 2}\n'
    with pytest.raises(RelayInvalid, match=r"t\.jsonl, line 2"):
        read_examples(b'{"a": 1}\n[2]', "t.jsonl")


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30), st.integers(200, 1000))
def test_split_batches_hold_every_line_once_in_order_and_none_is_too_large(texts, limit):
    lines = read_batch(jsonl([line(f"{n}", text) for n, text in enumerate(texts)]), "q.jsonl")
    largest = max(len(one.raw) + 1 for one in lines)
    if largest > limit:
        with pytest.raises(RelayTooLarge, match=f"expected at most {limit} bytes a batch"):
            parts(lines, limit, "q.jsonl")
        return
    made = parts(lines, limit, "q.jsonl")
    assert [one for part in made for one in part] == list(lines)
    sizes = [len(joined([one.raw for one in part])) for part in made]
    assert max(sizes) <= limit
    for part, following in zip(sizes, made[1:], strict=False):
        assert part + len(following[0].raw) + 1 > limit


def test_without_a_limit_there_is_one_batch():
    lines = read_batch(jsonl([line(f"{n}") for n in range(9)]), "q.jsonl")
    assert parts(lines, "unlimited", "q.jsonl") == [lines]
