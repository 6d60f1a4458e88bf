"""Chunk by chunk; what relays send in practice is in tests/relays/streams."""

from itertools import pairwise
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    ParleyError,
    RelayGarbage,
    RelayUnavailable,
)
from core.relay.stream import StreamDecoder, StreamForm
from core.response import Chunk, Usage
from tests.relays.stage import DONE, ORIGIN, ask, event, payload

TAIL = event("", "stop") + DONE


def decode(*pieces: bytes, line_bytes: int = 2**20) -> list[Chunk]:
    decoder = StreamDecoder(ask("two words"), ORIGIN, line_bytes)
    chunks = [chunk for piece in pieces for chunk in decoder.feed(piece)]
    return chunks + list(decoder.finish())


def test_a_recorded_stream_with_usage_in_its_last_choice() -> None:
    chunks = decode(payload("rcouyi_chat_stream.sse"))
    assert [chunk.text for chunk in chunks] == ["你好。", ""]
    assert chunks[-1] == Chunk(
        finish_reason="stop",
        model="gpt3.5",
        usage=Usage(prompt_tokens=19, completion_tokens=13),
    )


def test_only_the_last_chunk_has_reason_and_usage() -> None:
    *said, last = decode(event("a"), event("b", "stop"), DONE)
    assert all(chunk.finish_reason == "" and chunk.usage is None for chunk in said)
    assert last.finish_reason == "stop"
    assert last.usage is not None


def test_each_read_is_one_chunk_with_the_model_that_was_told() -> None:
    decoder = StreamDecoder(ask(), ORIGIN)
    thought = b'data: {"model":"m","choices":[{"delta":{"reasoning_content":"Hm."}}]}\n\n'
    assert list(decoder.feed(thought)) == [Chunk(reasoning="Hm.", model="m")]
    assert list(decoder.feed(event("Hel") + event("lo"))) == [Chunk(text="Hello", model="m")]
    assert list(decoder.feed(b": keep-alive\n\n" + event("", "stop"))) == []
    (last,) = decoder.finish()
    assert last.model == "m"


def test_text_is_told_before_the_error_that_follows_it_in_the_same_read() -> None:
    decoder = StreamDecoder(ask(), ORIGIN)
    chunks = iter(decoder.feed(event("ha") + event("lf") + b'data: {"error":"broken"}\n\n'))
    assert next(chunks).text == "half"
    with pytest.raises(RelayUnavailable, match="broken"):
        next(chunks)


def test_a_line_without_end_is_left_at_the_limit() -> None:
    decoder = StreamDecoder(ask(), ORIGIN, 1000)
    for _ in range(10):
        assert list(decoder.feed(b"x" * 100)) == []
    with pytest.raises(RelayGarbage, match="line of over 1000 bytes"):
        list(decoder.feed(b"x"))


def test_a_line_past_the_limit_is_left_even_if_it_comes_at_once() -> None:
    with pytest.raises(RelayGarbage, match="line of over 1000 bytes"):
        decode(event("x" * 2000) + TAIL, line_bytes=1000)


def outcome(pieces: list[bytes], form: StreamForm = "events") -> tuple[list[Chunk], str]:
    decoder = StreamDecoder(ask(), ORIGIN, 2000, form=form)
    chunks: list[Chunk] = []
    try:
        for piece in pieces:
            chunks.extend(decoder.feed(piece))
        chunks.extend(decoder.finish())
    except ParleyError as error:
        return chunks, f"{type(error).__name__} {error}"
    return chunks, ""


@given(
    texts=st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 2000), max_size=12),
)
def test_any_texts_arrive_whole_however_their_bytes_are_cut(
    texts: list[str], cuts: list[int]
) -> None:
    stream = b"".join(map(event, texts)) + TAIL
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    chunks = decode(*pieces)
    assert "".join(chunk.text for chunk in chunks) == "".join(texts)
    assert len(chunks) <= len(pieces) + 1


@given(st.binary(max_size=300), st.booleans(), st.sampled_from(get_args(StreamForm)))
def test_any_bytes_end_in_chunks_or_in_a_relay_error(
    noise: bytes, framed: bool, form: StreamForm
) -> None:
    chunks, failure = outcome([b"data: " + noise + b"\n\n" if framed else noise], form)
    assert failure.isprintable()
    assert failure or chunks[-1].finish_reason


_WORDS = st.sampled_from(("choices", "delta", "content", "error", "code", "msg", "usage", "text"))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4), st.sampled_from(get_args(StreamForm)))
def test_any_json_ends_in_chunks_or_in_a_relay_error(told: list[Any], form: StreamForm) -> None:
    chunks, failure = outcome(
        [b"data: " + msgspec.json.encode(json) + b"\n\n" for json in told], form
    )
    assert failure.isprintable()
    assert failure or chunks[-1].finish_reason
