"""The README's quick starts, typed as they stand there, against the simulated platforms."""

import asyncio
import os
import re
import shlex
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bots.sandbox.app import create_app
from bots.sandbox.onebot.app import onebot_app
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.platform import TOKEN, Telegram
from bots.sandbox.town.town import BOT, Platform, Utterance
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat
from prove.world.ports import free_port
from tests.docs.pages import ROOT, blocks

APP_ID, APP_SECRET = "wxsandbox0000000", "sandbox-app-secret"
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


def shown(option: str) -> list[list[str]]:
    """The commands of the quick start that uses an option, `parley` taken off."""
    found = [block for block in blocks(ROOT / "README.md", "sh") if f" {option} " in block]
    block = next(one for one in found if "parley init" in one)
    lines = [shlex.split(line) for line in block.splitlines()]
    return [words[1:] for words in lines if words[0] == "parley"]


class Newcomer:
    """Somebody in an empty folder, with a relay and two ports that are free."""

    def __init__(self, folder: Path, relay: str, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.public = free_port()
        self._relay = relay
        self._environ = ENVIRON | {"OPENAI_KEY": "sk-mine"} | environ

    async def init(self, words: list[str], *more: str) -> None:
        """As it stands, but for what leads to the outside and the ports."""
        line = " ".join(words).replace("--relay openai", f"--relay {self._relay}")
        line = line.replace("wx…", APP_ID)
        process = await self._start(*line.split(), *more)
        _, told = await process.communicate()
        assert process.returncode == 0, told.decode()
        path = self.folder / "config.toml"
        text = path.read_text().replace("127.0.0.1:8700", "127.0.0.1:0")
        path.write_text(text.replace("127.0.0.1:8701", f"127.0.0.1:{self.public}"))

    @asynccontextmanager
    async def run(self, words: list[str]) -> AsyncIterator[None]:
        process = await self._start(*words)
        try:
            assert process.stderr
            async with asyncio.timeout(20):
                await process.stderr.readuntil(b"Ctrl-C stops it.")
            yield
        finally:
            process.terminate()
            _, told = await process.communicate()
            assert process.returncode == 0, told.decode()

    async def _start(self, *words: str) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "bots", *words),
            cwd=self.folder, env=self._environ, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE,
        )  # fmt: skip


async def answered(platform: Platform, person: str) -> None:
    await platform.speak(Utterance(place=person, person=person, text="hello"))
    await platform.town.until(
        lambda lines: any(line.sender == BOT and "hello" in line.text for line in lines), 20.0
    )


async def test_telegram(tmp_path: Path) -> None:
    telegram = Telegram()
    init, run = shown("--telegram")
    async with running(create_app(pace_s=0)) as relay, running(telegram_app(telegram)) as api:
        address = f"http://127.0.0.1:{relay.port}"
        someone = Newcomer(tmp_path, address, {"TELEGRAM_TOKEN": TOKEN})
        await someone.init(init, "--telegram-api", f"http://127.0.0.1:{api.port}")
        async with someone.run(run):
            await answered(telegram, next(iter(telegram.town.people)))


async def test_qq(tmp_path: Path) -> None:
    init, run = shown("--qq")
    async with running(create_app(pace_s=0)) as relay:
        someone = Newcomer(tmp_path, f"http://127.0.0.1:{relay.port}", {})
        await someone.init(init)
        told = re.search(r"`ws://127\.0\.0\.1:8701(\S+)`", (ROOT / "README.md").read_text())
        token = (tmp_path / "secrets/qq.token").read_text().strip()
        assert told
        onebot = OneBot(url=f"ws://127.0.0.1:{someone.public}{told[1]}", token=token)
        async with serving(onebot, app=onebot_app(onebot)), someone.run(run):
            dialling = asyncio.create_task(onebot.run())
            try:
                await onebot.calls.until_connected(20.0)
                await answered(onebot, next(iter(onebot.town.people)))
            finally:
                dialling.cancel()
                await asyncio.wait([dialling])


async def test_wechat(tmp_path: Path) -> None:
    init, run = shown("--wechat")
    told = re.search(r"`https://YOUR\.DOMAIN(\S+)`", (ROOT / "README.md").read_text())
    assert told

    def account(public: int = 9, token: str = "") -> WeChat:
        url = f"http://127.0.0.1:{public}{told[1]}"
        return WeChat(url=url, token=token, app_id=APP_ID, app_secret=APP_SECRET)

    async with running(create_app(pace_s=0)) as relay:
        someone = Newcomer(
            tmp_path, f"http://127.0.0.1:{relay.port}", {"WECHAT_SECRET": APP_SECRET}
        )
        async with account() as bare, running(wechat_app(bare)) as api:
            await someone.init(init, "--wechat-api", f"http://127.0.0.1:{api.port}")
        token = (tmp_path / "secrets/wechat.token").read_text().strip()
        async with account(someone.public, token) as entered, someone.run(run):
            assert await entered.check() == ""
            await answered(entered, next(iter(entered.town.people)))
