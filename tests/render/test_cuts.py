"""Long Markdown is cut where little is lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.model import Capabilities
from core.render import split

words = st.lists(st.text("ab中", min_size=1, max_size=9), min_size=1, max_size=40).map(" ".join)
rows = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=6)
tables = rows.map(
    lambda cells: "| a | b |\n|---|---|\n" + "".join(f"| {a} | {b} |\n" for a, b in cells)
)
formulas = st.sampled_from(["$$\nx\n=\ny\n$$\n", "\\[\nx\n+ y\n\\]\n", "$$x = y$$\n"])


def pieces(text, limit, markup="markdown"):
    caps = Capabilities(source="test", text_limit=limit, markup=markup)
    return list(split(text, caps))


@given(words, st.one_of(tables, formulas), words, st.integers(100, 200))
@example("x" * 90, "| a | b |\n|---|---|\n| 1 | 2 |\n", "y", 100)
def test_a_table_or_formula_that_fits_is_in_one_piece(before, whole, after, limit):
    text = f"{before}\n\n{whole}\n{after}"
    found = pieces(text, limit)
    assert "".join(found) == text
    assert any(whole in piece for piece in found)


def test_a_table_too_long_for_a_piece_is_cut_between_rows():
    row = "| 12 | 34 |\n"
    found = pieces("| a | b |\n|---|---|\n" + row * 40, 100)
    assert len(found) > 4
    assert all(piece.startswith("|") and piece.endswith("|\n") for piece in found)


def test_a_table_inside_code_is_code():
    text = "```\n" + "| a | b |\n|---|---|\n" * 6 + "```\n"
    assert len(pieces(text, 60)) > 2


@pytest.mark.parametrize("markup", ["markdown", "plain"])
def test_a_list_is_cut_before_an_item_at_the_margin(markup):
    text = "- one two three\n  - four five\n- six\n  - seven eight nine\n  - ten\n  - eleven"
    assert pieces(text, 56, markup)[0] == "- one two three\n  - four five\n"


def test_many_tables_and_formulas_are_cut_in_no_time():
    assert "".join(pieces("$$\n" * 20_000, 3500)) == "$$\n" * 20_000
