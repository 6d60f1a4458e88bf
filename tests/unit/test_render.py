"""Replies fitted to a platform: markup, media, and cutting."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from wcwidth import iter_graphemes, width

from core.model import Capabilities, Media, Text
from core.render import render, split
from core.render.markup import plain, terminal

UNITS = {
    "characters": len,
    "utf8_bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf16_units": lambda text: sum(2 if ord(char) > 0xFFFF else 1 for char in text),
}
IMAGE = Media(kind="image", blob="b1", name="cat.png", size_bytes=2049)

spicy = st.text(
    st.one_of(
        st.sampled_from("a .\n\r\t`*_~|#-。！é́中文👩‍👧🇩🇪\u200d\ufe0f\U0001f3fd\x1b"),
        st.characters(),
    )
)
words = st.text("ab中é👩", min_size=1, max_size=12)
lines = st.lists(words, min_size=1, max_size=6).map(" ".join)
code = st.tuples(st.sampled_from(["", "py", "c++"]), st.lists(lines, min_size=1, max_size=8)).map(
    lambda block: f"```{block[0]}\n" + "\n".join(block[1]) + "\n```"
)
BLOCK = re.compile(r"^```.*\n([^`]*)^```$", re.MULTILINE)
documents = st.lists(st.one_of(lines, code), min_size=1, max_size=8).map("\n\n".join)


def caps(**fields):
    return Capabilities(**{"source": "test", "markup": "markdown", **fields})


def texts(parts):
    return [part.text for part in parts]


# -- cutting -----------------------------------------------------------------


@given(spicy, st.integers(1, 60), st.sampled_from(list(UNITS)))
def test_pieces_of_text_without_fences_join_to_the_text_and_fit(text, limit, unit):
    text = text.replace("```", "").replace("~~~", "")
    assume(all(UNITS[unit](cluster) <= limit for cluster in iter_graphemes(text)))
    pieces = list(split(text, caps(text_limit=limit, text_unit=unit)))
    assert "".join(pieces) == text
    assert all(1 <= UNITS[unit](piece) <= limit for piece in pieces)


@given(spicy, st.integers(1, 30), st.sampled_from(list(UNITS)))
@example("abc \u0301def", 6, "characters")
@example("ab。\ufe0fdef", 5, "characters")
def test_no_grapheme_is_cut(text, limit, unit):
    clusters = list(iter_graphemes(text))
    assume(all(UNITS[unit](cluster) <= limit for cluster in clusters))
    pieces = split(text, caps(text_limit=limit, text_unit=unit, markup="plain"))
    assert [cluster for piece in pieces for cluster in iter_graphemes(piece)] == clusters


@given(documents, st.integers(24, 90), st.sampled_from(list(UNITS)))
def test_a_fence_that_is_cut_is_closed_and_reopened_with_its_language(text, limit, unit):
    pieces = list(split(text, caps(text_limit=limit, text_unit=unit)))
    assert all(1 <= UNITS[unit](piece) <= limit for piece in pieces)
    for piece in pieces:
        assert len(re.findall("^```", piece, re.MULTILINE)) % 2 == 0
        assert not [block for block in BLOCK.findall(piece) if not block]
    assert coded(pieces) == coded([text])


def coded(pieces):
    """Each character but fences and line ends, with the language it stands in."""
    found, language = [], None
    for line in (line for piece in pieces for line in piece.split("\n")):
        if line.startswith("```"):
            language = line[3:] if language is None else None
        else:
            found += [(char, language) for char in line]
    return found


@given(spicy, st.integers(0, 8), st.sampled_from(list(UNITS)))
def test_only_a_grapheme_above_the_limit_raises(text, limit, unit):
    too_large = any(UNITS[unit](cluster) > limit for cluster in iter_graphemes(text))
    try:
        list(split(text, caps(text_limit=limit, text_unit=unit)))
    except ValueError:
        assert too_large
    else:
        assert not too_large


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("one two.\n\nthree four", 14, ["one two.\n\n", "three four"]),
        ("one two.\nthree. four", 16, ["one two.\n", "three. four"]),
        ("One two. Three four", 13, ["One two. ", "Three four"]),
        ("今天天气很好。我们去公园吧", 9, ["今天天气很好。", "我们去公园吧"]),
        ("真的吗！是的", 5, ["真的吗！", "是的"]),
        ("seven words here", 13, ["seven words ", "here"]),
        ("a b cdefghijklmnop", 10, ["a b cdefgh", "ijklmnop"]),
        ("0123456789", 4, ["0123", "4567", "89"]),
    ],
    ids=["blank line", "line", "sentence", "句号", "叹号", "word", "no waste", "no place at all"],
)
def test_the_best_place_is_cut(text, limit, pieces):
    assert list(split(text, caps(text_limit=limit))) == pieces


def test_a_cut_in_code_repeats_the_fence():
    text = "See:\n```python\nfirst()\nsecond()\nthird()\n```\nDone."
    assert list(split(text, caps(text_limit=36))) == [
        "See:\n```python\nfirst()\nsecond()\n```",
        "```python\nthird()\n```\nDone.",
    ]


def test_fences_are_left_alone_where_no_room_is_for_them():
    text = "```python\n" + "x" * 20 + "\n```"
    assert "".join(split(text, caps(text_limit=12))) == text


def test_fences_mean_nothing_in_text_that_is_not_markdown():
    text = "```\n" + "word " * 20
    assert "".join(split(text, caps(text_limit=40, markup="plain"))) == text


def test_text_that_measures_the_limit_is_one_piece():
    text = "你" * 10
    assert list(split(text, caps(text_limit=30, text_unit="utf8_bytes"))) == [text]
    assert len(list(split(text, caps(text_limit=29, text_unit="utf8_bytes")))) == 2


# -- fitting a reply ---------------------------------------------------------


@given(
    spicy,
    st.integers(0, 40),
    st.sampled_from(list(UNITS)),
    st.sampled_from(["markdown", "terminal", "plain"]),
    st.sampled_from([0, 1, 3, "unlimited"]),
)
@example("👩\u200d👩👩", 2, "characters", "plain", "unlimited")
def test_render_never_raises_and_sends_nothing_blank_or_too_long(text, limit, unit, markup, sends):
    fit = caps(text_limit=limit, text_unit=unit, markup=markup, sends_per_message=sends)
    shown = render((Text(text=text), IMAGE), fit)
    assert sends == "unlimited" or len(shown) <= sends
    for piece in texts(shown):
        assert piece.strip()
        assert UNITS[unit](piece) <= limit


def test_short_markdown_goes_as_it_stands():
    parts = (Text(text="**Hello** `you`"),)
    assert render(parts, caps(text_limit=4096)) is parts


def test_blank_text_is_not_sent():
    assert render((Text(text=" \n"), Text(text="a")), caps()) == (Text(text="a"),)
    assert render((Text(text=" \n"),), caps()) == ()


def test_pieces_lose_the_empty_lines_of_the_cut():
    parts = render((Text(text="one two.\n\nthree four"),), caps(text_limit=14))
    assert texts(parts) == ["one two.", "three four"]


def test_media_goes_as_it_is_where_the_platform_takes_it():
    assert render((IMAGE,), caps(media=frozenset({"image"}))) == (IMAGE,)


@pytest.mark.parametrize(
    "fields",
    [{"media": frozenset({"voice"})}, {"media": frozenset({"image"}), "media_limit_bytes": 2048}],
    ids=["wrong kind", "too large"],
)
def test_media_the_platform_cannot_take_is_named(fields):
    assert texts(render((IMAGE,), caps(**fields))) == ["🖼 cat.png (3 KB)"]


def test_media_of_the_largest_size_is_sent():
    assert render((IMAGE,), caps(media=frozenset({"image"}), media_limit_bytes=2049)) == (IMAGE,)


def test_past_the_sends_of_a_message_the_last_text_says_that_more_was_said():
    parts = render((Text(text="aaaa bbbb cccc"),), caps(text_limit=6, sends_per_message=2))
    assert texts(parts) == ["aaaa ", "bbbb\n…"]


def test_a_grapheme_larger_than_a_piece_loses_marks_instead_of_the_reply():
    parts = render((Text(text="e" + "\u0301" * 50 + "nd"),), caps(text_limit=10))
    assert "".join(texts(parts)) == "e" + "\u0301" * 9 + "nd"


# -- markup ------------------------------------------------------------------

MARKDOWN = """# Tall *tale*

Some **bold** and *soft* `co*de*`, [a page](http://x.test/) and <http://y.test/>.

- one
  1. deep
- two

> said

```py
a  = "**b**"
```

| 名字 | n |
|---|---|
| 张三丰 | 1 |
| Li | 22 |
"""


def test_plain_text_keeps_words_code_links_and_rows():
    assert plain(MARKDOWN) == (
        "Tall tale\n\n"
        "Some bold and soft co*de*, a page (http://x.test/) and http://y.test/.\n\n"
        "• one\n  1. deep\n• two\n\n"
        "> said\n\n"
        'a  = "**b**"\n\n'
        "名字 | n\n张三丰 | 1\nLi | 22"
    )


def test_a_terminal_shows_bold_and_dim_and_aligned_rows():
    shown = terminal(MARKDOWN)
    assert "\x1b[1mbold\x1b[22m" in shown
    assert "\x1b[3msoft\x1b[23m" in shown
    assert "\x1b[2mco*de*\x1b[22m" in shown
    *_, head, rule, first, second = shown.split("\n")
    assert head == "\x1b[1m名字    n\x1b[22m"
    assert (rule, first, second) == ("──────  ──", "张三丰  1", "Li      22")
    assert width("张三丰  ") == width("Li      ")


@given(spicy)
def test_no_text_can_steer_a_terminal(text):
    own = {"\x1b[1m", "\x1b[22m", "\x1b[3m", "\x1b[23m", "\x1b[9m", "\x1b[29m", "\x1b[2m"}
    rest = terminal(text)
    for sequence in own:
        rest = rest.replace(sequence, "")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", rest)


@pytest.mark.parametrize(
    "text",
    ["*a " * 3000 + "a* " * 3000, "[" * 9000, "> " * 3000 + "x", "- " * 3000 + "x", "`" * 9000],
    ids=["emphasis", "links", "quotes", "lists", "code"],
)
def test_deep_nesting_is_shown_and_not_feared(text):
    assert plain(text)
    assert terminal(text)
