"""The town's page in a real browser, over a platform that answers with Telegram's entities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from starlette.applications import Starlette

from bots.listener import Listener, bind
from bots.sandbox.town.app import town_routes
from bots.sandbox.town.town import BOT, Line, Town, Unspoken, Utterance, cast
from core import sound
from tests.web.conftest import browser, playwright  # noqa: F401 - the browser is a fixture there

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIPS = Path(__file__).parents[2] / "clips"
AT = datetime(2026, 11, 1, 8, tzinfo=UTC)


class Echo:
    """Repeats what was said, its first word bold."""

    def __init__(self) -> None:
        people, places = cast(("1", "2", "3", "4"), ("10", "20"))
        self.town = Town(name="Testville", people=people, places=places, now=lambda: AT)

    async def speak(self, said: Utterance) -> Line:
        if said.text == "too much":
            raise Unspoken("nobody can say that here")
        file = self.town.put(sound.to_silk(said.content)) if said.kind == "voice" else ""
        line = self.town.add(
            said.place,
            said.person,
            text="@bot " * said.mention + said.text,
            kind=said.kind,
            file=file,
            reply_to=said.reply_to,
        )
        if said.text == "think":
            self.town.show(said.place, "I am thin", {"entities": []})
            return line
        first = len(said.text.partition(" ")[0].encode("utf-16-le")) // 2
        bold = {"type": "bold", "offset": 4, "length": first}
        self.town.add(said.place, BOT, text=f"re: {said.text}", raw={"entities": [bold]})
        return line


@pytest_asyncio.fixture(loop_scope="module")
async def url() -> AsyncIterator[str]:
    listener = Listener(Starlette(routes=[*town_routes(Echo())]), bind("127.0.0.1", 0))
    listener.open()
    yield f"http://127.0.0.1:{listener.port}"
    await listener.close()


@asynccontextmanager
async def visiting(browser: Browser, url: str) -> AsyncIterator[Page]:  # noqa: F811
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(8000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(url)
    await page.wait_for_selector("#places button")
    yield page
    await page.close()
    assert errors == []


async def say(page: Page, words: str) -> None:
    await page.fill("#text", words)
    await page.press("#text", "Enter")


async def test_one_talks_as_anybody_and_sees_the_answer_as_the_platform_shows_it(browser, url):  # noqa: F811
    async with visiting(browser, url) as page:
        await say(page, "𝕏é bold")
        await page.wait_for_selector("#lines b")
        assert await page.inner_text("#lines b") == "𝕏é"
        await page.select_option("#person", label="小明")
        assert await page.locator("#lines li").count() == 0
        await page.click("text=# 茶馆")
        await say(page, "大家好")
        await page.wait_for_selector("text=re: 大家好")
        assert "@bot 大家好" in await page.inner_text("#lines li.me")


async def test_an_answer_that_grows_is_seen_until_it_is_there(browser, url):  # noqa: F811
    async with visiting(browser, url) as page:
        await say(page, "think")
        await page.wait_for_selector("#lines li.draft >> text=I am thin")
        await say(page, "go on")
        await page.wait_for_selector("text=re: go on")
        assert await page.locator("#lines li.draft").count() == 0


async def test_what_was_said_before_is_there_after_a_reload_and_can_be_replied_to(browser, url):  # noqa: F811
    async with visiting(browser, url) as page:
        await say(page, "first")
        await page.wait_for_selector("text=re: first")
        await page.reload()
        await page.wait_for_selector("text=re: first")
        await page.locator("#lines li", has_text="re: first").get_by_text("reply").click()
        await say(page, "second")
        await page.wait_for_selector("#lines blockquote")
        assert await page.inner_text("#lines blockquote") == "re: first"


async def test_a_voice_that_no_browser_plays_comes_as_one_that_it_does(browser, url):  # noqa: F811
    async with visiting(browser, url) as page:
        await page.set_input_files("#file", CLIPS / "garden.ogg")
        player = page.locator("#lines audio").first
        await player.wait_for(state="attached")
        seconds = await player.evaluate(
            "audio => new Promise(told => {"
            " const tell = () => told(audio.duration);"
            " if (audio.duration) tell(); else audio.onloadedmetadata = tell; })"
        )
        assert seconds == pytest.approx(
            sound.duration_s((CLIPS / "garden.ogg").read_bytes()), abs=0.1
        )


async def test_what_the_platform_refuses_is_told_and_stays_in_the_box(browser, url):  # noqa: F811
    async with visiting(browser, url) as page:
        await say(page, "too much")
        await page.wait_for_selector("text=nobody can say that here")
        assert await page.input_value("#text") == "too much"


async def test_other_sites_cannot_speak_for_anybody(url):
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        asked = {"place": "1", "person": "1", "text": "hi"}
        for headers in ({}, {"Origin": "https://elsewhere.example"}):
            answer = await http.post("/town/say", params=asked, headers=headers)
            assert answer.status_code == 403
        answer = await http.post("/town/say", params=asked, headers={"Origin": url})
        assert answer.status_code == 200
        lines = (await http.get("/town")).json()["lines"]
        assert [line["text"] for line in lines] == ["hi", "re: hi"]
