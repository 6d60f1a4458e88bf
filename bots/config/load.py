"""From the file to the checked configuration: the one place that reads it."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import fields, replace

from bots.config.expect import mismatch, shown
from bots.config.model import Alerts, BotEntry, Config, Log, Proxy, Server, Storage
from bots.config.platforms import NoSettings, platforms, settings_of
from bots.config.read import Page, Place
from bots.config.rules import findings
from bots.config.secrets import DIRECT
from bots.config.values import parsers
from core.bot import Bot
from core.errors import ConfigError
from core.loopback import is_loopback
from core.people import PeopleRules
from core.quota.limits import LEVELS, Allowances, Limits
from core.relay.entry import RelayEntry, RouteTable
from core.secret import Secret


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check a configuration file. Relative paths in it start at its folder.

    Raises ConfigError, a line for each problem: file, line, setting, what was
    expected, what was got, the remedy. No secret is ever shown.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: expected a configuration, got no such file. Make one with: "
            "parley init, or name yours with --config"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected a TOML file in UTF-8: {error}.") from error
    return parse(text, path.absolute().parent, path.name, environ)


def parse(
    text: str, folder: Path, name: str = "config.toml", environ: Mapping[str, str] = os.environ
) -> Config:
    """Like `load`, from text that stands in `folder`."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}, {syntax(str(error))}") from error
    except (RecursionError, ValueError) as error:  # a number of thousands of digits
        words = "expected settings, got lists within lists, or a number, without end"
        raise ConfigError(f"{name}: {words}.") from error
    page = Page(text, name, parsers(folder, environ))
    config = read(page, tree, folder)
    for place, problem in findings(config):
        page.wrong(place, problem)
    if page.problems:
        raise ConfigError("\n".join(page.problems))
    return config


def syntax(problem: str) -> str:
    """Tomllib's "Expected … (at line 3, column 5)", with the place in front."""
    place = re.search(r" \(at (.*)\)$", problem)
    if not place:
        return f"{problem}."
    return f"{place[1].replace('end of document', 'at its end')}: {problem[: place.start()]}."


def read(page: Page, tree: dict[str, Any], folder: Path) -> Config:
    sections = [field.name for field in fields(Config)]
    for key in tree.keys() - set(sections):
        page.unknown((key,), dict.fromkeys(sections))
    proxy = page.read(("proxy",), tree.get("proxy", {}), Proxy)
    if proxy.url.reveal() == DIRECT:
        proxy = Proxy()
    return Config(
        server=page.read(("server",), tree.get("server", {}), Server),
        storage=placed(page.read(("storage",), tree.get("storage", {}), Storage), folder),
        proxy=proxy,
        relays=tuple(
            relay(page, name, table, proxy) for name, table in page.tables("relays", tree)
        ),
        routes=page.read(("routes",), tree.get("routes", {}), RouteTable),
        people=page.read(("people",), tree.get("people", {}), PeopleRules),
        limits=limits(page, tree.get("limits", {})),
        bindings=bindings(page, tree.get("bindings", {})),
        alerts=page.read(("alerts",), tree.get("alerts", {}), Alerts),
        bots=tuple(bot(page, name, table) for name, table in page.tables("bots", tree)),
        log=page.read(("log",), tree.get("log", {}), Log),
    )


def limits(page: Page, table: object) -> Limits:
    """[limits] with a table for each level in it."""
    if not isinstance(table, dict):
        return page.read(("limits",), table, Limits)
    levels = {
        level: page.read(("limits", level), table.get(level, {}), Allowances) for level in LEVELS
    }
    plain = {key: value for key, value in table.items() if key not in LEVELS}
    return page.read(("limits",), plain, Limits, **levels)


def bindings(page: Page, table: object) -> dict[str, str]:
    """[bindings]: "platform:id" = "relay:name"."""
    if not isinstance(table, dict):
        page.wrong(("bindings",), mismatch("a table", "something else", "Write [bindings]."))
        return {}
    words = 'a relay and the name of one of its tokens, as in "main:alice"'
    for person, token in table.items():
        if not isinstance(token, str):
            page.wrong(("bindings", person), mismatch(words, shown(token)))
    return {person: token for person, token in table.items() if isinstance(token, str)}


def placed(storage: Storage, folder: Path) -> Storage:
    """With absolute paths: `data` from the file's folder, the rest from `data` where unset."""
    data = folder / storage.data
    url = storage.url.reveal() or f"sqlite:///{data / 'parley.db'}"
    scheme, _, file = url.partition(":///")
    if scheme == "sqlite" and file:
        url = f"sqlite:///{folder / file}"
    media = data / "media" if storage.media in {Path(), folder} else folder / storage.media
    return replace(storage, data=data, url=Secret(url), media=media)


def relay(page: Page, name: str, table: object, proxy: Proxy) -> RelayEntry:
    """With the proxy that it takes: its own, else the common one unless it is on this machine."""
    entry = page.read(("relays", name), table, RelayEntry, name=name)
    if entry.proxy.reveal() == DIRECT:
        return replace(entry, proxy=Secret())
    if entry.proxy or is_loopback(host_of(entry.base_url)):
        return entry
    return replace(entry, proxy=proxy.url)


def host_of(address: str) -> str:
    """ "" where it has none; what is no address at all, the rules tell."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def bot(page: Page, name: str, table: object) -> BotEntry:
    """One section in two structs: what the core reads, and what the platform's adapter reads."""
    place = ("bots", name)
    own = settings_of_table(page, place, table)
    if own is None and isinstance(table, dict):  # whose other keys are right, nobody can say
        table = {key: table[key] for key in table if key in Bot.__struct_fields__}
    settings = own or NoSettings
    values = page.values(place, table, (Bot, settings), name=name)
    return BotEntry(bot=Bot(**values[Bot]), settings=settings(**values[settings]))


def settings_of_table(page: Page, place: Place, table: object) -> type[Struct] | None:
    """None where the section names no platform that there is."""
    platform = table.get("platform") if isinstance(table, dict) else None
    if platform in platforms():
        return settings_of(str(platform))
    if platform is not None:
        known = " or ".join(f'"{word}"' for word in platforms())
        page.wrong((*place, "platform"), mismatch(known, shown(platform)))
    return None
