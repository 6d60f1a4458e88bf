import pytest
from aiocqhttp.message import Message, MessageSegment, escape
from hypothesis import given
from hypothesis import strategies as st

from adapters.onebot11.cq import read_cq, unescape
from bots.sandbox.onebot.cqcode import format_cq

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
SEGMENTS = st.lists(
    st.builds(
        lambda kind, data: {"type": kind, "data": data},
        NAMES.filter(lambda name: name != "text"),
        st.dictionaries(NAMES, st.text(max_size=20), max_size=3),
    )
    | st.builds(
        lambda text: {"type": "text", "data": {"text": text}}, st.text(min_size=1, max_size=20)
    ),
    max_size=5,
)


def joined(segments):
    """Texts side by side are one in a string."""
    out = []
    for segment in segments:
        if out and segment["type"] == out[-1]["type"] == "text":
            out[-1] = {
                "type": "text",
                "data": {"text": out[-1]["data"]["text"] + segment["data"]["text"]},
            }
        else:
            out.append(segment)
    return out


@given(SEGMENTS)
def test_what_was_written_is_read_again(segments):
    assert read_cq(format_cq(segments)) == joined(segments)


@given(
    st.lists(st.text(alphabet="&[]#;,amp4913 ", min_size=1, max_size=12), min_size=1, max_size=4)
)
def test_it_reads_as_aiocqhttp_does_whatever_stands_in_a_text(texts):
    written = "[CQ:face,id=1]".join(escape(text, escape_comma=False) for text in texts)
    read = [MessageSegment(segment) for segment in read_cq(written)]
    assert read == list(Message(written))


@given(st.text())
def test_text_without_codes_stays_text(text):
    written = escape(text, escape_comma=False)
    assert read_cq(written) == ([{"type": "text", "data": {"text": text}}] if text else [])


@given(st.text(alphabet="[]CQ:at,qq=1&#9; "))
def test_nothing_makes_it_raise_and_nothing_is_lost(text):
    segments = read_cq(text)
    if "[CQ:" not in text:
        assert "".join(segment["data"]["text"] for segment in segments) == unescape(text)


@pytest.mark.parametrize(
    ("written", "meant"), [("&amp;#91;", "&#91;"), ("&#91;&amp;", "[&"), ("&amp;amp;", "&amp;")]
)
def test_an_escaped_ampersand_is_read_last(written, meant):
    assert unescape(written) == meant


def test_many_open_brackets_take_no_long_time():
    assert len(read_cq("[CQ:a" + ",b=" * 20_000)) == 1
    assert len(read_cq("[CQ:a," * 20_000)) == 1
