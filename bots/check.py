"""`parley check`: says what is wrong with a configuration and its surroundings."""

import asyncio
import os
import socket
import sqlite3
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from bots.config import Config, Listen, load
from bots.init.trial import account, list_models
from bots.listener import bind
from bots.loop import run_async
from core.errors import ConfigError, RelayError, RelayUnsupported
from core.relay.entry import RelayEntry, RouteTarget
from core.secret import Secret
from storage.sqlite.connection import open_reader
from storage.sqlite.schema import HEAD

RELAY_S = 20.0
CONNECT_S = 5.0
CODECS = {"av": "voice and audio formats", "pocketsphinx": "speech in the sandbox relay"}
COLOURS = {"ok": "\x1b[32m", "note": "\x1b[33m", "WRONG": "\x1b[31m"}


class Finding(NamedTuple):
    """One line of the table. Only WRONG makes the check fail."""

    state: Literal["ok", "note", "WRONG"]
    about: str
    words: str


def check(path: Path, *, offline: bool) -> int:
    """Print a line for each thing looked at; 1 if anything is wrong."""
    try:
        config = load(path)
    except ConfigError as error:
        return tell([Finding("WRONG", "config", line) for line in str(error).splitlines()])
    findings = [Finding("ok", "config", summary(path, config)), *open_secrets(path)]
    findings += [*data_folder(config.storage.data), database(config.storage.url), *ports(config)]
    findings += [codec(name, use) for name, use in CODECS.items()]
    if not offline:
        findings += run_async(reached(config))
    return tell(findings)


def tell(findings: Sequence[Finding]) -> int:
    colours = COLOURS if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else {}
    width = max(len(finding.about) for finding in findings)
    for state, about, words in findings:
        colour, plain = (colours[state], "\x1b[0m") if colours else ("", "")
        sys.stdout.write(f"{colour}{state:<5}{plain}  {about:<{width}}  {words}\n")
    return 1 if any(finding.state == "WRONG" for finding in findings) else 0


# -- on this machine -----------------------------------------------------------


def summary(path: Path, config: Config) -> str:
    relays = ", ".join(entry.name for entry in config.relays)
    bots = ", ".join(entry.bot.name for entry in config.bots)
    return f"{path}: relays {relays}; bots {bots}"


def open_secrets(path: Path) -> Iterator[Finding]:
    """Files with secrets that others on this machine could read."""
    for place in file_references(tomllib.loads(path.read_text(encoding="utf-8-sig"))):
        file = path.absolute().parent / Path(place).expanduser()
        if file.stat().st_mode & 0o077:
            yield Finding("note", "secrets", f"others can read {file}: chmod 600 {file}")


def file_references(value: object) -> Iterator[str]:
    match value:
        case str() if value.startswith("file:"):
            yield value.removeprefix("file:")
        case dict():
            for inner in value.values():
                yield from file_references(inner)


def data_folder(folder: Path) -> Iterator[Finding]:
    """The folder, or the one that it will be made in, must be this user's to write to."""
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("WRONG", "data", f"{nearest} cannot be written to by this user")


def database(url: Secret) -> Finding:
    path = Path(url.reveal().removeprefix("sqlite:///"))
    if not path.exists():
        return Finding("ok", "database", f"{path} will be made")
    try:
        with closing(open_reader(path, CONNECT_S)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    except sqlite3.Error as error:
        return Finding("WRONG", "database", f"{path}: {error}")
    if found > HEAD:
        words = f"{path}: schema {found} is newer than this Parley's {HEAD}: install that version"
        return Finding("WRONG", "database", words)
    if not os.access(path, os.W_OK):
        return Finding("WRONG", "database", f"{path} cannot be written to by this user")
    upgrade = f", to be upgraded to {HEAD} at the next start" if found < HEAD else ""
    return Finding("ok", "database", f"{path}: schema {found}{upgrade}")


def ports(config: Config) -> Iterator[Finding]:
    yield port("private", config.server.private)
    if config.server.public != config.server.private:
        yield port("public", config.server.public)


def port(name: str, listen: Listen) -> Finding:
    try:
        bind(listen.host, listen.port).close()
    except ConfigError as error:
        if parley_at(listen):
            return Finding("ok", f"{name} port", f"{listen}: Parley is running there")
        return Finding("WRONG", f"{name} port", str(error))
    return Finding("ok", f"{name} port", f"{listen} is free")


def parley_at(listen: Listen) -> bool:
    """Whether what has the port answers /livez as Parley does."""
    request = f"GET /livez HTTP/1.0\r\nHost: {listen}\r\n\r\n".encode()
    try:
        with socket.create_connection((listen.host, listen.port), 1.0) as connection:
            connection.sendall(request)
            return connection.makefile("rb").read(4096).endswith(b"alive")
    except OSError:
        return False


def codec(name: str, use: str) -> Finding:
    try:
        return Finding("ok", name, f"{version(name)}, for {use}")
    except PackageNotFoundError:
        return Finding("note", name, f'not installed, for {use}: pip install "parley[sandbox]"')


# -- over the network ----------------------------------------------------------


async def reached(config: Config) -> list[Finding]:
    """Every proxy and relay, all at once."""
    proxies = {entry.proxy.reveal() for entry in config.relays if entry.proxy}
    calls = [proxy(address) for address in sorted(proxies)]
    calls += [relay(entry, config) for entry in config.relays]
    calls += [quota(entry) for entry in config.relays if entry.stat_token]
    return await asyncio.gather(*calls)


async def proxy(address: str) -> Finding:
    """Whether something listens there; its login is never shown."""
    parts = urlsplit(address)
    host, number = parts.hostname or "", parts.port or (1080 if "socks" in parts.scheme else 80)
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, number)
    except (OSError, TimeoutError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "no answer"
        return Finding("WRONG", "proxy", f"{host}:{number} cannot be reached: {reason}")
    writer.close()
    return Finding("ok", "proxy", f"{host}:{number} can be reached")


async def relay(entry: RelayEntry, config: Config) -> Finding:
    about = f"relay {entry.name}"
    began = time.monotonic()
    try:
        async with asyncio.timeout(RELAY_S):
            models = await list_models(entry)
    except TimeoutError:
        return Finding("WRONG", about, f"no list of models within {RELAY_S:.0f} s")
    except RelayUnsupported:
        return Finding("note", about, f"{entry.profile}: it does not list its models")
    except (RelayError, ConfigError) as error:
        return Finding("WRONG", about, str(error))
    took_ms = (time.monotonic() - began) * 1000
    routed = {target.model for target in routed_to(entry, config) if target.model}
    if unlisted := sorted(routed.difference(models)):
        words = f"it does not list {', '.join(unlisted)}, which [routes] names"
        return Finding("note", about, words)
    return Finding("ok", about, f"{entry.profile}: {len(models)} models in {took_ms:.0f} ms")


async def quota(entry: RelayEntry) -> Finding:
    """Whether the `stat_token` opens what /quota reads."""
    about = f"quota {entry.name}"
    try:
        async with asyncio.timeout(RELAY_S):
            stat = await account(entry)
    except TimeoutError:
        return Finding("WRONG", about, f"no account within {RELAY_S:.0f} s")
    except RelayUnsupported:
        return Finding("note", about, f"{entry.profile}: it tells no account")
    except (RelayError, ConfigError) as error:
        return Finding("WRONG", about, str(error))
    return Finding("ok", about, f"{entry.profile}: {len(stat.tokens)} tokens")


def routed_to(entry: RelayEntry, config: Config) -> Iterator[RouteTarget]:
    for kind in config.routes.__struct_fields__:
        yield from (target for target in getattr(config.routes, kind) if target.relay == entry.name)
