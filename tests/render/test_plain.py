"""Markdown read as plain text, on the phones of people who use QQ and WeChat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.render.bare import is_bare
from core.render.markup import plain, terminal

letters = st.text(
    st.one_of(st.sampled_from("a .\n\t`*_~|#-+=1。é中👩$\\<&[\u3000\u00a0"), st.characters())
)


@given(letters)
def test_text_known_to_be_bare_is_what_the_parser_makes_of_it(text):
    if is_bare(text):
        assert plain(text) == text == terminal(text)


@pytest.mark.parametrize("text", ["你好！", "Hello, world: it's 3 o'clock.", "One.\n\nTwo\nthree"])
def test_most_short_answers_need_no_parser(text):
    assert is_bare(text)


@pytest.mark.parametrize(
    "text", ["a\n- b", "# a", "a\n---", "1. a", "a \nb", "a\n\n\nb", "", "a\n"]
)
def test_what_may_be_markup_goes_to_the_parser(text):
    assert not is_bare(text)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# Plan", "Plan"),
        ("## 计划", "【计划】"),
        ("**注意：**请看", "注意：请看"),
        ("他说**“好”**吧", "他说“好”吧"),
        ("- [x] a\n- [ ] b", "☑ a\n☐ b"),
        ("a<br>b", "a\nb"),
        ("`<br>`", "<br>"),
        ("a <b>c</b>", "a <b>c</b>"),
        ("[a](#b)", "a"),
        ("[a](mailto:b@c.de)", "a (b@c.de)"),
        ("<https://x.test/中>", "https://x.test/中"),
        ("| a | b |\n|-|-|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("| a | b | c |\n|-|-|-|\n| 1 |  | 3 |", "• a: 1\n  c: 3"),
        ("| 名 | b |\n|-|-|\n| 1 | " + "长" * 30 + " |", "• 名：1\n  b：" + "长" * 30),
        ("| a | b | c |\n|-|-|-|", "a | b | c"),
    ],
)
def test_markup_is_read_well_without_any(markdown, shown):
    assert plain(markdown) == shown


words = st.text("abcdeé中文字", min_size=1, max_size=6)
shapes = st.sampled_from(
    ["{}", "# {}", "- {}", "  - {}", "> {}", "1. {}", "**{}**", "`{}`", "*{}*"]
)


@given(st.lists(st.tuples(shapes, words), min_size=1, max_size=12), st.sampled_from(["\n", "\n\n"]))
def test_no_word_is_lost(pieces, between):
    shown = plain(between.join(shape.format(word) for shape, word in pieces))
    for _, word in pieces:
        assert word in shown
        shown = shown[shown.index(word) + len(word) :]


@given(st.lists(st.lists(words, min_size=3, max_size=3), min_size=1, max_size=5))
def test_no_cell_of_a_table_is_lost(rows):
    lines = ["|" + "|".join(row) + "|" for row in [["x", "y", "z"], ["-"] * 3, *rows]]
    shown = plain("\n".join(lines))
    assert [line[2:].partition(": ")[2] for line in shown.split("\n")] == [
        cell for row in rows for cell in row
    ]
