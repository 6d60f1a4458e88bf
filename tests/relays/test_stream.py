"""Streams as relays send them in practice, from bytes alone."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    ParleyError,
    RelayCut,
    RelayError,
    RelayGarbage,
    RelayRateLimited,
    RelayUnavailable,
)
from core.relay.stream import StreamDecoder, together
from core.response import Chunk, Usage
from tests.relays.stage import DONE, ORIGIN, ask, event, payload

TAIL = event("", "stop") + DONE


def decode(*pieces: bytes, line_bytes: int = 2**20) -> list[Chunk]:
    decoder = StreamDecoder(ask("two words"), ORIGIN, line_bytes)
    chunks = [chunk for piece in pieces for chunk in decoder.feed(piece)]
    return chunks + list(decoder.finish())


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def test_a_recorded_stream_with_usage_in_its_last_choice() -> None:
    chunks = decode(payload("rcouyi_chat_stream.sse"))
    assert [chunk.text for chunk in chunks] == ["你好", "。", ""]
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


def test_usage_in_a_chunk_without_choices_after_the_reason() -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9}}\n\n'
    assert decode(event("a"), event("", "stop"), usage, DONE)[-1].usage == Usage(
        prompt_tokens=7, completion_tokens=9
    )


def test_usage_told_nowhere_is_estimated_and_marked() -> None:
    last = decode(event("你好 world"), TAIL)[-1]
    assert last.usage == Usage(prompt_tokens=3, completion_tokens=4, estimated=True)


def test_a_null_usage_in_each_chunk_is_no_usage() -> None:
    assert decode(event("a", usage=None), TAIL)[-1].usage == Usage(
        prompt_tokens=3, completion_tokens=2, estimated=True
    )


@pytest.mark.parametrize(
    "stream",
    [
        b": keep-alive\n\n" + event("ab") + b": keep-alive\n\n" + TAIL,
        (event("ab") + TAIL).replace(b"data: ", b"data:"),
        (event("ab") + TAIL).replace(b"\n\n", b"\n"),
        (event("ab") + TAIL).replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + event("ab") + TAIL,
        b"event: message\nid: 1\nretry: 3\n" + event("ab") + TAIL,
        b'data: {"choices":[]}\n\n' + event("ab") + TAIL,
        b'data: {"choices":null}\n\n' + event("ab") + TAIL,
        b'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\n\n'
        + event("ab")
        + TAIL,
        b'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n' + event("ab") + TAIL,
        event("ab") + event("", "stop"),
        event("ab") + event("", "stop").strip(),
        event("ab") + TAIL + event("after the end"),
    ],
    ids=[
        "keep-alives",
        "no space",
        "no blank lines",
        "carriage returns",
        "byte order mark",
        "other fields",
        "empty choices",
        "null choices",
        "null content",
        "second choice",
        "no [DONE]",
        "no last line end",
        "after [DONE]",
    ],
)
def test_ways_to_send_the_same_answer(stream: bytes) -> None:
    chunks = decode(stream)
    assert text_of(chunks) == "ab"
    assert chunks[-1].finish_reason == "stop"


def test_reasoning_is_kept_apart() -> None:
    thought = b'data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}\n\n'
    first, second, _ = decode(thought, event("Yes."), TAIL)
    assert (first.text, first.reasoning) == ("", "Hm.")
    assert (second.text, second.reasoning) == ("Yes.", "")


@pytest.mark.parametrize(
    "stream",
    [
        event("half"),
        event("half") + DONE,
        event("half") + event("more")[:30],
        event("half") + b": keep-alive",
        b'data: {"choi',
        DONE,
    ],
    ids=["no reason", "[DONE] alone", "cut in a line", "in a comment", "first line", "empty"],
)
def test_without_a_finish_reason_a_stream_was_cut(stream: bytes) -> None:
    with pytest.raises(RelayCut, match="before its finish_reason"):
        decode(stream)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (b'{"error":{"message":"overloaded","type":"server_error"}}', RelayUnavailable),
        (b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}', RelayRateLimited),
        (b'{"error":{"message":"slow down","code":429}}', RelayRateLimited),
        (b'{"error":"broken"}', RelayUnavailable),
    ],
)
def test_an_error_inside_the_stream_is_raised(error: bytes, kind: type[RelayError]) -> None:
    decoder = StreamDecoder(ask(), ORIGIN)
    assert text_of(list(decoder.feed(event("half")))) == "half"
    with pytest.raises(kind):
        list(decoder.feed(b"data: " + error + b"\n\n"))


@pytest.mark.parametrize(
    "garbage",
    [b"<html>Welcome</html>", b"", b"hello\n\n", b"data: <html>\n\n", b"data: [1]\n\n"],
)
def test_what_is_no_stream_is_garbage(garbage: bytes) -> None:
    with pytest.raises(RelayGarbage):
        decode(garbage)


def test_an_error_in_plain_json_is_read_even_there() -> None:
    with pytest.raises(RelayUnavailable, match="no channel"):
        decode(b'{"error":{"message":"No available channel for model m"}}')


def test_a_line_without_end_is_left_at_the_limit() -> None:
    decoder = StreamDecoder(ask(), ORIGIN, 1000)
    for _ in range(10):
        assert list(decoder.feed(b"x" * 100)) == []
    with pytest.raises(RelayGarbage, match="line of over 1000 bytes"):
        list(decoder.feed(b"x"))


def test_a_line_past_the_limit_is_left_even_if_it_comes_at_once() -> None:
    with pytest.raises(RelayGarbage, match="line of over 1000 bytes"):
        decode(event("x" * 2000) + TAIL, line_bytes=1000)


STREAMS = {
    "rcouyi": payload("rcouyi_chat_stream.sse"),
    "mixed": (
        "\ufeff: hello\n\n".encode()
        + event("你好，")
        + event("𝄞🎉").replace(b"data: ", b"data:")
        + event("e\u0301", "length")
        + b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\r\n\r\n'
        + DONE
    ),
    "cut": event("你好") + event("再见")[:-20],
    "error": event("你好") + b'data: {"error":{"message":"\xe5\x9d\x8f"}}\n\n',
    "garbage": b"no stream \xff at all\n\n",
}


def outcome(pieces: list[bytes]) -> tuple[list[Chunk], str]:
    decoder = StreamDecoder(ask(), ORIGIN, 2000)
    chunks: list[Chunk] = []
    try:
        for piece in pieces:
            chunks.extend(decoder.feed(piece))
        chunks.extend(decoder.finish())
    except ParleyError as error:
        return chunks, f"{type(error).__name__} {error}"
    return chunks, ""


@pytest.mark.parametrize("name", STREAMS)
def test_bytes_split_at_every_position_give_the_same_chunks(name: str) -> None:
    stream = STREAMS[name]
    whole = outcome([stream])
    for at in range(len(stream) + 1):
        assert outcome([stream[:at], stream[at:]]) == whole
    assert outcome([stream[at : at + 1] for at in range(len(stream))]) == whole


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
    assert [chunk.text for chunk in chunks] == [*texts, ""]


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_end_in_chunks_or_in_a_relay_error(noise: bytes, framed: bool) -> None:
    chunks, failure = outcome([b"data: " + noise + b"\n\n" if framed else noise])
    assert failure.isprintable()
    assert failure or chunks[-1].finish_reason


def test_a_chunk_of_wrong_types_is_garbage() -> None:
    with pytest.raises(RelayGarbage):
        decode(b"data: " + msgspec.json.encode({"choices": [{"delta": {"content": [1]}}]}) + b"\n")


def test_what_came_in_one_read_is_one_chunk() -> None:
    decoder = StreamDecoder(ask(), ORIGIN)
    (chunk,) = together(decoder.feed(event("Hel") + event("lo")))
    assert chunk.text == "Hello"
    assert list(together(decoder.feed(b": keep-alive\n\n"))) == []


def test_text_before_an_error_in_the_same_read_is_still_told() -> None:
    chunks = together(
        StreamDecoder(ask(), ORIGIN).feed(event("half") + b'data: {"error": "no"}\n\n')
    )
    assert next(chunks).text == "half"
    with pytest.raises(RelayError):
        next(chunks)
