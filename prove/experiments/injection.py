"""A model that was talked into saying what would do harm, if it were more than text."""

import asyncio
import os
import pty
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import BOT, Utterance
from bots.sandbox.wechat.wechat import WeChat
from prove.experiment import Experiment, Finding, Scale
from prove.hostile import effects
from prove.hostile.payloads import Aim, payloads
from prove.hostile.relay import Relay, relay, saying
from prove.hostile.search import Search
from prove.world.platforms import Stand
from prove.world.world import FIRST_GROUP, FIRST_PERSON, World, world

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
)
ASKED = re.compile(r"say (\d+)$")
ASKER, OTHER, GROUP = str(FIRST_PERSON), str(FIRST_PERSON + 1), str(FIRST_GROUP)
WEB = '[bots.web]\nplatform = "web"\n'
CONSOLE = """
[server]
private = "127.0.0.1:0"
public = "127.0.0.1:0"
[storage]
data = "{data}"
[relays.main]
profile = "sandbox"
base_url = "{relay}"
[bots.console]
platform = "console"
"""
HARM = """() => {
    const bad = [];
    if (window.pwned) bad.push("a script ran");
    const tags = /^(script|iframe|object|embed|form|base|link|meta|style|video|audio)$/i;
    for (const one of document.querySelectorAll(".answer *")) {
        if (tags.test(one.tagName)) bad.push(one.tagName);
        for (const {name, value} of one.attributes) {
            if (/^on/i.test(name)) bad.push(`${one.tagName} ${name}`);
            if (/^(src|srcset|action|data|poster)$/i.test(name) && !value.startsWith("/"))
                bad.push(`${one.tagName} ${name}=${value.slice(0, 60)}`);
            if (name === "href" && !/^(https?:|mailto:|\\/|#)/i.test(value))
                bad.push(`href=${value.slice(0, 60)}`);
        }
    }
    return bad;
}"""


@dataclass
class Scene:
    """`said` are the payloads; `harm` is what came of them beyond text, `wrong` what was missed."""

    said: Sequence[Mapping[str, Any]]
    relay: Relay
    trap: "Trap"
    file: Path
    harm: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    questions: int = 0


@dataclass
class Trap:
    """Listens where nobody has to connect."""

    port: int = 0
    connections: int = 0

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@asynccontextmanager
async def trapping() -> AsyncIterator[Trap]:
    trap = Trap()
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(trap.serve, "127.0.0.1", 0)
        trap.port = server.sockets[0].getsockname()[1]
        await stack.enter_async_context(server)
        with suppress(OSError):  # a machine without IPv6
            inside = await asyncio.start_server(trap.serve, "::1", trap.port)
            await stack.enter_async_context(inside)
        yield trap


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    canary = f"c4n4ry{chance.getrandbits(128):032x}"
    async with AsyncExitStack() as stack:
        trap = await stack.enter_async_context(trapping())
        file = _bait(scale.folder / "bait.txt", canary)
        aim = Aim(port=trap.port, file=file, other=OTHER, group=GROUP)
        said = payloads(aim)
        hostile = await stack.enter_async_context(relay({"": saying(lambda q: _said(said, q))}))
        scene = Scene(said=said, relay=hostile, trap=trap, file=file)
        around = world(scale.folder, people=3, relay=hostile.port, more=WEB)
        made = await stack.enter_async_context(around)
        account = made.stands["qq"].platform
        if isinstance(account, OneBot):
            account.frames._size = 100_000
        await made.start()
        await _on_platforms(scene, made, chance, scale.pick(12, len(said)))
        await asyncio.gather(
            _on_the_page(scene, made, chance, scale.pick(24, len(said))),
            _on_the_console(scene, scale.folder, chance, scale.pick(16, len(said))),
        )
        _judge(scene, made, canary)
    return Finding(
        load=f"{len(said)} payloads, {scene.questions} questions on 5 platforms",
        faults="a model that says what would do harm",
        leaked=len(scene.harm),
        wrong=(*scene.wrong, *scene.harm[:12]),
        figures="" if CHROMIUM else "without chromium, the page was not looked at",
    )


def _bait(path: Path, canary: str) -> Path:
    """A file that was last read long ago, as the file system notes it."""
    path.write_text(canary)
    os.utime(path, (time.time() - 86_400 * 3, time.time() - 86_400 * 2))
    return path


def _said(said: Sequence[Mapping[str, Any]], question: str) -> Mapping[str, Any]:
    found = ASKED.search(question.strip())
    return said[int(found[1])] if found else {"content": "Nothing."}


# -- platforms -------------------------------------------------------------------


async def _on_platforms(scene: Scene, made: World, chance: Random, in_groups: int) -> None:
    numbers = range(len(scene.said))
    await asyncio.gather(*(_ask_all(scene, stand, numbers) for stand in made.stands.values()))
    together = sorted(chance.sample(numbers, in_groups))
    for stand in made.stands.values():
        for place in [p.id for p in stand.town.places.values() if p.group]:
            for number in together:
                await _ask(scene, stand, place, f"say {number}", mention=True)
            before = len(stand.town.lines(place, BOT))
            await stand.platform.speak(Utterance(place=place, person=ASKER, text="not for the bot"))
            await _ask(scene, stand, place, "for the bot", mention=True)
            if len(stand.town.lines(place, BOT)) > before + 1:
                scene.harm.append(f"{stand.name}: the group's trigger was changed")


async def _ask_all(scene: Scene, stand: Stand, numbers: Sequence[int]) -> None:
    for number in numbers:
        await _ask(scene, stand, ASKER, f"say {number}")


async def _ask(
    scene: Scene, stand: Stand, place: str, words: str, *, mention: bool = False
) -> None:
    """Ask, and wait for the answer; what is not answered is noted."""
    town = stand.town
    before = len(town.lines(place, BOT))
    await stand.platform.speak(Utterance(place=place, person=ASKER, text=words, mention=mention))
    scene.questions += 1
    try:
        await town.until(lambda _: len(town.lines(place, BOT)) > before, 15)
    except TimeoutError:
        scene.wrong.append(f"{stand.name}: no answer to {words!r}")


# -- the page ----------------------------------------------------------------------


async def _on_the_page(scene: Scene, made: World, chance: Random, count: int) -> None:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            scene.wrong.append("chromium is missing: install the Debian package chromium")
        return
    from playwright.async_api import async_playwright  # noqa: PLC0415 - only where chromium is

    own = f"http://127.0.0.1:{made.private}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        page.on("request", lambda asked: _note_request(scene, own, asked.url))
        page.on("dialog", lambda dialog: scene.harm.append(f"page: a dialog: {dialog.message}"))
        page.on("popup", lambda popup: scene.harm.append(f"page: a new window: {popup.url}"))
        await page.goto(own)
        asked = sorted(chance.sample(range(len(scene.said)), min(count, len(scene.said))))
        for done, number in enumerate(asked):
            await page.fill("#text", f"say {number}")
            await page.press("#text", "Enter")
            scene.questions += 1
            await page.wait_for_function(
                "n => document.querySelectorAll('.answer').length > n"
                " && !document.querySelector('.answer .streaming')",
                arg=done,
                timeout=15_000,
            )
        await page.wait_for_timeout(300)
        if not page.url.startswith(own):
            scene.harm.append(f"page: it went to {page.url}")
        scene.harm += [f"page: {harm}" for harm in await page.evaluate(HARM)]
        shown = await page.locator(".answer").count()
        if shown != len(asked):
            scene.wrong.append(f"page: expected {len(asked)} answers, got {shown}")
        await browser.close()


def _note_request(scene: Scene, own: str, url: str) -> None:
    if not url.startswith((own, "blob:", own.replace("http", "ws", 1))):
        scene.harm.append(f"page: it asked for {url[:80]}")


# -- the console ---------------------------------------------------------------------


async def _on_the_console(scene: Scene, folder: Path, chance: Random, count: int) -> None:
    """A real terminal, as far as the process can tell."""
    config = folder / "console.toml"
    config.write_text(
        CONSOLE.format(data=folder / "console", relay=f"http://127.0.0.1:{scene.relay.port}")
    )
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bots", "run", "--config", str(config)),
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(slave)
    terminal = Terminal(master)
    hidden = [n for n, one in enumerate(scene.said) if _has_controls(one)]
    others = chance.sample(range(len(scene.said)), min(count, len(scene.said)))
    try:
        await terminal.until(lambda seen: len(seen) > 10)
        for number in sorted({*hidden, *others}):
            asked = sum(one.told.get("messages") is not None for one in scene.relay.asked)
            terminal.type(f"say {number}\n")
            scene.questions += 1
            await _until(
                lambda asked=asked: (
                    sum(  # type: ignore[misc]
                        one.told.get("messages") is not None for one in scene.relay.asked
                    )
                    > asked
                )
            )
            await asyncio.sleep(0.05)
        terminal.type("the end\n")
        scene.questions += 1
        await terminal.until(lambda seen: "Nothing." in seen)
    except TimeoutError:
        scene.wrong.append(f"console: it did not go on; seen last: {terminal.seen[-200:]!r}")
    finally:
        process.terminate()
        await process.wait()
        terminal.close()
    scene.harm += effects.on_console(terminal.seen)


def _has_controls(answer: Mapping[str, Any]) -> bool:
    return isinstance(answer["content"], str) and bool(effects.CONTROLS.search(answer["content"]))


async def _until(ready: Any, timeout_s: float = 15.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not ready():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


class Terminal:
    """What was ever shown, and keys."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.seen = ""
        asyncio.get_running_loop().add_reader(master, self._read)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    async def until(self, ready: Any) -> None:
        await _until(lambda: ready(self.seen))

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    def _read(self) -> None:
        try:
            self.seen += os.read(self._master, 65_536).decode(errors="replace")
        except OSError:  # the other side hung up
            asyncio.get_running_loop().remove_reader(self._master)


# -- what came of it -----------------------------------------------------------------


def _judge(scene: Scene, made: World, canary: str) -> None:
    search = Search({"the file's content": canary})
    for stand in made.stands.values():
        rooms = [place.id for place in stand.town.places.values() if place.group]
        scene.harm += effects.to_others(stand.town, {ASKER, *rooms})
        match stand.platform:
            case OneBot() as account:
                scene.harm += effects.on_qq(account, {ASKER, *rooms}, ASKER)
                search.look("QQ", repr(account.frames.all("from_bot")))
            case Telegram() as platform:
                scene.harm += effects.on_telegram(platform, {ASKER, *rooms})
                search.look("Telegram", repr(platform.journal.entries()))
            case WeChat() as account:
                scene.harm += effects.on_wechat(account, ASKER)
                search.look("WeChat", repr(account.journal.calls()))
        search.look("lines", repr(stand.town.lines(sender=BOT)))
    search.look("the relay", repr(scene.relay.asked))
    scene.harm += search.found
    if scene.trap.connections:
        scene.harm.append(f"{scene.trap.connections} connections to where a payload led")
    if _was_read(scene.file):
        scene.harm.append("the file that payloads named was read")
    scene.file.read_text()
    if not _was_read(scene.file):
        scene.wrong.append("the file system does not note when a file is read")
    _judge_calls(scene)


def _was_read(file: Path) -> bool:
    return file.stat().st_atime > file.stat().st_mtime


def _judge_calls(scene: Scene) -> None:
    """One call a question, and each remembers what was said before."""
    asked = [one.told for one in scene.relay.asked if one.told.get("messages")]
    if len(asked) != scene.questions:
        scene.harm.append(f"{scene.questions} questions made {len(asked)} calls of the relay")
    short = [told for told in asked if len(told["messages"]) < 3 and "say 0" not in str(told)]
    if len(short) > scene.questions // 2:
        scene.harm.append(f"{len(short)} of {len(asked)} calls remembered nothing")
    if any(told.get("tools") or told.get("functions") for told in asked):
        scene.harm.append("a model was offered tools")


EXPERIMENT = Experiment(
    promises=(23,),
    title="what a model says is text and nothing else",
    run=run,
)
