"""A secret in every setting that holds one, everything made to fail, and no secret found."""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp

from bots.config import load
from bots.sandbox.faults import Garbage, Lose, Reset, Status
from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.floods import UNLIMITED
from bots.sandbox.telegram.platform import Rules, Telegram
from bots.sandbox.town.town import BOT, Town, Utterance
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat
from core.errors import ConfigError
from prove.experiment import Experiment, Finding, Scale
from prove.hostile.canaries import Canaries, secret_settings
from prove.hostile.relay import (
    Relay,
    broken_off,
    echoing,
    garbage,
    nonsense,
    redirecting,
    relay,
    reset,
    saying,
)
from prove.hostile.search import Search
from prove.hostile.served import AT_THE_DOOR, POISON
from prove.world.platforms import free_port, square

ROOT = Path(__file__).parents[2]
PEOPLE = ("50001", "50002")
WAYS = {
    "fine": saying(lambda _: {"content": "All is well."}),
    "e401": echoing(401),
    "e403": echoing(403),
    "e404": echoing(404),
    "e429": echoing(429, form="plain"),
    "e500": echoing(500, form="html"),
    "e200": echoing(200),
    "garbage": garbage,
    "nonsense": nonsense,
    "reset": reset,
    "cut": broken_off,
    "moved": redirecting("http://127.0.0.1:9/elsewhere"),
    "e400": echoing(400, form="plain"),
    "": echoing(407),
}
COMMANDS = ("/why", "/quota", "/whoami", "/models", "/model", "/history", "/export", "/help")
PLACES = (*AT_THE_DOOR, "engine", "courier", "store")
CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
access_code = {access_code}
[storage]
data = "data"
[proxy]
url = {proxy}
[log]
level = "debug"
format = "{form}"
[people]
guests = true
guest_daily_messages = "unlimited"
owners = ["telegram:50001"]
{relays}
[routes]
chat = [{chat}]
image = [{broken}]
speech = [{broken}]
stall_s = 1.0
[bots.tg]
platform = "telegram"
token = {telegram}
api_base = "http://127.0.0.1:{telegram_port}"
webhook_secret = {webhook_secret}
sends_per_second = "unlimited"
chat_sends_per_second = "unlimited"
[bots.hook]
platform = "telegram"
mode = "webhook"
token = {refused}
public_url = "http://127.0.0.1:{public}"
api_base = "http://127.0.0.1:{telegram_port}"
webhook_secret = {second_secret}
[bots.away]
platform = "telegram"
token = {third}
proxy = {telegram_proxy}
[bots.qq]
platform = "onebot11"
token = {qq}
[bots.wechat]
platform = "wechat"
token = {wechat}
app_id = "wxsandbox0000000"
app_secret = {app_secret}
aes_key = {aes_key}
previous_aes_key = {previous_aes_key}
api_base = "http://127.0.0.1:{wechat_port}"
[bots.afar]
platform = "wechat"
token = {wechat_afar}
app_id = "wxsandbox0000001"
app_secret = {app_secret_afar}
proxy = {wechat_proxy}
customer_service = true
[bots.web]
platform = "web"
"""
WRONG = (
    "key = {0}",
    "key = [{0}]",
    "key = { value = {0} }",
    "keys = {0}",
    "keys = [{0}]",
    "keys = [[{0}]]",
    "stat_token = {0}",
    "proxy = {0}",
    "tokens = {0}",
    'base_url = "https://anna:{1}@relay.example.org"',
    'proxy = "http://anna:{1}@127.0.0.1:1"',
    'ca_file = "a.pem"\nkey = "env:{1}"',
    "timeout_s = {0}\nconnect_timeout_s = 0",
    'key = "{1}',
    "key = {1}",
)
"""Mistakes that people make in [relays.x], with a secret in them: quoted, and bare."""

SECTIONS = (
    "relays = {0}",
    "[relays]\nmain = {0}",
    "[bots]\ntg = {0}",
    '[bots.tg]\nplatform = "telegram"\ntoken = {0}',
    '[bots.qq]\nplatform = "onebot11"\ntoken = [{0}]',
    '[bots.we]\nplatform = "wechat"\ntoken = {0}\naes_key = {0}\napp_secret = {0}',
    "[server]\naccess_code = {0}",
    "[storage]\nurl = {0}",
    "[proxy]\nurl = {0}",
    "proxy = {0}",
    "server = {0}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the bot is connected to."""

    canaries: Canaries
    search: Search
    relay: Relay
    relays: Sequence[str]
    telegram: Telegram
    onebot: OneBot
    wechat: WeChat
    folder: Path
    private: int
    public: int

    @property
    def towns(self) -> tuple[Town, ...]:
        return (self.telegram.town, self.onebot.town, self.wechat.town)


@asynccontextmanager
async def staged(folder: Path, chance: Random, form: str) -> AsyncIterator[Stage]:
    canaries = Canaries(folder / "secrets", chance)
    private, public, nobody = free_port(), free_port(), free_port()
    token = f"7000000001:AA{canaries.word(33)}"
    values = {
        "telegram": canaries.source("bots.telegram.token", token),
        "qq": canaries.source("bots.onebot11.token"),
        "wechat": canaries.source("bots.wechat.token", canaries.word(30)),
        "app_secret": canaries.source("bots.wechat.app_secret", canaries.word(32)),
        "aes_key": canaries.source("bots.wechat.aes_key", canaries.aes_key()),
    }
    qq, wechat_token, app_secret, aes_key = list(canaries.told.values())[1:]
    async with AsyncExitStack() as stack:
        hostile = await stack.enter_async_context(relay(WAYS))
        telegram = Telegram(
            town=square("Telegram", PEOPLE, ()), token=token, rules=Rules(floods=UNLIMITED)
        )
        telegram_at = await stack.enter_async_context(running(telegram_app(telegram)))
        onebot = OneBot(
            url=f"ws://127.0.0.1:{public}/onebot/qq",
            token=qq,
            town=square("QQ", PEOPLE, ()),
            pace=Pace(reconnect_s=0.1),
        )
        await stack.enter_async_context(serving(onebot, port=0))
        wechat_port = free_port()
        wechat = WeChat(
            url=f"http://127.0.0.1:{public}/wechat/wechat",
            token=wechat_token,
            app_id="wxsandbox0000000",
            app_secret=app_secret,
            aes_key=aes_key,
            mode="safe",
            town=square("WeChat", PEOPLE, ()),
            origin=f"http://127.0.0.1:{wechat_port}",
        )
        await stack.enter_async_context(wechat)
        await stack.enter_async_context(running(wechat_app(wechat), port=wechat_port))
        relays, names = _relays(canaries, hostile, nobody)
        broken = ", ".join(f'"{name}:m"' for name in names if name != "fine")
        text = CONFIG.format(
            private=private,
            public=public,
            form=form,
            relays=relays,
            broken=broken,
            chat=f'"fine:m", {broken}',
            telegram_port=telegram_at.port,
            wechat_port=wechat_port,
            access_code=canaries.source("server.access_code"),
            proxy=canaries.login("proxy.url", "http", hostile.port),
            webhook_secret=canaries.source("bots.telegram.webhook_secret", canaries.word()),
            refused=canaries.source("bots.telegram.token", f"7000000002:AA{canaries.word(33)}"),
            second_secret=canaries.source("bots.telegram.webhook_secret", canaries.word()),
            third=canaries.source("bots.telegram.token", f"7000000003:AA{canaries.word(33)}"),
            telegram_proxy=canaries.login("bots.telegram.proxy", "http", hostile.port),
            previous_aes_key=canaries.source("bots.wechat.previous_aes_key", canaries.aes_key()),
            wechat_afar=canaries.source("bots.wechat.token", canaries.word(30)),
            app_secret_afar=canaries.source("bots.wechat.app_secret", canaries.word(32)),
            wechat_proxy=canaries.login("bots.wechat.proxy", "socks5", hostile.port),
            **values,
        )
        (folder / "config.toml").write_text(text)
        yield Stage(
            canaries=canaries,
            search=Search(dict(canaries.told)),
            relay=hostile,
            relays=names,
            telegram=telegram,
            onebot=onebot,
            wechat=wechat,
            folder=folder,
            private=private,
            public=public,
        )


def _relays(canaries: Canaries, hostile: Relay, nobody: int) -> tuple[str, list[str]]:
    """(sections, names): one for each way to fail, and one that is well."""
    addresses = {way: (hostile.address(way), '"direct"') for way in WAYS if way}
    addresses |= {
        "tls": (f"https://127.0.0.1:{hostile.port}", '"direct"'),
        "refused": (f"http://127.0.0.1:{nobody}", '"direct"'),
        "common": ("http://relay.invalid", '""'),
        "common_tls": ("https://relay.invalid", '""'),
    }
    for name, scheme, port in (
        ("proxied", "http", hostile.port),
        ("socks", "socks5", hostile.port),
        ("no_proxy", "socks5h", nobody),
    ):
        addresses[name] = (
            "https://relay.invalid",
            canaries.login("relays.*.proxy", scheme, port),
        )
    addresses["e400"] = addresses.pop("e400")  # where a request is refused, no other is asked
    text = ""
    for name, (address, proxy) in addresses.items():
        keys = ", ".join(canaries.source("relays.*.keys") for _ in range(2))
        text += f"""
[relays.{name}]
profile = "sandbox"
base_url = "{address}"
allow_plain_http = true
proxy = {proxy}
key = {canaries.source("relays.*.key")}
keys = [{keys}]
stat_token = {canaries.source("relays.*.stat_token")}
connect_timeout_s = 2.0
first_byte_timeout_s = 2.0
idle_timeout_s = 2.0
"""
    return text, list(addresses)


async def told_by(*command: str, environ: Mapping[str, str] | None = None, folder: Path) -> str:
    """What `python -m …` says on both channels, however it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    return told.decode(errors="replace")


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
                _commands(stage, long=scale.long), _mistakes(stage, chance, scale.pick(3, 40))
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


# -- commands and mistakes -------------------------------------------------------


async def _commands(stage: Stage, *, long: bool) -> None:
    tried = ("e401", "garbage", "tls", "proxied", "socks", "moved", "e500")
    commands: Sequence[tuple[str, ...]] = (
        ("check",),
        ("relay", "list"),
        *(("relay", "test", name, "--yes", "--keep") for name in tried[: 7 if long else 1]),
        *(("relay", "call", name, "chat", "hello") for name in tried[: 7 if long else 3]),
    )
    told = await asyncio.gather(
        *(
            told_by("bots", *command, "--config", "config.toml", folder=stage.folder)
            for command in commands
        )
    )
    for command, words in zip(commands, told, strict=True):
        stage.search.look(f"commands: {' '.join(command)}", words)


async def _mistakes(stage: Stage, chance: Random, count: int) -> None:
    """Secrets where they do not belong; `count` of them are told by commands of their own."""
    base = '[relays.x]\nprofile = "sandbox"\n{}\n[bots.web]\nplatform = "web"\n'
    texts = [base.format(wrong) for wrong in WRONG]
    texts += [f'{section}\n[bots.web]\nplatform = "web"\n' for section in SECTIONS]
    chosen = chance.sample(texts, len(texts))
    folder = stage.folder / "mistakes"
    folder.mkdir()
    canary = f"sk-{stage.canaries.word()}{stage.canaries.word(8)}"
    search = Search({"a secret in the wrong place": canary})
    dsn = f"user=anna password={canary} host=db"
    (folder / "dsn").write_text(dsn)
    (folder / "url").write_text(f"postgresql://anna:{canary}@db/parley")
    chosen += [base.format(f'[storage]\nurl = "file:{name}"') for name in ("dsn", "url")]
    (folder / "unreadable").write_bytes(canary.encode() + b"\xff\xfe")
    chosen.append(base.format('key = "file:unreadable"'))

    async def mistake(number: int, text: str) -> None:
        config = folder / f"{number}.toml"
        config.write_text(text.replace("{0}", f'"{canary}"').replace("{1}", canary))
        words = ("check", "--offline") if number % 2 else ("run",)
        if number < count:
            told = await told_by("bots", *words, "--config", config.name, folder=folder)
        else:
            told = _refused(config)
        shown = text.replace("\n", " / ")
        search.look(f"a refused configuration: {shown}", told)
        if "expected" not in told and "line" not in told:
            search.found.append(f"not refused: {shown}: {told[:200]}")

    for start in range(0, len(chosen), 4):
        batch = enumerate(chosen[start : start + 4], start)
        await asyncio.gather(*(mistake(number, text) for number, text in batch))
    stage.search.found += search.found
    stage.search.places |= search.places
    stage.search.searched_bytes += search.searched_bytes


def _refused(config: Path) -> str:
    """What the commands would print, and what a traceback would."""
    try:
        return repr(load(config))
    except ConfigError as error:
        return "".join(traceback.format_exception(error))


EXPERIMENT = Experiment(
    promises=(18,),
    title="no secret is told, whatever fails",
    run=run,
)
