"""Completions, edits, several answers, vectors and subtitles as they come, right and wrong."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RelayError, RelayGarbage, RelayInvalid, RelayUnavailable
from core.relay.decode import decode_chat, decode_completion, decode_edit, decode_embeddings
from core.relay.decode_media import decode_transcription
from core.request import CompletionRequest, EditRequest, EmbeddingRequest, TextFormat
from core.response import Segment, Usage
from tests.relays.stage import ORIGIN, ask

PROMPT = CompletionRequest(prompt="three small words")
EDIT = EditRequest(instruction="fix it", input="a b")
TWO = EmbeddingRequest(inputs=("one", "two"))


def body(**told: Any) -> bytes:
    return json.dumps(told).encode()


# -- several answers -----------------------------------------------------------


def test_the_first_choice_is_the_answer_and_the_others_are_alternatives() -> None:
    choices = [
        {"index": 1, "message": {"content": "b"}, "finish_reason": "length"},
        {"index": 0, "message": {"content": "a"}, "finish_reason": "stop"},
        {"index": 2, "message": {"content": None}},
    ]
    chat = decode_chat(body(choices=choices), ask(n=3), ORIGIN)
    assert (chat.text, chat.alternatives, chat.finish_reason) == ("a", ("b", ""), "stop")
    assert chat.usage.completion_tokens == 3
    assert chat.usage.estimated


def test_completions_come_in_their_order_with_the_first_ones_reason() -> None:
    choices = [{"text": "b", "index": 1}, {"text": "a", "index": 0, "finish_reason": "length"}]
    told = decode_completion(body(choices=choices, model="m"), PROMPT, ORIGIN)
    assert (told.texts, told.finish_reason, told.model) == (("a", "b"), "length", "m")


def test_a_completion_of_no_text_is_empty_text() -> None:
    told = decode_completion(body(choices=[{"text": ""}]), PROMPT, ORIGIN)
    assert told.texts == ("",)


def test_usage_that_was_not_told_is_estimated_from_both_sides() -> None:
    told = decode_completion(body(choices=[{"text": "你好"}]), PROMPT, ORIGIN)
    assert told.usage == Usage(prompt_tokens=4, completion_tokens=2, estimated=True)
    told = decode_edit(body(choices=[{"text": "a b"}]), EDIT, ORIGIN)
    assert told.usage == Usage(prompt_tokens=6, completion_tokens=3, estimated=True)
    usage = {"prompt_tokens": 7, "completion_tokens": 1}
    told = decode_edit(body(choices=[{"text": "a"}], usage=usage), EDIT, ORIGIN)
    assert told.usage == Usage(prompt_tokens=7, completion_tokens=1)


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": 0, "completion_tokens": 0}])
def test_usage_that_counts_nothing_is_estimated(usage: dict[str, int]) -> None:
    choice = {"text": "a b", "message": {"content": "a b"}}
    whole = body(choices=[choice], usage=usage)
    assert decode_edit(whole, EDIT, ORIGIN).usage == Usage(
        prompt_tokens=6, completion_tokens=3, estimated=True
    )
    told = decode_chat(whole, ask("a b"), ORIGIN).usage
    assert (told.estimated, told.completion_tokens) == (True, 3)


@pytest.mark.parametrize(
    "told", [{}, {"choices": []}, {"choices": [{"message": {"content": "a chat"}}]}]
)
def test_what_is_no_completion_is_garbage(told: dict[str, Any]) -> None:
    with pytest.raises(RelayGarbage):
        decode_completion(body(**told), PROMPT, ORIGIN)
    with pytest.raises(RelayGarbage):
        decode_edit(body(**told), EDIT, ORIGIN)


# -- embeddings ----------------------------------------------------------------


def vectors(*numbered: tuple[int | None, float]) -> bytes:
    rows = [
        {"embedding": [value, 0]} | ({} if index is None else {"index": index})
        for index, value in numbered
    ]
    return body(data=rows, model="m", usage={"prompt_tokens": 8, "total_tokens": 8})


@pytest.mark.parametrize(
    "answer",
    [
        vectors((0, 0.5), (1, 0.25)),
        vectors((1, 0.25), (0, 0.5)),
        vectors((None, 0.5), (None, 0.25)),
        vectors((0, 0.5), (0, 0.25)),
    ],
    ids=["in order", "out of order", "without numbers", "all numbered 0"],
)
def test_vectors_come_in_their_inputs_order(answer: bytes) -> None:
    told = decode_embeddings(answer, TWO, ORIGIN)
    assert told.vectors == ((0.5, 0.0), (0.25, 0.0))
    assert told.usage == Usage(prompt_tokens=8)


def test_an_embeddings_usage_is_estimated_where_none_is_told() -> None:
    told = decode_embeddings(body(data=[{"embedding": [1]}] * 2), TWO, ORIGIN)
    assert told.usage == Usage(prompt_tokens=3, estimated=True)


@pytest.mark.parametrize(
    "answer",
    [
        vectors((0, 0.5)),
        vectors((0, 0.5), (1, 0.5), (2, 0.5)),
        vectors((1, 0.5), (2, 0.5)),
        vectors((1, 0.5), (1, 0.5)),
        body(data=[{"embedding": []}] * 2),
        body(data=[{"embedding": "AACAPw=="}] * 2),
        body(),
    ],
)
def test_vectors_that_are_not_one_an_input_are_garbage(answer: bytes) -> None:
    with pytest.raises(RelayGarbage):
        decode_embeddings(answer, TWO, ORIGIN)


# -- transcriptions ------------------------------------------------------------

SRT = "1\n00:00:00,000 --> 00:00:01,500\n你好。\n"


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_plain_text_and_subtitles_come_as_they_are(form: TextFormat) -> None:
    assert decode_transcription(SRT.encode(), ORIGIN, form).text == SRT
    assert decode_transcription(b"\xef\xbb\xbf" + SRT.encode(), ORIGIN, form).text == SRT
    assert decode_transcription(b"", ORIGIN, form).text == ""
    assert decode_transcription(b"{hm} he said", ORIGIN, form).text == "{hm} he said"


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_a_relay_that_answers_json_whatever_was_asked_is_understood(form: TextFormat) -> None:
    assert decode_transcription(b'{"text":"hi"}', ORIGIN, form).text == "hi"


@pytest.mark.parametrize("form", ["json", "text", "srt", "verbose_json", "vtt"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b'{"error":{"message":"x","type":"invalid_request_error"}}', RelayInvalid),
        (b' {"code":5,"msg":"x"}', RelayUnavailable),
        (b'{"success":false,"message":"x"}', RelayUnavailable),
        (b"<!DOCTYPE html><p>x", RelayGarbage),
        (b"\xff\xfe\x00", RelayGarbage),
    ],
)
def test_an_error_in_place_of_text_is_an_error(
    form: TextFormat, answer: bytes, kind: type[RelayError]
) -> None:
    with pytest.raises(kind):
        decode_transcription(answer, ORIGIN, form)


def test_the_verbose_form_tells_language_length_and_segments() -> None:
    answer = body(
        text="Hi there.",
        language="english",
        duration=2.5,
        segments=[{"id": 0, "start": 0, "end": 1.5, "text": "Hi", "tokens": [1]}],
    )
    told = decode_transcription(answer, ORIGIN, "verbose_json")
    assert (told.text, told.language, told.duration_s) == ("Hi there.", "english", 2.5)
    assert told.segments == (Segment(start_s=0.0, end_s=1.5, text="Hi"),)


@given(st.binary(max_size=60), st.sampled_from(["json", "text", "verbose_json"]))
def test_any_body_is_heard_or_a_relay_error(answer: bytes, form: TextFormat) -> None:
    with suppress(RelayError):
        assert isinstance(decode_transcription(answer, ORIGIN, form).text, str)
