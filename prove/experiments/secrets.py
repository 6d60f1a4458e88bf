"""A secret in every setting that holds one, everything made to fail, and no secret found."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import aiohttp

from bots.sandbox.faults import Garbage, Lose, Reset, Status
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import BOT, Utterance
from bots.sandbox.wechat.wechat import WeChat
from prove.experiment import Experiment, Finding, Scale
from prove.hostile.canaries import Canaries, secret_settings
from prove.hostile.mistakes import make_mistakes, run_commands
from prove.hostile.served import AT_THE_DOOR, POISON
from prove.hostile.stage import PEOPLE, WAYS, Stage, staged

ROOT = Path(__file__).parents[2]
COMMANDS = ("/why", "/quota", "/whoami", "/models", "/model", "/history", "/export", "/help")
PLACES = (*AT_THE_DOOR, "engine", "courier", "store")


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    found: list[str] = []
    wrong: list[str] = []
    searched = 0
    places: set[str] = set()
    for form in ("json", "text") if scale.long else (chance.choice(("json", "text")),):
        folder = scale.folder / form
        folder.mkdir()
        async with staged(folder, chance, form) as stage:
            wrong += _without_canary(stage.canaries)
            wrong += await _live(stage)
            await asyncio.gather(
                run_commands(stage, long=scale.long),
                make_mistakes(stage, chance, scale.pick(3, 40)),
            )
            stage.search.look_through(folder / "data")
            found += stage.search.found
            searched += stage.search.searched_bytes
            places |= stage.search.places
    return Finding(
        load=f"{len(secret_settings())} secret settings, {len(stage.canaries.told)} canaries",
        faults=f"{len(WAYS) + 6} ways a relay fails, {len(PLACES)} forced exceptions, "
        "refused tokens, wrong settings; debug level",
        leaked=len(found),
        wrong=(*wrong, *found[:12]),
        figures=f"{searched / 1e6:.1f} MB searched in {len(places)} kinds of places",
    )


def _without_canary(canaries: Canaries) -> list[str]:
    held = {name.partition(" ")[0] for name in canaries.told} | {"storage.url"}
    return [f"no canary was in {name}" for name in secret_settings() if name not in held]


# -- a process that runs ---------------------------------------------------------


async def _live(stage: Stage) -> list[str]:
    """Talk to it while everything fails; what was expected to happen and did not."""
    told = stage.folder / "told.json"
    told.write_text(json.dumps(list(stage.canaries.told.values())))
    with (stage.folder / "out").open("wb") as out, (stage.folder / "err").open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "prove.hostile.served",
            str(stage.folder / "config.toml"),
            cwd=ROOT,
            env={**os.environ, "PROVE_SECRETS": str(told)},
            stdout=out,
            stderr=err,
        )
        dialling = asyncio.create_task(stage.onebot.run())
        try:
            await _until_up(stage)
            stage.search.look("the command line", _command_line(process.pid))
            await _talk(stage)
            await _visit(stage)
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 20)
            dialling.cancel()
            await asyncio.wait([dialling])
    told_on_error = (stage.folder / "err").read_text(errors="replace")
    stage.search.look("standard output", (stage.folder / "out").read_bytes())
    stage.search.look("standard error", told_on_error)
    for place in stage.towns:
        for line in place.lines(sender=BOT):
            stage.search.look("chat lines", f"{line.text} {line.raw!r}")
    return _happened(stage, told_on_error)


def _command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _happened(stage: Stage, told: str) -> list[str]:
    """A search of nothing finds nothing: all that was to be provoked must have been."""
    ways = {asked.way for asked in stage.relay.asked}
    wrong = [f"the relay's way {way} was never taken" for way in WAYS if way and way not in ways]
    count = told.count("Poison")
    if count < len(PLACES):
        wrong.append(f"expected at least {len(PLACES)} forced exceptions told, got {count}")
    return wrong + [
        f"nobody was answered on {place.name}"
        for place in stage.towns
        if not any("All is well" in line.text for line in place.lines(sender=BOT))
    ]


async def _until_up(stage: Stage) -> None:
    async with asyncio.timeout(30):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", stage.private)
                writer.close()
                return
            await asyncio.sleep(0.05)


async def _talk(stage: Stage) -> None:
    """People on every platform; then everything breaks, one after the other."""
    await stage.onebot.until_connected(10)
    await _say(stage, "hello")
    for name in stage.relays:
        await _say_one(stage.telegram, PEOPLE[0], f"/model {name}:m")
        await _say_one(stage.telegram, PEOPLE[0], f"ask {name}")
    for words in (*COMMANDS, "/image a cat", "/say hello"):
        await _say(stage, words)
    for fault in (Garbage(), Lose(), Reset(), Status(status=500), Status(status=401)):
        stage.telegram.faults.add(fault)
        await _say_one(stage.telegram, PEOPLE[1], "does this arrive?", within_s=0.6)
    stage.telegram.faults.clear()
    for place in PLACES:
        await _say_one(stage.telegram, PEOPLE[1], POISON + place, within_s=0.5)


async def _say(stage: Stage, words: str) -> None:
    await asyncio.gather(
        _say_one(stage.telegram, PEOPLE[0], words),
        _say_one(stage.onebot, PEOPLE[1], words),
        _say_one(stage.wechat, PEOPLE[1], words),
    )


async def _say_one(
    platform: Telegram | OneBot | WeChat, person: str, words: str, *, within_s: float = 6.0
) -> None:
    """Say it, and wait for a word of the bot's in answer, but no longer."""
    before = len(platform.town.lines(person, BOT))
    await platform.speak(Utterance(place=person, person=person, text=words))
    with suppress(TimeoutError):
        await platform.town.until(
            lambda _: len(platform.town.lines(person, BOT)) > before, within_s
        )


async def _visit(stage: Stage) -> None:
    """Both listeners, by who has no business there and by who has."""
    code = stage.canaries.told[next(n for n in stage.canaries.told if "access_code" in n)]
    private, public = (f"http://127.0.0.1:{port}" for port in (stage.private, stage.public))
    wrong = {"Authorization": "Bearer not-it"}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as visitor:

        async def visit(method: str, url: str, **given: object) -> None:
            async with visitor.request(method, url, **given) as answer:  # type: ignore[arg-type]
                body = await answer.read()
                stage.search.look(f"HTTP answers: {url}", f"{answer.headers}".encode() + body)

        for path in ("/", "/livez", "/readyz", "/metrics", "/ws", "/nothing"):
            await visit("GET", private + path, headers=wrong)
        await visit("GET", f"{public}/onebot/qq", headers=wrong)
        await visit("GET", f"{public}/wechat/wechat?signature=x&timestamp=1&nonce=2&echostr=3")
        await visit("POST", f"{public}/wechat/wechat?signature=x", data=b"<xml/>")
        await visit("POST", f"{public}/telegram/hook", data=b"{}", headers=wrong)
        await visit("POST", f"{private}/access", data={"code": "not it"})
        origin = {"Origin": private}
        await visit("POST", f"{private}/access", data={"code": code}, headers=origin)
        for path in ("/", "/readyz", "/metrics", "/nothing"):
            await visit("GET", private + path)
        async with visitor.ws_connect(f"{private}/ws", headers=origin) as socket:
            for number, words in enumerate(("hello", "/why", "/image a cat")):
                await socket.send_json({"type": "send", "id": f"web-{number:04}", "text": words})
            with suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    async for frame in socket:
                        stage.search.look("the page's frames", str(frame.data))


EXPERIMENT = Experiment(
    promises=(18,),
    title="no secret is told, whatever fails",
    run=run,
)
