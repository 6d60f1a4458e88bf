"""The whole product in a real Chromium: text, image, speech, and a voice really understood."""

import asyncio
import math
import os
import random
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from bots.sandbox.faults import HoldLast
from tests.sandbox.wer import word_error_rate
from tests.scenario.stage import playing
from tests.web.conftest import CHROMIUM, FLAGS, needs

SUBJECTS = ("the children are playing", "my brother is waiting", "the old music is playing")
PLACES = ("in the garden", "near the river", "at the station", "in the library")
PLAYED = """audio => new Promise(done => {
    audio.ontimeupdate = () => audio.currentTime > 0.1 && done();
    audio.play();
})"""


@asynccontextmanager
async def browsing(url: str, *flags: str, **options: object) -> AsyncIterator[Page]:
    """A page in a browser of its own; an error on it fails the test."""
    needs(CHROMIUM, "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        options = {"locale": "en-US", "viewport": {"width": 1280, "height": 860}} | options
        page = await (await browser.new_context(**options)).new_page()
        page.set_default_timeout(10_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(url)
        yield page
        await snap(page)
        await browser.close()
        assert errors == []


async def snap(page: Page) -> None:
    if folder := os.environ.get("PARLEY_SCREENSHOTS"):
        name = os.environ["PYTEST_CURRENT_TEST"].partition("::")[2].partition(" ")[0]
        await page.screenshot(path=f"{folder}/scenario-{name}.png")


async def ask(page: Page, words: str) -> None:
    await page.fill("#text", words)
    await page.press("#text", "Enter")


async def test_a_preview_is_on_the_page_while_the_relay_holds_back_its_last_chunk(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path) as stage, browsing(stage.url) as page:
        held = stage.faults.add(HoldLast(call="chat"))
        await ask(page, "count to twelve, please")
        await held.struck()
        await expect(page.locator("main")).to_contain_text("I was given 1 turn")
        shown = await page.locator("main .streaming").text_content()
        assert "please”." not in (shown or ""), "the relay had ended its answer"
        held.release()
        await expect(page.locator("main")).to_contain_text("please”.")
        await stage.journal.until(lambda entries: entries[-1].status == 200)


async def test_text_pictures_and_speech_and_all_of_it_after_a_reload(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage, browsing(stage.url) as page:
        await ask(page, "show me some markdown")
        await expect(page.locator("main pre code").first).to_be_visible()
        await ask(page, "/image a lighthouse at night")
        picture = page.locator("main img").first
        await expect(picture).to_be_visible()
        assert await picture.evaluate("image => image.naturalWidth") >= 256
        await ask(page, "/say good morning")
        audio = page.locator("main audio").first
        await expect(audio).to_be_attached()
        await audio.evaluate(PLAYED)
        await page.reload()
        await expect(page.locator("main img").first).to_be_visible()
        await expect(page.locator("main audio").first).to_be_attached()
        await expect(page.locator("main pre code").first).to_be_visible()


async def test_what_is_spoken_into_the_page_is_understood(tmp_path: Path) -> None:
    """The utterance is drawn now, so that nothing can know it beforehand."""
    chance = random.Random()
    said = " ".join(f"{chance.choice(SUBJECTS)} {chance.choice(PLACES)}" for _ in range(3))
    clip = tmp_path / "clip.wav"
    seconds = await speak(said, clip)
    microphone = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={clip}%noloop",
    )
    async with (
        playing(tmp_path / "data") as stage,
        browsing(stage.url, *microphone, permissions=["microphone"]) as page,
    ):
        await page.click("#record")
        await expect(page.locator("#record-time")).to_have_text(f"0:{seconds:02}", timeout=30_000)
        await page.click("#record-send")
        await expect(page.locator("main")).to_contain_text("🎤", timeout=30_000)
        heard = await page.locator("main blockquote").first.inner_text()
        assert word_error_rate([(said, heard)]) <= 0.4, f"said: {said}; heard: {heard}"
        *_, body = stage.asked()
        assert body["messages"][-1]["content"] in heard


async def speak(words: str, clip: Path) -> int:
    """Say it into a WAV file, with a second of quiet before and after; how long it is, in s."""
    flite = needs("flite", "flite")
    process = await asyncio.create_subprocess_exec(
        flite, "-voice", "slt", "-t", words, "-o", str(clip)
    )
    assert await process.wait() == 0
    with wave.open(str(clip)) as file:
        format_, frames = file.getparams(), file.readframes(file.getnframes())
    quiet = bytes(format_.framerate * format_.sampwidth)
    with wave.open(str(clip), "wb") as file:
        file.setparams(format_)
        file.writeframes(quiet + frames + quiet)
    return math.ceil(len(frames) / len(quiet)) + 2


async def test_a_question_longer_than_the_bot_can_see_stays_in_the_box(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage, browsing(stage.url) as page:
        await ask(page, "hello")
        await expect(page.locator("main")).to_contain_text("I was given 1 turn")
        await ask(page, "x" * 2001)
        await expect(page.locator("body")).to_contain_text("That is 2001 characters")
        assert await page.input_value("#text") == "x" * 2001
        assert len(stage.asked()) == 1


async def test_what_is_erased_leaves_the_page_in_every_tab(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage, browsing(stage.url) as page:
        await ask(page, "the canary is called Piet")
        await expect(page.locator("main")).to_contain_text("I was given 1 turn")
        other = await page.context.new_page()
        await other.goto(stage.url)
        await expect(other.locator("main")).to_contain_text("Piet")
        await ask(page, "/forget yes")
        for tab in (page, other):
            await expect(tab.locator("main")).to_contain_text("are erased")
            await expect(tab.locator("main")).not_to_contain_text("Piet")
            await expect(tab.locator("main .said:visible .words")).to_have_count(0)
