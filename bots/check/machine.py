"""What a configuration needs of this machine: secrets, folders, the database, ports, codecs."""

import os
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bots.check.finding import Finding
from bots.config import Config, Listen
from bots.listener import bind
from bots.livez import parley_at
from core.errors import ConfigError, StoreError
from core.secret import Secret
from storage.sqlite.connection import open_reader
from storage.sqlite.database import path_of
from storage.sqlite.holding import held
from storage.sqlite.schema import HEAD

OPEN_S = 5.0
CODECS = {"av": "voice and audio formats", "pocketsphinx": "speech in the sandbox relay"}


def machine(path: Path, config: Config) -> Iterator[Finding]:
    yield Finding("ok", "config", summary(path, config))
    yield from open_secrets(path)
    yield from data_folder(config.storage.data)
    yield database(config.storage.url)
    yield from on_hold(config.storage.url)
    yield from ports(config)
    yield from (codec(name, use) for name, use in CODECS.items())


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
        with closing(open_reader(path, OPEN_S)) as connection:
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


def on_hold(url: Secret) -> Iterator[Finding]:
    """What cannot be read is told of `database` already."""
    with suppress(StoreError):
        if hold := held(path_of(url.reveal())):
            yield Finding("note", "held", hold.reason)


def ports(config: Config) -> Iterator[Finding]:
    """A taken one is well where Parley has it. The public listener tells nobody whose it is."""
    private, public = config.server.private, config.server.public
    running = parley_at(private)
    yield port("private", private, running=running)
    if public != private:
        yield port("public", public, running=running)


def port(name: str, listen: Listen, *, running: bool) -> Finding:
    try:
        bind(listen.host, listen.port).close()
    except ConfigError as error:
        if running:
            return Finding("ok", f"{name} port", f"{listen}: Parley is running there")
        return Finding("WRONG", f"{name} port", str(error))
    return Finding("ok", f"{name} port", f"{listen} is free")


def codec(name: str, use: str) -> Finding:
    try:
        return Finding("ok", name, f"{version(name)}, for {use}")
    except PackageNotFoundError:
        return Finding("note", name, f'not installed, for {use}: pip install "parley[sandbox]"')
