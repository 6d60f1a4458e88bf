"""Markdown as one message of Telegram, judged by what its server takes."""

import datetime as dt
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import to_builtins
from telegram import Chat, Message, MessageEntity

from adapters.telegram.markdown import ENTITIES_MAX, TEXT_LIMIT, TEXT_MAX, to_telegram
from core.model import Capabilities
from core.render import split

CAPS = Capabilities(
    source="test", markup="markdown", text_limit=TEXT_LIMIT, text_unit="utf16_units"
)

fragments = st.sampled_from([
    "**", "*", "_", "~~", "`", "``", "```py\n", "\n```\n", "> ", ">", "- ", "1. ", "10) ", "# ",
    "|", "\n|---|---|\n", "\n|-|-|-|\n", "| a | b |\n", "|a|b|c|\n", "|中|👩|" + "x" * 45 + "|\n",
    "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\frac{a}{b}", "x^2", "[a](http://x.yz/)",
    "[`a`](tg://user?id=1)", "[b](javascript:x)", "![](https://y.zz)", "<http://x.yz>", "[", "](",
    ")", "\n", "\n\n", "  ", "    ", "\t", "中文", "，", "👩\u200d👧", "🇩🇪", "word", "<b>", "<br>",
    "---", "&amp;", "\x00", "\x1b[1m", "===", "- [x] ", "***", "\\", "\r\n", "e\u0301",
    "\u2028", " ",
])  # fmt: skip
markdowns = st.lists(fragments, max_size=60).map("".join)


def units(text):
    return len(text.encode("utf-16-le")) // 2


def cut(text, limit):
    return text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")


def as_library(message):
    """python-telegram-bot's own reading of what is sent."""
    entities = [MessageEntity(**to_builtins(entity)) for entity in message.entities]
    chat = Chat(id=1, type="private")
    return Message(1, dt.datetime.now(dt.UTC), chat, text=message.text, entities=entities)


def kinds(markdown):
    """(type, covered text) in order."""
    message = as_library(to_telegram(markdown))
    return [(entity.type.value, text) for entity, text in message.parse_entities().items()]


# -- laws ----------------------------------------------------------------------


@given(markdowns)
def test_entities_are_in_range_nested_and_not_blank(markdown):
    message = to_telegram(markdown)
    assert len(message.entities) <= ENTITIES_MAX
    whole = message.text.encode("utf-16-le")
    for entity in message.entities:
        assert entity.offset >= 0
        assert entity.offset + entity.length <= units(message.text)
        covered = whole[2 * entity.offset : 2 * (entity.offset + entity.length)]
        assert covered.decode("utf-16-le").strip()
    for one, other in combinations(message.entities, 2):
        assert apart(one, other) or (nested(one, other) and may_nest(one, other))


def apart(one, other):
    return one.offset + one.length <= other.offset or other.offset + other.length <= one.offset


def nested(one, other):
    inner, outer = sorted((one, other), key=lambda entity: entity.length)
    return outer.offset <= inner.offset and (
        inner.offset + inner.length <= outer.offset + outer.length
    )


STYLES = {"bold", "italic", "strikethrough"}
QUOTES = {"blockquote", "expandable_blockquote"}


def may_nest(one, other):
    """core.telegram.org/bots/api#messageentity and tdlib's MessageEntity.cpp, November 2026."""
    types = {one.type, other.type}
    if types & QUOTES:
        return one.type != other.type and not types <= QUOTES
    return not types & {"code", "pre"} and bool(types & STYLES) and one.type != other.type


@given(markdowns)
def test_the_library_reads_each_entity_as_the_text_it_covers(markdown):
    message = to_telegram(markdown)
    read = as_library(message).parse_entities()
    whole = message.text.encode("utf-16-le")
    assert list(read.values()) == [
        whole[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
        for entity in message.entities
    ]


@given(st.lists(fragments, min_size=1, max_size=12).map("".join), st.integers(1, 400))
@example("| a | b |\n|---|---|\n| " + "x" * 30 + " | 1 |\n" + "|1|2|\n", 1)
@example("|a|b|c|\n|-|-|-|\n" + "|1|2|3|\n" * 9, 70)
@example("|" + "n" * 60 + "|b|\n|-|-|\n" + "|1|2|\n" * 700, 1)
@example("***\n", 1000)
@example("1. a\nb\nb\nb\n", 400)
@example("👩", 4000)
def test_a_piece_within_the_limit_is_one_message(fragment, times):
    message = to_telegram(cut(fragment * times, TEXT_MAX))
    assert units(message.text) <= TEXT_MAX


@given(
    st.lists(st.one_of(fragments, st.sampled_from(["word " * 200, "|a|b|\n" * 50])), max_size=40)
)
def test_all_pieces_of_a_long_answer_are_messages(parts):
    for piece in split("".join(parts), CAPS):
        assert units(to_telegram(piece).text) <= TEXT_MAX


@given(st.lists(st.text("abc中文é", min_size=1, max_size=8), min_size=1, max_size=30))
def test_text_without_markup_stays_as_it_is(words):
    text = " ".join(words)
    message = to_telegram(text)
    assert message.text == text
    assert message.entities == ()


# -- looks ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Title", [("bold", "Title")]),
        ("**a *b* c**", [("bold", "a b c"), ("italic", "b")]),
        ("**a `b` c**", [("bold", "a"), ("code", "b"), ("bold", "c")]),
        ("*a **b***` `**c**", [("italic", "a b"), ("bold", "b"), ("bold", "c")]),
        ("[`a`](https://x.yz)", [("text_link", "a")]),
        ("**[a](https://x.yz)**", [("bold", "a"), ("text_link", "a")]),
        ("[a](http://localhost:80/)", []),
        ("[a](/b) [c](mailto:d@e.fg)", []),
        ("> a\n> > b", [("blockquote", "a\n\n> b")]),
        ("> ```py\n> x\n> ```", [("blockquote", "x"), ("pre", "x")]),
        ("```py\n  a\n\n  b\n```", [("pre", "  a\n\n  b")]),
        ("- a\n  ```\n  b\n  ```", [("pre", "b")]),
        ("> " + "word " * 100, [("expandable_blockquote", "word " * 99 + "word")]),
        ("| a | b |\n|-|-|\n| 中 | 2 |", [("pre", "a   b\n──  ─\n中  2")]),
        ("        - a\n        - b", []),
        ("`a`\n`b`", [("code", "a"), ("code", "b")]),
        ("**a**\n\n**b**", [("bold", "a"), ("bold", "b")]),
        ("````", []),
    ],
)
def test_markup_becomes_entities(markdown, expected):
    assert kinds(markdown) == expected


@pytest.mark.parametrize(
    "url", ["tg://user?id=50002", "tg://resolve?domain=x&start=y", "javascript:x", "mailto:a@b.c"]
)
def test_a_link_into_telegram_or_to_no_page_is_words(url):
    shown = to_telegram(f"[see]({url})")
    assert shown.entities == ()
    assert "see" in shown.text


def test_code_has_its_language_and_a_link_its_address():
    code, link = to_telegram("```c++ x\n1\n```\n[a](https://x.yz/)").entities
    assert to_builtins(code) == {"type": "pre", "offset": 0, "length": 1, "language": "c++"}
    assert to_builtins(link) == {
        "type": "text_link", "offset": 3, "length": 1, "url": "https://x.yz/",
    }  # fmt: skip


def test_a_piece_cut_inside_a_list_is_no_code():
    assert to_telegram("      - deep\n    - higher").text == "• deep\n• higher"


def test_past_a_hundred_entities_the_least_important_are_left_out():
    message = to_telegram("*a* " * 120 + "**b** " * 50 + "`c`")
    types = [entity.type for entity in message.entities]
    assert (types.count("italic"), types.count("bold"), types.count("code")) == (49, 50, 1)


def test_a_wide_table_is_an_entry_a_row():
    text = to_telegram("| a | b |\n|-|-|\n| " + "x" * 40 + " | 2 |").text
    assert text == "• a: " + "x" * 40 + "\n  b: 2"


def test_a_table_that_grows_past_a_message_has_bars_for_columns():
    table = "|a|b|\n|-|-|\n|" + "x" * 30 + "|1|\n" + "|1|2|\n" * 560
    message = to_telegram(table)
    assert message.text.startswith("a | b\n" + "x" * 30 + " | 1\n1 | 2\n")
    assert message.entities == ()


def test_what_grows_past_a_message_by_its_lists_is_shown_as_written():
    text = "1. a\n" + "b\n" * 1500
    assert to_telegram(text).text == text.strip()
