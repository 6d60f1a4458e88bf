"""Markdown as the page shows it: right for people, harmless whatever a model writes."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from tests.web.conftest import CHROMIUM, FLAGS, needs
from tests.web.stage import House, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOW = """async texts => {
    const { showMarkdown } = await import("/static/markdown.js");
    const node = document.createElement("div");
    for (const text of texts) showMarkdown(node, text);
    return node.innerHTML;
}"""
LINK = 'target="_blank" rel="noopener noreferrer nofollow"'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    needs(CHROMIUM, "chromium")
    house = House(Stage())
    await house.start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(house.url)
        yield page
        await browser.close()
    await house.stop()


async def shown(page: Page, *texts: str) -> str:
    """The markup after showing one text after the other, as a stream would."""
    html = await page.evaluate(SHOW, texts)
    return re.sub(r"<svg.*?</svg>", "", html)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain words", "<p>plain words</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("# One\n###### Six #", "<h1>One</h1><h6>Six</h6>"),
        ("#hashtag", "<p>#hashtag</p>"),
        ("**bold** and __bold__", "<p><strong>bold</strong> and <strong>bold</strong></p>"),
        ("*it* and _it_", "<p><em>it</em> and <em>it</em></p>"),
        ("***both***", "<p><strong><em>both</em></strong></p>"),
        ("**bold *and it***", "<p><strong>bold <em>and it</em></strong></p>"),
        ("~~gone~~ ~here~", "<p><del>gone</del> ~here~</p>"),
        ("snake_case_name and 2*3*4 = 2 * 12", "<p>snake_case_name and 2<em>3</em>4 = 2 * 12</p>"),
        ("5 * 3 * 2", "<p>5 * 3 * 2</p>"),
        ("**重点**：中文", "<p><strong>重点</strong>：中文</p>"),
        ("**not closed", "<p>**not closed</p>"),
        ("`a*b*c` and ``a`b``", "<p><code>a*b*c</code> and <code>a`b</code></p>"),
        ("`not closed", "<p>`not closed</p>"),
        (r"\*not it\* \# \`", "<p>*not it* # `</p>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("* one\n+ two", "<ul><li>one</li><li>two</li></ul>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("7) seven", '<ol start="7"><li>seven</li></ol>'),
        ("- a\n  - b\n    - c", "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>"),
        ("1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("- a\n\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("- a\n\n  more\n- b", "<ul><li><p>a</p><p>more</p></li><li>b</li></ul>"),
        ("words:\n- a\n- b", "<p>words:</p><ul><li>a</li><li>b</li></ul>"),
        ("in\n1986. A year", "<p>in<br>1986. A year</p>"),
        ("> a\n> b\n\nc", "<blockquote><p>a<br>b</p></blockquote><p>c</p>"),
        ("> > deep", "<blockquote><blockquote><p>deep</p></blockquote></blockquote>"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("***\n", "<hr>"),
        ("[It](https://e.org/a_(b))", f'<p><a href="https://e.org/a_(b)" {LINK}>It</a></p>'),
        ("see https://e.org/x.", f'<p>see <a href="https://e.org/x" {LINK}>https://e.org/x</a>.</p>'),
        ("<https://e.org/>", f'<p><a href="https://e.org/" {LINK}>https://e.org/</a></p>'),
        ("见https://e.org/x吧。", f'<p>见<a href="https://e.org/x" {LINK}>https://e.org/x</a>吧。</p>'),
    ],
)  # fmt: skip
async def test_markdown_is_shown_as_its_writer_meant_it(page: Page, text: str, html: str) -> None:
    assert await shown(page, text) == html


async def test_a_table_keeps_its_columns_and_sides(page: Page) -> None:
    html = await shown(page, "a | b | c\n:-- | :-: | --:\n1 | `x\\|y` | **3** | 4\n5 |\n\nafter")
    assert html.count("<th") == 3 + 1  # with thead
    assert '<td style="text-align: center;"><code>x|y</code></td>' in html
    assert '<td style="text-align: end;"><strong>3</strong></td>' in html
    assert "4" not in html
    assert html.endswith("<p>after</p>")


async def test_code_keeps_every_character(page: Page) -> None:
    html = await shown(page, "```html\n<b>*a*</b>\n\n  ``\n```\nafter")
    assert "<code>&lt;b&gt;*a*&lt;/b&gt;\n\n  ``</code>" in html
    assert "<span>html</span>" in html
    assert html.endswith("<p>after</p>")


async def test_a_fence_that_is_still_open_is_code_already(page: Page) -> None:
    html = await shown(page, "Look:\n```python\nprint(1)")
    assert "<p>Look:</p>" in html
    assert "<code>print(1)</code>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](\tjavascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//evil.example)",
        "<javascript:alert(1)>",
        "![x](https://evil.example/track.png)",
        '[x](https://e.org/" onclick="alert(1))',
        "`<img src=x onerror=alert(1)>`",
        "```\n</code><img src=x onerror=alert(1)>\n```",
        "```<img/onerror=alert(1)>\nx\n```",
        "| <img src=x onerror=alert(1)> | b |\n| - | - |\n| <svg onload=alert(1)> | d |",
        "# <iframe src=//evil.example>",
        "> <style>*{display:none}</style>",
    ],
)
async def test_whatever_a_model_writes_stays_words(page: Page, text: str) -> None:
    found = await page.evaluate(
        """async text => {
            const { showMarkdown } = await import("/static/markdown.js");
            const node = document.createElement("div");
            showMarkdown(node, text);
            const all = [...node.querySelectorAll("*")].filter(one => !one.closest("svg"));
            return {
                tags: all.map(one => one.tagName.toLowerCase()),
                events: all.flatMap(one => one.getAttributeNames()).filter(n => n.startsWith("on")),
                links: all.filter(one => one.href).map(one => one.protocol),
            };
        }""",
        text,
    )
    assert not {"img", "script", "iframe", "style", "object"} & set(found["tags"])
    assert found["events"] == []
    assert set(found["links"]) <= {"https:", "http:"}


async def test_a_growing_answer_ends_as_if_it_had_come_at_once(page: Page) -> None:
    text = (Path(__file__).parent / "tides.md").read_text("utf-8")
    grown = await shown(page, *(text[:end] for end in range(1, len(text) + 1)))
    assert grown == await shown(page, text)


async def test_blocks_that_did_not_change_are_left_alone(page: Page) -> None:
    same = await page.evaluate(
        """async () => {
            const { showMarkdown } = await import("/static/markdown.js");
            const node = document.createElement("div");
            showMarkdown(node, "first\\n\\nsec");
            const [first, second] = node.children;
            showMarkdown(node, "first\\n\\nsecond\\n\\nthird");
            return [node.children[0] === first, node.children[1] === second];
        }"""
    )
    assert same == [True, False]


@pytest.mark.parametrize(
    "text",
    ["*" * 20_000, "[" * 20_000, "> " * 20_000, "`" * 9_999 + " x", "- " * 20_000, "_a" * 10_000,
     "|" * 20_000 + "\n" + "|-" * 10_000, "[a](" * 5_000, "**a" * 5_000, "https://" * 3_000],
    ids=lambda text: text[:6],
)  # fmt: skip
async def test_a_malicious_text_does_not_hang_the_page(page: Page, text: str) -> None:
    took_ms = await page.evaluate(
        """async text => {
            const { showMarkdown } = await import("/static/markdown.js");
            const start = performance.now();
            showMarkdown(document.createElement("div"), text);
            return performance.now() - start;
        }""",
        text,
    )
    assert took_ms < 1500
