from hypothesis import given
from hypothesis import strategies as st

from bots.sandbox.onebot.cqcode import escape, format_cq, parse_cq, unescape

NAMES = st.from_regex(r"\A[a-z][a-z_.-]{0,8}\Z").filter(lambda name: name != "text")
SEGMENTS = st.builds(
    lambda kind, data: {"type": kind, "data": data},
    NAMES,
    st.dictionaries(NAMES, st.text(), max_size=3),
)
TEXTS = st.text(min_size=1).map(lambda text: {"type": "text", "data": {"text": text}})


@given(st.lists(SEGMENTS))
def test_codes_are_read_back(segments):
    assert parse_cq(format_cq(segments)) == segments


@given(SEGMENTS, TEXTS, SEGMENTS)
def test_text_between_codes_is_read_back(before, text, after):
    segments = [before, text, after]
    assert parse_cq(format_cq(segments)) == segments


@given(st.text())
def test_escaped_text_is_never_a_code(text):
    assert unescape(escape(text)) == text
    assert unescape(escape(text, value=True)) == text
    assert all(segment["type"] == "text" for segment in parse_cq(escape(text)))
