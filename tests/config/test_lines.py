import json
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from bots.config.lines import key_lines, line_of

TRICKY = '''# [not.a.table]
title = "x" # key = 1

[a."b.c"]
text = """
[also.not]
fake = "\\"""
"""
after = [
  "x", # ]
  { inner = 1 },
]
'quoted key' = 2
d.e.f = 3

[[a.list]]
deep = \'\'\'
it's = "not"
\'\'\'
last = 1
'''


def test_each_key_is_found_on_its_line():
    lines = key_lines(TRICKY)
    assert tomllib.loads(TRICKY)
    assert lines == {
        ("title",): 2,
        ("a",): 4,
        ("a", "b.c"): 4,
        ("a", "b.c", "text"): 5,
        ("a", "b.c", "after"): 9,
        ("a", "b.c", "quoted key"): 13,
        ("a", "b.c", "d"): 14,
        ("a", "b.c", "d", "e"): 14,
        ("a", "b.c", "d", "e", "f"): 14,
        ("a", "list"): 16,
        ("a", "list", "deep"): 17,
        ("a", "list", "last"): 20,
    }


def test_a_missing_key_stands_where_its_table_begins():
    lines = key_lines(TRICKY)
    assert line_of(lines, ("a", "b.c", "missing")) == 4
    assert line_of(lines, ("nowhere", "at all")) == 1


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"))


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


VALUES = st.one_of(
    st.integers(),
    st.booleans(),
    TEXTS.map(quoted),
    st.lists(TEXTS.map(quoted)).map(lambda items: "[\n" + ",\n".join(items) + "]"),
    st.text(alphabet="ab[]=#\n '")
    .filter(lambda text: "'''" not in text and text[-1:] != "'")
    .map(lambda text: f"'''\n{text}'''"),
)
NAMES = TEXTS.map(quoted) | st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True)


@given(st.lists(st.tuples(NAMES, VALUES)), st.booleans())
def test_lines_agree_with_how_any_file_was_written(pairs, indented):
    written, expected = "[table]\n", {("table",): 1}
    for name, value in pairs:
        rendered = str(value).lower() if isinstance(value, bool) else str(value)
        key = tomllib.loads(f"{name} = 0")
        path = ("table", *key)
        if path in expected:
            continue
        expected[path] = written.count("\n") + 1
        written += f"{'  ' if indented else ''}{name} = {rendered} # [x]\n"
    assert key_lines(written) == expected
    assert len(tomllib.loads(written)["table"]) == len(expected) - 1
