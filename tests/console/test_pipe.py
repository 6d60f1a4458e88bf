"""The console in a pipe: no prompt, no colours, one answer after the other."""

import asyncio
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.console import language_of
from adapters.console.drafts import PACE_S, Drafts
from adapters.console.parse import Line, ending_of, kind_of, parse_line
from adapters.console.screen import Screen, settled
from core.model import Capabilities, Text
from core.ports.adapter import Receipt
from core.render import render
from tests.console.terminal import make_adapter, part


async def piped(words, tmp_path, answer):
    """What comes out where `words` go in; `answer(message)` gives the parts."""
    stdout = io.StringIO()
    adapter = make_adapter(io.StringIO(words), stdout, tmp_path)
    messages, sends = [], set()

    async def reply(message):
        parts = answer(message)
        adapter.draft(message.address, message.key, parts[0])
        await adapter.typing(message.address)
        for index, text in enumerate(parts):
            await adapter.send(part(message, text, index, len(parts)))

    async def emit(message):
        messages.append(message)
        sends.add(asyncio.create_task(reply(message)))
        return Receipt.STORED

    await asyncio.wait_for(adapter.run(emit), 5)
    return stdout.getvalue(), messages


async def test_answers_alone_are_printed_and_the_last_is_waited_for(tmp_path):
    out, messages = await piped("one\ntwo", tmp_path, lambda message: [f"**{message.text}**"])
    assert out == "**one**\n**two**\n"
    assert [message.text for message in messages] == ["one", "two"]


async def test_an_answer_faster_than_its_acknowledgement_is_not_missed(tmp_path):
    stdout = io.StringIO()
    adapter = make_adapter(io.StringIO("hi\n"), stdout, tmp_path)

    async def emit(message):
        await adapter.send(part(message, "ho"))
        return Receipt.STORED

    await asyncio.wait_for(adapter.run(emit), 5)
    assert stdout.getvalue() == "ho\n"


async def test_a_notice_is_no_answer_the_answer_is_waited_for(tmp_path):
    stdout = io.StringIO()
    adapter = make_adapter(io.StringIO("hi\n"), stdout, tmp_path)

    async def emit(message):
        await adapter.send(part(message, "wait", notice=True))
        asyncio.get_running_loop().call_later(
            0.05, lambda: asyncio.ensure_future(adapter.send(part(message, "ho")))
        )
        return Receipt.STORED

    await asyncio.wait_for(adapter.run(emit), 5)
    assert stdout.getvalue() == "wait\nho\n"


@pytest.mark.parametrize("receipt", [Receipt.DUPLICATE, Receipt.IGNORED, Receipt.BUSY])
async def test_what_will_not_be_answered_is_not_waited_for(tmp_path, receipt):
    adapter = make_adapter(io.StringIO("hi\n"), io.StringIO(), tmp_path)

    async def emit(message):
        return receipt

    await asyncio.wait_for(adapter.run(emit), 5)


async def test_empty_lines_and_no_input_at_all_are_nothing(tmp_path):
    assert await piped("\n  \n", tmp_path, lambda _: ["?"]) == ("", [])
    assert await piped("", tmp_path, lambda _: ["?"]) == ("", [])


async def test_a_backslash_at_the_very_end_loses_nothing(tmp_path):
    for end in ("", "\n"):
        _, messages = await piped(f"one\\\\\ntwo\\{end}", tmp_path, lambda _: ["?"])
        assert messages[0].text == "one\\\ntwo\\"


async def test_bytes_that_are_not_utf_8_end_nothing(tmp_path):
    stdin = io.TextIOWrapper(io.BytesIO(b"a\xffb\nc\n"), encoding="utf-8")
    adapter = make_adapter(stdin, io.StringIO(), tmp_path)
    texts = []

    async def emit(message):
        texts.append(message.text)
        return Receipt.IGNORED

    await asyncio.wait_for(adapter.run(emit), 5)
    assert texts == ["a\ufffdb", "c"]


# -- lines -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("hello", Line(text="hello")),
        ("@cat.png", Line(text="", paths=("cat.png",))),
        ("@cat.png what is it", Line(text="what is it", paths=("cat.png",))),
        ('@"my cat.png" @b.wav x', Line(text="x", paths=("my cat.png", "b.wav"))),
        (" @cat is a name", Line(text="@cat is a name")),
        ("mail me@here.test", Line(text="mail me@here.test")),
        ("@ alone", Line(text="@ alone")),
        ("half \ud83d a pair", Line(text="half ? a pair")),
    ],
)
def test_leading_at_words_are_files(line, parsed):
    assert parse_line(line) == parsed


@given(st.text(st.characters(exclude_categories=())))
def test_parsing_never_raises_and_gives_valid_unicode(line):
    parsed = parse_line(line)
    "".join([parsed.text, *parsed.paths]).encode()


@pytest.mark.parametrize(
    ("name", "kind", "mime"),
    [
        ("a.PNG", "image", "image/png"),
        ("a.ogg", "voice", "audio/ogg"),
        ("a.wav", "voice", "audio/x-wav"),
        ("a.mp4", "video", "video/mp4"),
        ("a.pdf", "file", "application/pdf"),
        ("a", "file", "application/octet-stream"),
    ],
)
def test_a_files_kind_goes_by_its_ending(name, kind, mime):
    assert kind_of(name) == (kind, mime)


def test_a_kept_file_ends_as_its_type_does():
    assert ending_of("audio/ogg; codecs=opus") == ".ogg"
    assert ending_of("audio/mpeg") == ".mp3"
    assert ending_of("") == ""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "LC_ALL": "", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_comes_from_the_locale(environment, language):
    assert language_of(environment) == language


async def test_drafts_are_shown_at_a_steady_pace():
    loop = asyncio.get_running_loop()
    shown: list[tuple[float, str]] = []
    news = asyncio.Event()

    def show(answers, text):
        shown.append((loop.time(), answers + text))
        news.set()

    drafts = Drafts(show)
    drafts.put("m1", "a")
    drafts.put("m1", "ab")
    drafts.put("m2", "never")
    drafts.drop("m2")
    async with asyncio.timeout(5):
        await news.wait()
        assert [text for _, text in shown] == ["m1ab"]
        news.clear()
        drafts.put("m1", "abc")
        await news.wait()
    (first, _), (second, text) = shown
    assert text == "m1abc"
    assert second - first >= PACE_S * 0.9


# -- growth ------------------------------------------------------------------

ANSWER = """# A title

Some **bold words**, `code()`, *soft* and a [link](http://x.test/a) in prose; 3 * 4 < 13 & so on.
A second line of it, 中文也行。

- one **item**
- two

1. first
2. second

```python
def f(x):
    return x * 2
```

| name | n |
|------|---|
| 名字 | 1 |

The end.
"""
TERMINAL = Capabilities(source="test", markup="terminal")


def shown(markdown):
    return "".join(p.text for p in render((Text(text=markdown),), TERMINAL))


def test_what_is_shown_of_a_growing_answer_stays_true_at_every_length():
    whole = shown(ANSWER)
    for length in range(len(ANSWER)):
        assert whole.startswith(shown(settled(ANSWER[:length]))), ANSWER[:length]


def test_prose_is_shown_while_its_line_still_grows():
    assert settled("One two thr") == "One two thr"
    assert settled("One **two** `three` fo") == "One **two** `three` fo"
    assert settled("One **tw") == "One "
    assert settled("今天天") == "今天天"


def test_what_answers_nobody_is_printed_as_well():
    out = io.StringIO()
    screen = Screen(out.write)
    screen.finish("", "Good morning.")
    screen.finish("", "It is eight.")
    assert out.getvalue() == "Good morning.\nIt is eight.\n"


def test_an_answer_that_another_interrupts_is_shown_once():
    out = io.StringIO()
    screen = Screen(out.write)
    screen.grow("m1", "One two")
    screen.finish("m2", "Stopped.")
    screen.grow("m1", "One two three")
    screen.say("A word of the console.")
    screen.finish("m1", "One two three\nfour")
    assert out.getvalue() == "One two\nStopped.\n three\nA word of the console.\nfour\n"
    screen.grow("m3", "Half")
    screen.finish("m4", "Stopped.")
    screen.finish("m3", "Half")
    assert out.getvalue().endswith("four\nHalf\nStopped.\n")


@given(st.lists(st.text("ab \n*`|#-[]()。", max_size=12), max_size=8), st.text("ab\n*", max_size=9))
def test_whatever_was_drafted_the_whole_answer_can_be_read(growth, end):
    out = io.StringIO()
    screen = Screen(out.write)
    text = ""
    for more in growth:
        text += more
        screen.grow("m1", shown(settled(text)))
    screen.finish("m1", shown(text + end))
    lines = out.getvalue().split("\n")
    wanted = iter(lines)
    assert all(any(line == got for got in wanted) for line in shown(text + end).split("\n"))
