"""Entities: found, given, and parsed from HTML and MarkdownV2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.helpers import escape_markdown

from bots.sandbox.telegram.entities import LIMIT, check
from bots.sandbox.telegram.failure import Refused
from bots.sandbox.telegram.formatted import format_text
from bots.sandbox.telegram.html import parse_html
from bots.sandbox.telegram.markdown import parse_markdown
from bots.sandbox.telegram.utf16 import cut, units


def shown(text, entities):
    """Each entity's type and what it covers."""
    return [
        (entity["type"], cut(text, entity["offset"], entity["offset"] + entity["length"]))
        for entity in entities
    ]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a</b> <i>b</i>", "a b", [("bold", "a"), ("italic", "b")]),
        ("<b>a <i>b</i></b>", "a b", [("bold", "a b"), ("italic", "b")]),
        ("😀<u>é</u>&lt;&amp;&#33;", "😀é<&!", [("underline", "é")]),
        ("<s>x</s><tg-spoiler>y</tg-spoiler>", "xy", [("strikethrough", "x"), ("spoiler", "y")]),
        ('<a href="https://e.org/?a=1&amp;b">x</a>', "x", [("text_link", "x")]),
        ('<pre><code class="language-py">x = 1</code></pre>', "x = 1", [("pre", "x = 1")]),
        ("<blockquote>q</blockquote>", "q", [("blockquote", "q")]),
        ('<span class="tg-spoiler">y</span>', "y", [("spoiler", "y")]),
        ("<b></b>plain", "plain", []),
    ],
)
def test_html_becomes_entities(source, text, entities):
    made, found = parse_html(source)
    assert (made, shown(made, found)) == (text, entities)


def test_html_keeps_addresses_and_languages():
    _, (link,) = parse_html('<a href="https://e.org/?a=1&amp;b">x</a>')
    _, (code,) = parse_html('<pre><code class="language-py">x</code></pre>')
    assert (link["url"], code["language"]) == ("https://e.org/?a=1&b", "py")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("<b>x", "Can't find end tag corresponding to start tag b"),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'expected "</b>", found "</i>"'),
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
    ],
)
def test_wrong_html_is_refused(source, why):
    with pytest.raises(Refused, match=r"^Bad Request: can't parse entities: ") as refusal:
        parse_html(source)
    assert why in refusal.value.description


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*a* _b_", "a b", [("bold", "a"), ("italic", "b")]),
        (
            "__a__ ~b~ ||c||",
            "a b c",
            [("underline", "a"), ("strikethrough", "b"), ("spoiler", "c")],
        ),
        ("*a _b_*", "a b", [("bold", "a b"), ("italic", "b")]),
        ("`a*b` 1\\.5", "a*b 1.5", [("code", "a*b")]),
        ("```py\nx = [1]\n```", "x = [1]\n", [("pre", "x = [1]\n")]),
        ("[x](https://e\\.org/a_b)", "x", [("text_link", "x")]),
        (">q1\n>q2\nafter", "q1\nq2\nafter", [("blockquote", "q1\nq2")]),
        ("before\n>*q*", "before\nq", [("blockquote", "q"), ("bold", "q")]),
    ],
)
def test_markdown_becomes_entities(source, text, entities):
    made, found = parse_markdown(source)
    assert (made, shown(made, found)) == (text, entities)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("1.5", "Character '.' is reserved"),
        ("a *b", "Can't find end of bold entity"),
        ("[x", "Can't find end of text_link entity"),
        ("# head", "Character '#' is reserved"),
        ("*a _b*_", "Can't find end of italic entity"),
    ],
)
def test_wrong_markdown_is_refused(source, why):
    with pytest.raises(Refused) as refusal:
        parse_markdown(source)
    assert why in refusal.value.description


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_a_peer_escapes_comes_back_as_it_was(text):
    made, entities = parse_markdown(escape_markdown(text, version=2))
    assert (made, entities) == (text, [])


@given(st.text(), st.integers(-3, 30), st.integers(-3, 30))
def test_entities_are_refused_or_within_the_text(text, offset, length):
    try:
        made = format_text(text, "", [{"type": "bold", "offset": offset, "length": length}])
    except Refused:
        return
    for entity in made.entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(made.text)


def test_white_space_goes_but_not_from_the_front_of_an_entity():
    pre = {"type": "pre", "offset": 1, "length": 6}
    made = format_text("\n  x  \n", "", [pre])
    assert (made.text, shown(made.text, made.entities)) == ("  x", [("pre", "  x")])


def test_code_holds_no_other_format_and_overlaps_are_cut():
    text = "one two three"
    code = {"type": "code", "offset": 0, "length": 7}
    bold = {"type": "bold", "offset": 4, "length": 9}
    italic = {"type": "italic", "offset": 8, "length": 5}
    assert shown(text, check([code, bold, italic], text)) == [
        ("code", "one two"),
        ("italic", "three"),
    ]
    first = {"type": "bold", "offset": 0, "length": 7}
    second = {"type": "italic", "offset": 4, "length": 9}
    assert shown(text, check([first, second], text)) == [("bold", "one two"), ("italic", "two")]


def test_no_command_is_found_in_code():
    made = format_text("run /help", "", [{"type": "code", "offset": 0, "length": 9}])
    assert shown(made.text, made.entities) == [("code", "run /help")]


def test_more_entities_than_telegram_keeps_are_dropped():
    text = "x " * 150
    given_ = [{"type": "bold", "offset": 2 * n, "length": 1} for n in range(150)]
    assert len(format_text(text, "", given_).entities) == LIMIT


def test_an_unknown_parse_mode_is_refused():
    with pytest.raises(Refused, match="unsupported parse_mode"):
        format_text("x", "BBCode", None)
