"""Files, batches and fine-tuning jobs as they come, right and wrong."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RelayError, RelayGarbage, RelayUnavailable, RelayUsedUp
from core.relay.decode_jobs import (
    decode_batch,
    decode_file,
    decode_file_content,
    decode_fine_tune,
)
from tests.relays.stage import ORIGIN


def batch(**more: Any) -> bytes:
    told = {"id": "batch_1", "status": "validating", "input_file_id": "file-1", **more}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("word", "state"),
    [("complete", "completed"), ("completed", "completed"), ("in_progress", "in_progress")],
)
def test_a_batch_that_is_complete_is_completed_by_either_word(word: str, state: str) -> None:
    assert decode_batch(batch(status=word), ORIGIN).state == state


def test_a_batch_in_an_unknown_state_is_garbage_and_its_word_is_told() -> None:
    with pytest.raises(RelayGarbage, match=r"unknown state.*\(pondering\)"):
        decode_batch(batch(status="pondering"), ORIGIN)


def test_what_a_batch_does_not_have_yet_is_empty() -> None:
    told = decode_batch(
        batch(output_file_id=None, error_file_id=None, expires_at=0, completed_at=None), ORIGIN
    )
    assert (told.output_file_id, told.error_file_id) == ("", "")
    assert (told.expires_at, told.completed_at, told.created_at) == (None, None, None)
    assert (told.total, told.completed, told.failed) == (0, 0, 0)


def test_a_batchs_times_and_counts_are_read() -> None:
    counts = {"total": 3, "completed": 2, "failed": 1}
    told = decode_batch(batch(created_at=1713379397, request_counts=counts), ORIGIN)
    assert told.created_at == datetime(2024, 4, 17, 18, 43, 17, tzinfo=UTC)
    assert (told.total, told.completed, told.failed) == (3, 2, 1)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (None, ()),
        ({"object": "list", "data": []}, ()),
        (
            {"data": [{"code": "x", "message": "bad", "line": 3}, {"message": "worse"}]},
            ("line 3: bad", "worse"),
        ),
        ([{"code": "only_code"}], ("only_code",)),
        ("in words", ("in words",)),
    ],
)
def test_a_batchs_errors_are_read_in_every_form(told: Any, read: tuple[str, ...]) -> None:
    assert decode_batch(batch(errors=told), ORIGIN).errors == read


def test_a_time_that_is_none_is_garbage() -> None:
    with pytest.raises(RelayGarbage, match="a time that is none"):
        decode_batch(batch(created_at=10**18), ORIGIN)


@pytest.mark.parametrize("error", [None, {}, {"message": None}, {"code": None, "message": ""}])
def test_a_fine_tuning_job_without_an_error_has_none(error: Any) -> None:
    body = json.dumps({"id": "ft-1", "status": "pending", "model": "m", "error": error}).encode()
    told = decode_fine_tune(body, ORIGIN)
    assert (told.state, told.error, told.fine_tuned_model) == ("pending", "", "")


def test_a_failed_fine_tuning_job_tells_why_and_is_still_a_job() -> None:
    error = {"code": "invalid", "message": "too few lines"}
    body = json.dumps({"id": "ft-1", "status": "failed", "model": "m", "error": error}).encode()
    assert decode_fine_tune(body, ORIGIN).error == "too few lines"


DECODERS: list[Callable[[bytes], object]] = [
    lambda body: decode_file(body, ORIGIN),
    lambda body: decode_batch(body, ORIGIN),
    lambda body: decode_fine_tune(body, ORIGIN),
    lambda body: decode_file_content(body, "application/json", ORIGIN),
]


@pytest.mark.parametrize("decode", DECODERS)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"message":"x","code":"insufficient_user_quota"}}', RelayUsedUp),
        (b'{"error":{"message":"x"}}', RelayUnavailable),
        (b'{"success":false,"message":"x"}', RelayUnavailable),
        (b'{"code":17,"msg":"x"}', RelayUnavailable),
    ],
)
def test_a_complaint_in_place_of_a_job_is_that_error(
    decode: Callable[[bytes], object], body: bytes, kind: type[RelayError]
) -> None:
    with pytest.raises(kind, match=r"\(x\)"):
        decode(body)


@pytest.mark.parametrize("decode", DECODERS[:3])
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html>hi</html>", b'{"id":"a","status":[]}'])
def test_what_is_no_job_is_garbage(decode: Callable[[bytes], object], body: bytes) -> None:
    with pytest.raises(RelayGarbage):
        decode(body)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"custom_id":"1","error":{"message":"refused"}}\n',
        b'{"custom_id":"1","error":null}\n{"custom_id":"2"}\n',
        b'{"messages":[]}',
        b'{"prompt":"a","completion":"b"}\n',
        b"step,loss\n1,0.5\n",
        b"\xff\x00 anything",
    ],
)
def test_a_file_comes_as_it_is(content: bytes) -> None:
    assert decode_file_content(content, "application/octet-stream", ORIGIN).content == content


def test_a_page_is_no_file() -> None:
    with pytest.raises(RelayGarbage, match="a page"):
        decode_file_content(b"<html>gone</html>", "text/html", ORIGIN)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "status", "created_at", "errors", "error", "data", "code"]),
            inner,
            max_size=5,
        )
    ),
)


@given(ANYTHING.map(json.dumps).map(str.encode) | st.binary(max_size=50))
def test_any_body_is_a_job_or_a_relay_error(body: bytes) -> None:
    for decode in DECODERS:
        with suppress(RelayError):
            assert decode(body) is not None
