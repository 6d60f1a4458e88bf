"""Talking on the page, and what lasts, in a real Chromium."""

import pytest
from playwright.async_api import Browser, expect

from core.model import Text
from core.ports.adapter import Receipt
from tests.web.chromium import ask, open_page, person, snap
from tests.web.stage import House, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

# -- talking -------------------------------------------------------------------


async def test_a_newcomer_is_shown_what_to_try(browser: Browser, home: House) -> None:
    async with person(browser, home) as page:
        await expect(page.locator("#welcome h1")).to_have_text("Let's talk it over.")
        await expect(page.locator("#text")).to_be_focused()
        await snap(page, "welcome-desktop-light-en")
        await page.click("text=Draw a picture")
        await expect(page.locator("#text")).to_have_value(
            "/image a lighthouse at dusk, in watercolour"
        )


async def test_an_answer_is_seen_while_it_is_still_being_written(
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
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


async def test_a_notice_stands_where_the_answer_will_be(
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
        await ask(page, "hush")
        await expect(page.locator(".dots")).to_be_visible()
        (message,) = stage.messages.values()
        kept = "The AI service does not answer just now. Your message is kept."
        await stage.notice(message, kept)
        await expect(page.locator(".answer .prose")).to_have_text(kept)
        await expect(page.locator(".dots")).to_be_visible()
        await expect(page.locator("#stop")).to_be_visible()
        await expect(page.locator("#live")).to_have_text(kept)
        await snap(page, "notice-desktop-light-en")
        await page.reload()
        await expect(page.locator(".answer .prose")).to_have_text(kept)
        await expect(page.locator(".dots")).to_be_visible()
        stage.go_on.set()
        await expect(page.locator(".answer .prose")).to_have_text("You said: hush")
        await expect(page.locator(".dots")).to_have_count(0)


async def test_the_stop_button_ends_the_answer(browser: Browser, home: House, stage: Stage) -> None:
    async with person(browser, home) as page:
        await ask(page, "hold the line")
        await expect(page.locator(".streaming")).to_be_visible()
        await page.click("#stop")
        await expect(page.locator(".exchange >> nth=1")).to_contain_text("Stopped.")
        await expect(page.locator("#stop")).to_be_hidden()
        await expect(page.locator(".streaming")).to_have_count(0)
        assert [message.text for message in stage.messages.values()] == ["hold the line", "/stop"]


async def test_a_stopped_answer_that_never_comes_does_not_run_for_ever(
    browser: Browser, home: House, stage: Stage
) -> None:
    stage.silent_when_stopped = True
    async with person(browser, home) as page:
        await ask(page, "hold the line")
        await expect(page.locator(".streaming")).to_be_visible()
        await page.click("#stop")
        first = page.locator(".exchange >> nth=0")
        await expect(first.locator(".foot")).to_have_text("Stopped")
        await expect(first).to_contain_text("Half of the answer")
        await expect(page.locator("#stop")).to_be_hidden()


async def test_enter_sends_and_shift_enter_does_not(
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
        await page.locator("#text").press_sequentially("one")
        await page.press("#text", "Shift+Enter")
        await page.locator("#text").press_sequentially("two")
        assert not stage.messages
        await page.press("#text", "Enter")
        (message,) = await stage.wait_for(1)
        assert message.text == "one\ntwo"
        await expect(page.locator("#text")).to_have_value("")


async def test_enter_while_an_input_method_composes_does_not_send(
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
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
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
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


async def test_a_second_tab_sees_everything(browser: Browser, home: House) -> None:
    async with person(browser, home) as page:
        await expect(page.locator("#welcome")).to_be_visible()
        other = await open_page(page.context, home, [])
        await expect(other.locator("#welcome")).to_be_visible()
        await ask(page, "hello there")
        await expect(other.locator(".said .words")).to_have_text("hello there")
        await expect(other.locator(".answer .prose")).to_have_text("You said: hello there")


# -- what lasts ----------------------------------------------------------------


async def test_a_reload_keeps_the_history_and_goes_on_waiting(
    browser: Browser, home: House, stage: Stage
) -> None:
    stage.replies["draw"] = (await stage.picture(), Text(text="*Here* it is."))
    async with person(browser, home) as page:
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
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
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
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
        await ask(page, "before")
        await expect(page.locator(".answer .prose")).to_be_visible()
        await home.stop()
        await ask(page, "meanwhile")
        await expect(page.locator("#notice")).to_contain_text("Trying again")
        await expect(page.locator(".said.sending")).to_contain_text("once we are connected")
        await snap(page, "offline-desktop-light-en")
        await home.start()
        await expect(page.locator(".answer .prose >> nth=1")).to_have_text("You said: meanwhile")
        await expect(page.locator("#notice")).to_be_hidden()
        await expect(page.locator(".sending")).to_have_count(0)
        assert [message.text for message in stage.messages.values()] == ["before", "meanwhile"]
        assert await page.evaluate("Object.keys(localStorage)") == []


async def test_an_unacknowledged_message_survives_a_reload(
    browser: Browser, home: House, stage: Stage
) -> None:
    async with person(browser, home) as page:
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
    browser: Browser, home: House, stage: Stage
) -> None:
    stage.receipts = [Receipt.BUSY, Receipt.BUSY]
    async with person(browser, home) as page:
        await ask(page, "one")
        await expect(page.locator(".said.failed")).to_contain_text("not sent")
        await snap(page, "busy-desktop-light-en")
        await ask(page, "two")
        await expect(page.locator(".said.failed")).to_have_count(2)
        await page.click("text=Discard >> nth=1")
        await page.click("text=Send again")
        await expect(page.locator(".answer .prose")).to_have_text("You said: one")
        assert len(stage.messages) == 1
