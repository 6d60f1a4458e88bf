"""Pictures, files and voices on the page, in a real Chromium."""

import asyncio
import io
from collections.abc import AsyncIterator

import av
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, expect

from tests.web.chromium import PHONE, ask, person, snap
from tests.web.conftest import CHROMIUM, FLAGS, needs
from tests.web.stage import House, Stage, png, tone

pytestmark = pytest.mark.asyncio(loop_scope="module")

# -- files and voices ------------------------------------------------------------


async def test_a_picture_is_attached_shown_sent_and_enlarged(
    browser: Browser, home: House, stage: Stage
) -> None:
    content = png(300, 200)
    async with person(browser, home) as page:
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


async def test_files_can_be_pasted_and_dropped(browser: Browser, home: House, stage: Stage) -> None:
    async with person(browser, home) as page:
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
    home = House(stage, upload_bytes=1000)
    await home.start()
    async with person(browser, home) as page:
        await expect(page.locator("#welcome")).to_be_visible()
        file = {"name": "big.bin", "mimeType": "", "buffer": b"x" * 1001}
        await page.set_input_files("#picker", file)
        await expect(page.locator("#notice")).to_have_text("big.bin is larger than 1000 B.")
        await expect(page.locator("#attachments")).to_be_hidden()
    await home.stop()


async def test_a_spoken_answer_plays(browser: Browser, home: House, stage: Stage) -> None:
    stage.replies["/say hi"] = (await stage.speech(tone(2.0)),)
    async with person(browser, home) as page:
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
    speaking: Browser, home: House, stage: Stage
) -> None:
    async with person(speaking, home, permissions=["microphone"]) as page:
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


async def test_a_recording_can_be_discarded(speaking: Browser, home: House, stage: Stage) -> None:
    async with person(speaking, home, permissions=["microphone"]) as page:
        await page.click("#record")
        await expect(page.locator("#record-time")).to_have_text("0:01")
        await page.click("#record-cancel")
        await expect(page.locator("#text")).to_be_visible()
        await ask(page, "never mind")
        (message,) = await stage.wait_for(1)
        assert message.media == ()


async def test_holding_the_microphone_sends_on_letting_go(
    speaking: Browser, home: House, stage: Stage
) -> None:
    async with person(speaking, home, permissions=["microphone"]) as page:
        await page.hover("#record")
        await page.mouse.down()
        await expect(page.locator("#record-time")).to_have_text("0:01")
        await page.mouse.up()
        (message,) = await stage.wait_for(1)
        assert message.media[0].kind == "voice"


async def test_a_finger_that_holds_the_microphone_sends_on_letting_go(
    speaking: Browser, home: House, stage: Stage
) -> None:
    async with person(speaking, home, permissions=["microphone"], **PHONE) as page:
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
