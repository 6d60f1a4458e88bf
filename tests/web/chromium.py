"""A person at the page, in a real Chromium. PARLEY_SCREENSHOTS names a folder for pictures."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, Page

from tests.web.stage import House

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@asynccontextmanager
async def person(browser: Browser, home: House, **options: object) -> AsyncIterator[Page]:
    """A page in a browser of its own; any error on it fails the test."""
    options = {"locale": "en-US", "viewport": {"width": 1280, "height": 860}} | options
    context = await browser.new_context(**options)
    context.set_default_timeout(8000)
    errors: list[str] = []
    page = await open_page(context, home, errors)
    yield page
    await context.close()
    assert errors == []


async def open_page(context: BrowserContext, home: House, errors: list[str]) -> Page:
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: note(said, errors))
    await page.goto(home.url)
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
