"""Takes the pictures of the READMEs anew, from a demo of its own in the system's Chromium.

sh script/environment test && .venv/bin/python script/screenshots.py
"""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images"
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")

DESKTOP = {"viewport": {"width": 1000, "height": 1180}, "device_scale_factor": 1.5}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}
ENGLISH = ("Show me some Markdown", "/image hills at dusk", "/say Good morning, how did you sleep?")
CHINESE = ("你好", "/画图 月光下的山", "/朗读 早上好")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        light = DESKTOP | {"color_scheme": "light", "locale": "en-GB"}
        dark = PHONE | {"color_scheme": "dark", "locale": "zh-CN"}
        take(browser, light, address, ENGLISH, "page.png")
        take(browser, dark, address, CHINESE, "phone.png")
        browser.close()


@contextmanager
def demo() -> Iterator[str]:
    """A demo with nothing in it; its address."""
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        command = (sys.executable, "-m", "bots", "demo", "--port", str(port), "--data", data)
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            if not process.stdout or not process.stdout.readline():
                sys.exit("the demo did not start")
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def take(
    browser: Browser, looks: dict[str, object], address: str, words: Sequence[str], name: str
) -> None:
    page = browser.new_context(**looks).new_page()
    page.goto(address)
    for text in words:
        ask(page, text)
    settle(page)
    page.screenshot(path=PICTURES / name)
    page.context.close()


def ask(page: Page, text: str) -> None:
    page.fill("#text", text)
    page.press("#text", "Enter")
    expect(page.locator("#stop")).to_be_visible()
    expect(page.locator("#stop")).to_be_hidden(timeout=15_000)


def settle(page: Page) -> None:
    """Pictures are loaded, waves drawn, movements ended."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main()
