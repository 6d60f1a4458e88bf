"""Commands that fail, and secrets where they do not belong."""

import asyncio
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from bots.config import load
from core.errors import ConfigError
from prove.hostile.search import Search
from prove.hostile.stage import Stage

ROOT = Path(__file__).parents[2]
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


async def run_commands(stage: Stage, *, long: bool) -> None:
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


async def make_mistakes(stage: Stage, chance: Random, count: int) -> None:
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
