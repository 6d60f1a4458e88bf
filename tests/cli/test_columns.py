"""Rows as a terminal shows them."""

from bots.columns import columns, width


def test_chinese_takes_two_columns() -> None:
    assert width("智增增") == 6
    assert list(columns([("智增", "a"), ("main", "b")])) == ["智增  a", "main  b"]


def test_what_no_terminal_shows_counts_as_characters() -> None:
    assert width("a\x07b") == 3


def test_lines_end_where_their_words_do() -> None:
    assert list(columns([("one", "", ""), ("three", "x", "")])) == ["one", "three  x"]
