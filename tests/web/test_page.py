"""The page in a real Chromium. PARLEY_SCREENSHOTS names a folder to keep pictures in."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright, expect
from starlette.applications import Starlette

from bots.web.access import AccessCode
from core.model import Media, Text
from core.ports import Receipt
from core.secret import Secret
from tests.web.conftest import CHROMIUM, FLAGS, needs
from tests.web.stage import Clock, House, Stage, png, tone

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent
TOUR = {
    "en": ("How do tides work?", "/image a lighthouse at dusk", "/say Good morning", "/export"),
    "zh": ("潮汐是怎么来的？", "/画图 黄昏里的灯塔", "/朗读 早上好", "/导出"),
}


PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    needs(CHROMIUM, "chromium")
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def house(stage: Stage) -> AsyncIterator[House]:
    house = House(stage)
    await house.start()
    yield house
    await house.stop()


@asynccontextmanager
async def person(browser: Browser, house: House, **options: object) -> AsyncIterator[Page]:
    """A page in a browser of its own; any error on it fails the test."""
    options = {"locale": "en-US", "viewport": {"width": 1280, "height": 860}} | options
    context = await browser.new_context(**options)
    context.set_default_timeout(8000)
    errors: list[str] = []
    page = await open_page(context, house, errors)
    yield page
    await context.close()
    assert errors == []


async def open_page(context: BrowserContext, house: House, errors: list[str]) -> Page:
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: note(said, errors))
    await page.goto(house.url)
    return page


def note(said: object, errors: list[str]) -> None:
    """Refused connections are part of some tests; what the page's policy blocked never is."""
    expected = ("ERR_CONNECTION", "503", "401")
    if said.type == "error" and not any(sign in said.text for sign in expected):
        errors.append(said.text)


async def ask(page: Page, words: str) -> None:
    await page.fill("#text", words)
    await page.press("#text", "Enter")


async def snap(page: Page, name: str) -> None:
    folder = os.environ.get("PARLEY_SCREENSHOTS")
    if folder:
        await page.wait_for_timeout(300)  # for transitions only
        await page.screenshot(path=f"{folder}/{name}.png")


# -- talking -------------------------------------------------------------------


async def test_a_newcomer_is_shown_what_to_try(browser: Browser, house: House) -> None:
    async with person(browser, house) as page:
        await expect(page.locator("#welcome h1")).to_have_text("Let's talk it over.")
        await expect(page.locator("#text")).to_be_focused()
        await snap(page, "welcome-desktop-light-en")
        await page.click("text=Draw a picture")
        await expect(page.locator("#text")).to_have_value(
            "/image a lighthouse at dusk, in watercolour"
        )


async def test_an_answer_is_seen_while_it_is_still_being_written(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await ask(page, "hold on")
        await expect(page.locator(".answer .streaming strong")).to_have_text("hold on")
        await expect(page.locator("#stop")).to_be_visible()
        await snap(page, "streaming-desktop-light-en")
        (message,) = stage.messages.values()
        stage.show(message, "Half of it, and now **three quarters**")
        await expect(page.locator(".streaming strong")).to_have_text("three quarters")
        assert not stage.deliveries
        stage.go_on.set()
        await expect(page.locator(".answer .prose")).to_have_text("You said: hold on")
        await expect(page.locator(".streaming")).to_have_count(0)
        await expect(page.locator("#send")).to_be_visible()
        await expect(page.locator("#live")).to_have_text("You said: hold on")


async def test_the_stop_button_ends_the_answer(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await ask(page, "hold the line")
        await expect(page.locator(".streaming")).to_be_visible()
        await page.click("#stop")
        await expect(page.locator(".exchange >> nth=1")).to_contain_text("Stopped.")
        await expect(page.locator("#stop")).to_be_hidden()
        await expect(page.locator(".streaming")).to_have_count(0)
        assert [message.text for message in stage.messages.values()] == ["hold the line", "/stop"]


async def test_a_stopped_answer_that_never_comes_does_not_run_for_ever(
    browser: Browser, house: House, stage: Stage
) -> None:
    stage.silent_when_stopped = True
    async with person(browser, house) as page:
        await ask(page, "hold the line")
        await expect(page.locator(".streaming")).to_be_visible()
        await page.click("#stop")
        first = page.locator(".exchange >> nth=0")
        await expect(first.locator(".foot")).to_have_text("Stopped")
        await expect(first).to_contain_text("Half of the answer")
        await expect(page.locator("#stop")).to_be_hidden()


async def test_enter_sends_and_shift_enter_does_not(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await page.locator("#text").press_sequentially("one")
        await page.press("#text", "Shift+Enter")
        await page.locator("#text").press_sequentially("two")
        assert not stage.messages
        await page.press("#text", "Enter")
        (message,) = await stage.wait_for(1)
        assert message.text == "one\ntwo"
        await expect(page.locator("#text")).to_have_value("")


async def test_enter_while_an_input_method_composes_does_not_send(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        devtools = await page.context.new_cdp_session(page)
        await page.focus("#text")
        composing = {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6}
        await devtools.send("Input.imeSetComposition", composing)
        # What an input method takes for itself reaches the page as key code 229.
        enter = {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229}
        await devtools.send("Input.dispatchKeyEvent", enter)
        await page.dispatch_event("#text", "keydown", {"key": "Enter", "isComposing": True})
        await expect(page.locator("#text")).to_have_value("ni hao")
        await devtools.send("Input.insertText", {"text": "你好"})
        await expect(page.locator("#text")).to_have_value("你好")
        assert not stage.messages
        await page.press("#text", "Enter")
        (message,) = await stage.wait_for(1)
        assert message.text == "你好"


async def test_commands_are_offered_after_a_slash(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await page.locator("#text").press_sequentially("/")
        options = page.locator("#commands [role=option]")
        await expect(options).to_have_count(8)
        await snap(page, "commands-desktop-light-en")
        await page.locator("#text").press_sequentially("tra")
        await expect(options).to_have_count(2)
        await page.press("#text", "ArrowDown")
        await expect(page.locator("[aria-selected=true] b")).to_have_text("/translate")
        await page.press("#text", "Enter")
        await expect(page.locator("#text")).to_have_value("/translate ")
        await page.fill("#text", "/帮")
        await expect(options).to_have_count(1)
        await page.fill("#text", "/stop")
        await page.press("#text", "Enter")
        (message,) = await stage.wait_for(1)
        assert message.text == "/stop"


async def test_a_second_tab_sees_everything(browser: Browser, house: House) -> None:
    async with person(browser, house) as page:
        await expect(page.locator("#welcome")).to_be_visible()
        other = await open_page(page.context, house, [])
        await expect(other.locator("#welcome")).to_be_visible()
        await ask(page, "hello there")
        await expect(other.locator(".said .words")).to_have_text("hello there")
        await expect(other.locator(".answer .prose")).to_have_text("You said: hello there")


# -- what lasts ----------------------------------------------------------------


async def test_a_reload_keeps_the_history_and_goes_on_waiting(
    browser: Browser, house: House, stage: Stage
) -> None:
    stage.replies["draw"] = (await stage.picture(), Text(text="*Here* it is."))
    async with person(browser, house) as page:
        await ask(page, "draw")
        await expect(page.locator(".answer em")).to_have_text("Here")
        await ask(page, "hold on")
        await expect(page.locator(".streaming")).to_be_visible()
        await page.reload()
        await expect(page.locator(".said .words")).to_have_text(["draw", "hold on"])
        await expect(page.locator(".answer em")).to_have_text("Here")
        await expect(page.locator(".answer .picture img")).to_be_visible()
        await expect(page.locator(".dots")).to_be_visible()
        stage.go_on.set()
        await expect(page.locator(".exchange >> nth=1")).to_contain_text("You said: hold on")
        await expect(page.locator(".exchange")).to_have_count(2)


async def test_earlier_messages_can_be_asked_for(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await ask(page, "first of all")
        await expect(page.locator(".answer .prose")).to_be_visible()
        (message,) = stage.messages.values()
        for number in range(60):
            await stage.remember(message, f"number {number}")
        await page.reload()
        await expect(page.locator(".exchange")).to_have_count(50)
        await expect(page.locator(".exchange >> nth=-1")).to_be_in_viewport()
        await page.click("#earlier")
        await expect(page.locator(".exchange")).to_have_count(61)
        await expect(page.locator(".exchange >> nth=0")).to_contain_text("first of all")
        await expect(page.locator("#earlier")).to_be_hidden()


async def test_what_was_written_while_the_server_was_away_arrives_once(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await ask(page, "before")
        await expect(page.locator(".answer .prose")).to_be_visible()
        await house.stop()
        await ask(page, "meanwhile")
        await expect(page.locator("#notice")).to_contain_text("Trying again")
        await expect(page.locator(".said.sending")).to_contain_text("once we are connected")
        await snap(page, "offline-desktop-light-en")
        await house.start()
        await expect(page.locator(".answer .prose >> nth=1")).to_have_text("You said: meanwhile")
        await expect(page.locator("#notice")).to_be_hidden()
        await expect(page.locator(".sending")).to_have_count(0)
        assert [message.text for message in stage.messages.values()] == ["before", "meanwhile"]
        assert await page.evaluate("Object.keys(localStorage)") == []


async def test_an_unacknowledged_message_survives_a_reload(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await expect(page.locator("#welcome")).to_be_visible()
        stage.store_broken = True
        await ask(page, "keep me")
        await expect(page.locator(".said.sending")).to_be_visible()
        await page.reload()
        await expect(page.locator(".said .words")).to_have_text("keep me")
        stage.store_broken = False
        await expect(page.locator(".answer .prose")).to_have_text("You said: keep me")
        assert len(stage.messages) == 1


async def test_a_busy_notice_offers_to_send_again(
    browser: Browser, house: House, stage: Stage
) -> None:
    stage.receipts = [Receipt.BUSY, Receipt.BUSY]
    async with person(browser, house) as page:
        await ask(page, "one")
        await expect(page.locator(".said.failed")).to_contain_text("not sent")
        await snap(page, "busy-desktop-light-en")
        await ask(page, "two")
        await expect(page.locator(".said.failed")).to_have_count(2)
        await page.click("text=Discard >> nth=1")
        await page.click("text=Send again")
        await expect(page.locator(".answer .prose")).to_have_text("You said: one")
        assert len(stage.messages) == 1


# -- files and voices ------------------------------------------------------------


async def test_a_picture_is_attached_shown_sent_and_enlarged(
    browser: Browser, house: House, stage: Stage
) -> None:
    content = png(300, 200)
    async with person(browser, house) as page:
        file = {"name": "lighthouse.png", "mimeType": "image/png", "buffer": content}
        await page.set_input_files("#picker", file)
        await expect(page.locator("#attachments img")).to_be_visible()
        await expect(page.locator("#attachments .uploading")).to_have_count(0)
        await snap(page, "attached-desktop-light-en")
        await ask(page, "what is this?")
        (message,) = await stage.wait_for(1)
        assert stage.shelf.contents[message.media[0].blob] == content
        assert message.text == "what is this?"
        await expect(page.locator("#attachments")).to_be_hidden()
        await page.click(".said .picture")
        await expect(page.locator("#viewer")).to_be_visible()
        await snap(page, "viewer-desktop-light-en")
        await page.keyboard.press("Escape")
        await expect(page.locator("#viewer")).to_be_hidden()


async def test_files_can_be_pasted_and_dropped(
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house) as page:
        await expect(page.locator("#welcome")).to_be_visible()
        transfer = await page.evaluate_handle(
            """() => {
                const data = new DataTransfer();
                data.items.add(new File(["notes"], "notes.txt", {type: "text/plain"}));
                return data;
            }"""
        )
        await page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
        await expect(page.locator("#drop")).to_be_visible()
        await page.dispatch_event("body", "drop", {"dataTransfer": transfer})
        await expect(page.locator("#drop")).to_be_hidden()
        await expect(page.locator("#attachments li")).to_have_count(1)
        await page.evaluate(
            """data => document.getElementById("text").dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: data, bubbles: true}))""",
            transfer,
        )
        await expect(page.locator("#attachments li")).to_have_count(2)
        await page.click("#attachments button >> nth=0")
        await expect(page.locator("#attachments li:not(.uploading)")).to_have_count(1)
        await page.click("#send")
        (message,) = await stage.wait_for(1)
        assert [media.name for media in message.media] == ["notes.txt"]
        await expect(page.locator(".said .file")).to_contain_text("notes.txt")


async def test_too_large_a_file_is_told_before_it_is_sent(browser: Browser, stage: Stage) -> None:
    house = House(stage, upload_bytes=1000)
    await house.start()
    async with person(browser, house) as page:
        await expect(page.locator("#welcome")).to_be_visible()
        file = {"name": "big.bin", "mimeType": "", "buffer": b"x" * 1001}
        await page.set_input_files("#picker", file)
        await expect(page.locator("#notice")).to_have_text("big.bin is larger than 1000 B.")
        await expect(page.locator("#attachments")).to_be_hidden()
    await house.stop()


async def test_a_spoken_answer_plays(browser: Browser, house: House, stage: Stage) -> None:
    stage.replies["/say hi"] = (await stage.speech(tone(2.0)),)
    async with person(browser, house) as page:
        await ask(page, "/say hi")
        await expect(page.locator(".player time")).to_have_text("0:02")
        await page.click(".player button")
        await page.wait_for_function("() => document.querySelector('audio').currentTime > 0.2")
        await expect(page.locator(".player button")).to_have_attribute("aria-label", "Pause")
        await page.click(".player button")
        await page.locator(".player input").fill("750")
        await page.wait_for_function("() => document.querySelector('audio').currentTime > 1.4")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speaking(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """A browser whose microphone hears a spoken sentence."""
    clip = tmp_path_factory.mktemp("voice") / "clip.wav"
    words = "good morning, this is a message for you"
    flite = await asyncio.create_subprocess_exec(
        needs("flite", "flite"), "-t", words, "-o", str(clip)
    )
    assert await flite.wait() == 0
    browser = await playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            *FLAGS,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={clip}",
        ],
    )
    yield browser
    await browser.close()


async def test_a_voice_message_is_recorded_and_sent(
    speaking: Browser, house: House, stage: Stage
) -> None:
    async with person(speaking, house, permissions=["microphone"]) as page:
        await page.click("#record")
        await expect(page.locator("#record-time")).to_have_text("0:01")
        await snap(page, "recording-desktop-light-en")
        await page.click("#record-send")
        (message,) = await stage.wait_for(1)
        (voice,) = message.media
        assert (voice.kind, voice.mime) == ("voice", "audio/webm")
        assert 1 <= voice.duration_s < 8
        assert loudest(stage.shelf.contents[voice.blob]) > 0.05
        await expect(page.locator(".said .player time")).not_to_have_text("0:00")
        await snap(page, "voice-desktop-light-en")


async def test_a_recording_can_be_discarded(speaking: Browser, house: House, stage: Stage) -> None:
    async with person(speaking, house, permissions=["microphone"]) as page:
        await page.click("#record")
        await expect(page.locator("#record-time")).to_have_text("0:01")
        await page.click("#record-cancel")
        await expect(page.locator("#text")).to_be_visible()
        await ask(page, "never mind")
        (message,) = await stage.wait_for(1)
        assert message.media == ()


async def test_holding_the_microphone_sends_on_letting_go(
    speaking: Browser, house: House, stage: Stage
) -> None:
    async with person(speaking, house, permissions=["microphone"]) as page:
        await page.hover("#record")
        await page.mouse.down()
        await expect(page.locator("#record-time")).to_have_text("0:01")
        await page.mouse.up()
        (message,) = await stage.wait_for(1)
        assert message.media[0].kind == "voice"


async def test_a_finger_that_holds_the_microphone_sends_on_letting_go(
    speaking: Browser, house: House, stage: Stage
) -> None:
    async with person(speaking, house, permissions=["microphone"], **PHONE) as page:
        await expect(page.locator("#welcome")).to_be_visible()
        devtools = await page.context.new_cdp_session(page)
        box = await page.locator("#record").bounding_box()
        assert box
        finger = {"x": box["x"] + 20, "y": box["y"] + 20}
        down = {"type": "touchStart", "touchPoints": [finger]}
        await devtools.send("Input.dispatchTouchEvent", down)
        await expect(page.locator("#record-time")).to_have_text("0:01")
        await snap(page, "recording-phone-light-en")
        await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        (message,) = await stage.wait_for(1)
        assert message.media[0].kind == "voice"


def loudest(content: bytes) -> float:
    """The highest sample of a recording, 0 to 1: silence would prove nothing."""
    to_shorts = av.AudioResampler(format="s16", layout="mono")
    with av.open(io.BytesIO(content)) as recording:
        frames = [
            short for frame in recording.decode(audio=0) for short in to_shorts.resample(frame)
        ]
    shorts = [abs(value) for frame in frames for value in memoryview(frame.planes[0]).cast("h")]
    return max(shorts) / 32768


# -- the door ---------------------------------------------------------------------


async def test_off_loopback_one_enters_with_the_code(browser: Browser, stage: Stage) -> None:
    def lock(app: Starlette) -> AccessCode:
        code, secret = Secret("open sesame"), Secret("a key for tests only")
        return AccessCode(app, code=code, secret=secret, clock=Clock())

    house = House(stage, wrap=lock)
    await house.start()
    async with person(browser, house) as page:
        await page.fill("#code", "open barley")
        await page.press("#code", "Enter")
        await expect(page.locator(".notice")).to_have_text("That is not the code.")
        await snap(page, "door-desktop-light-en")
        await page.fill("#code", "open sesame")
        await page.click("button")
        await expect(page.locator("#welcome")).to_be_visible()
        await ask(page, "hello")
        await expect(page.locator(".answer .prose")).to_have_text("You said: hello")
    await house.stop()


# -- looks ------------------------------------------------------------------------


async def paper(page: Page) -> str:
    return await page.evaluate("getComputedStyle(document.body).backgroundColor")


async def test_light_and_dark_follow_the_system_until_switched(
    browser: Browser, house: House
) -> None:
    async with person(browser, house, color_scheme="dark") as page:
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
    browser: Browser, house: House, stage: Stage
) -> None:
    async with person(browser, house, locale="zh-CN", color_scheme="dark") as page:
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
    browser: Browser, house: House, stage: Stage
) -> None:
    await rich_replies(stage)
    for scheme, locale in (("light", "zh-CN"), ("dark", "en-US")):
        look = f"phone-{scheme}-{locale[:2]}"
        async with person(browser, house, color_scheme=scheme, locale=locale, **PHONE) as page:
            await expect(page.locator("#welcome")).to_be_visible()
            await snap(page, f"welcome-{look}")
            await tour(page, look)
            wide = "document.documentElement.scrollWidth > innerWidth"
            assert not await page.evaluate(wide)


async def test_a_rich_talk_on_a_large_screen(browser: Browser, house: House, stage: Stage) -> None:
    await rich_replies(stage)
    for scheme, locale in (("light", "en-US"), ("dark", "zh-CN")):
        look = f"desktop-{scheme}-{locale[:2]}"
        async with person(browser, house, color_scheme=scheme, locale=locale) as page:
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
