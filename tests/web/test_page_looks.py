"""Light and dark, two languages, large and small, and the door, in a real Chromium."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from bots.web.access import AccessCode
from core.model import Media, Text
from core.secret import Secret
from tests.web.chromium import PHONE, ask, person, snap
from tests.web.stage import Clock, House, Stage, tone

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent
TOUR = {
    "en": ("How do tides work?", "/image a lighthouse at dusk", "/say Good morning", "/export"),
    "zh": ("潮汐是怎么来的？", "/画图 黄昏里的灯塔", "/朗读 早上好", "/导出"),
}


# -- the door ---------------------------------------------------------------------


async def test_off_loopback_one_enters_with_the_code(browser: Browser, stage: Stage) -> None:
    def lock(app: Starlette) -> AccessCode:
        code, secret = Secret("open sesame"), Secret("a key for tests only")
        return AccessCode(app, code=code, secret=secret, clock=Clock())

    home = House(stage, wrap=lock)
    await home.start()
    async with person(browser, home) as page:
        await page.fill("#code", "open barley")
        await page.press("#code", "Enter")
        await expect(page.locator(".notice")).to_have_text("That is not the code.")
        await snap(page, "door-desktop-light-en")
        await page.fill("#code", "open sesame")
        await page.click("button")
        await expect(page.locator("#welcome")).to_be_visible()
        await ask(page, "hello")
        await expect(page.locator(".answer .prose")).to_have_text("You said: hello")
    await home.stop()


# -- looks ------------------------------------------------------------------------


async def paper(page: Page) -> str:
    return await page.evaluate("getComputedStyle(document.body).backgroundColor")


async def test_light_and_dark_follow_the_system_until_switched(
    browser: Browser, home: House
) -> None:
    async with person(browser, home, color_scheme="dark") as page:
        await expect(page.locator("#welcome")).to_be_visible()
        dark = await paper(page)
        await page.emulate_media(color_scheme="light")
        light = await paper(page)
        assert dark != light
        await page.click("#theme")
        assert await paper(page) == dark
        await page.reload()
        await expect(page.locator("#welcome")).to_be_visible()
        assert await paper(page) == dark


async def test_chinese_is_spoken_to_those_who_read_it(
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home, locale="zh-CN", color_scheme="dark") as page:
        await expect(page.locator("#welcome h1")).to_have_text("坐下来，聊一聊。")
        await snap(page, "welcome-desktop-dark-zh")
        await page.fill("#text", "/")
        await expect(page.locator("#commands b >> nth=2")).to_have_text("/画图")
        await ask(page, "你好")
        (message,) = await stage.wait_for(1)
        assert message.language == "zh"
        await page.click("#language")
        await expect(page.locator("#text")).to_have_attribute("placeholder", "Message Parley")
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await expect(page.locator(".answer .prose")).to_have_text("You said: 你好")


async def test_a_phone_shows_it_all_without_scrolling_sideways(
    browser: Browser, home: House, stage: Stage
) -> None:
    await rich_replies(stage)
    for scheme, locale in (("light", "zh-CN"), ("dark", "en-US")):
        look = f"phone-{scheme}-{locale[:2]}"
        async with person(browser, home, color_scheme=scheme, locale=locale, **PHONE) as page:
            await expect(page.locator("#welcome")).to_be_visible()
            await snap(page, f"welcome-{look}")
            await tour(page, look)
            wide = "document.documentElement.scrollWidth > innerWidth"
            assert not await page.evaluate(wide)


async def test_a_rich_talk_on_a_large_screen(browser: Browser, home: House, stage: Stage) -> None:
    await rich_replies(stage)
    for scheme, locale in (("light", "en-US"), ("dark", "zh-CN")):
        look = f"desktop-{scheme}-{locale[:2]}"
        async with person(browser, home, color_scheme=scheme, locale=locale) as page:
            await tour(page, look)


async def rich_replies(stage: Stage) -> None:
    picture, speech = await stage.picture(), await stage.speech(tone(3.4))
    blob = await stage.shelf.put(b"{}")
    export = Media(kind="file", blob=blob, mime="application/json", name="parley-export.json",
                   size_bytes=18_432)  # fmt: skip
    kept = {"en": "All that I keep of you:", "zh": "我所保留的、与你有关的一切："}
    for language, name in (("en", "tides.md"), ("zh", "tides.zh.md")):
        tides = Text(text=(HERE / name).read_text("utf-8"))
        answers = ((tides,), (picture,), (speech,), (Text(text=kept[language]), export))
        stage.replies |= dict(zip(TOUR[language], answers, strict=True))


async def tour(page: Page, look: str) -> None:
    question, image, say, export = TOUR[look[-2:]]
    await ask(page, question)
    await expect(page.locator(".answer .code")).to_be_visible()
    await snap(page, f"answer-end-{look}")
    await page.evaluate("document.querySelector('#scroller').scrollTop = 0")
    await expect(page.locator("#latest")).to_be_visible()
    await snap(page, f"answer-{look}")
    await page.click("#latest")
    await ask(page, image)
    await expect(page.locator(".answer .picture img")).to_be_visible()
    await ask(page, say)
    await expect(page.locator(".player time")).to_have_text("0:03")
    await ask(page, export)
    await expect(page.locator(".file b")).to_have_text("parley-export.json")
    await expect(page.locator(".exchange >> nth=-1")).to_be_in_viewport()
    await snap(page, f"media-{look}")
