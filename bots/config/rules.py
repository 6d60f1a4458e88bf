"""What must hold between settings, or of one beyond its type. Reads no file but a `ca_file`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bots.config.expect import Wrong, mismatch, shown
from bots.config.model import BotEntry, Config, Server, Storage
from core.errors import ConfigError
from core.loopback import is_loopback
from core.people import PeopleRules
from core.relay.address import base_url, check_proxy
from core.relay.dialect import KINDS
from core.relay.entry import RelayEntry, RouteTable
from core.relay.profile import load_dialect
from core.relay.trust import add_authorities
from core.secret import Secret, looks_secret

Finding: TypeAlias = tuple[tuple[str, ...], Wrong]
"""Where, and what is wrong there."""

NAME = re.compile(r"[\w-]+")
ACCESS_CODE_CHARS = 8


def findings(config: Config) -> Iterator[Finding]:
    yield from server_findings(config.server)
    yield from storage_findings(config.storage)
    yield from proxy_findings(("proxy", "url"), config.proxy.url)
    for entry in config.relays:
        yield from relay_findings(entry)
        if entry.proxy is not config.proxy.url:
            yield from proxy_findings(("relays", entry.name, "proxy"), entry.proxy)
    yield from route_findings(config.routes, {entry.name for entry in config.relays})
    yield from people_findings(config.people)
    yield from binding_findings(config.bindings, config.relays)
    for bot in config.bots:
        yield from bot_findings(bot)
    if not config.relays:
        yield ("relays",), mismatch("at least one [relays.NAME]", "none", "parley init writes one.")
    if not config.bots:
        yield (
            ("bots",),
            mismatch("at least one [bots.NAME]", "none", 'One with platform = "web" will do.'),
        )


def server_findings(server: Server) -> Iterator[Finding]:
    if server.private == server.public and server.private.port:
        other = mismatch("another port than private's", shown(str(server.public)))
        yield ("server", "public"), other
    code = server.access_code.reveal()
    if (code or not server.private.loopback) and len(code) < ACCESS_CODE_CHARS:
        words = f"at least {ACCESS_CODE_CHARS} characters"
        remedy = "Others can reach the private listener: set one, or listen on 127.0.0.1."
        if server.private.loopback:
            remedy = "Make it longer, or leave it out."
        yield ("server", "access_code"), mismatch(words, f"{len(code)}", remedy)


def storage_findings(storage: Storage) -> Iterator[Finding]:
    scheme, separator, _ = storage.url.reveal().partition("://")
    if scheme not in {"", "sqlite"}:
        got = shown(scheme) if separator and scheme.isalnum() else "another text"
        yield ("storage", "url"), mismatch('an address as in "sqlite:///parley.db"', got)


def proxy_findings(place: tuple[str, ...], proxy: Secret) -> Iterator[Finding]:
    if not proxy:
        return
    try:
        check_proxy(proxy.reveal())
    except ConfigError as error:
        yield place, restated(error)


def trust_findings(entry: RelayEntry) -> Iterator[Finding]:
    if not entry.ca_file:
        return
    try:
        add_authorities(SSLContext(PROTOCOL_TLS_CLIENT), entry.ca_file)
    except ConfigError as error:
        yield ("relays", entry.name, "ca_file"), restated(error)


def relay_findings(entry: RelayEntry) -> Iterator[Finding]:
    place = ("relays", entry.name)
    yield from name_findings(place)
    yield from trust_findings(entry)
    yield from token_findings(entry)
    try:
        dialect = load_dialect(entry.profile)
    except ConfigError as error:
        yield (*place, "profile"), Wrong(str(error).removeprefix("profile: "))
        return
    try:
        base_url(entry, dialect)
    except ConfigError as error:
        yield (*place, "base_url"), restated(error)
    own_host = urlsplit(dialect.base_url).hostname or ""
    if not entry.key and not entry.base_url and not is_loopback(own_host):
        remedy = 'Add key = "file:secrets/…" or key = "env:NAME".'
        yield (*place, "key"), mismatch(f"a key, which {entry.profile} asks for", "none", remedy)


def route_findings(routes: RouteTable, names: set[str]) -> Iterator[Finding]:
    for kind in KINDS:
        for target in getattr(routes, kind):
            if target.relay not in names:
                known = " or ".join(f"relays.{name}" for name in sorted(names)) or "a [relays.NAME]"
                yield ("routes", kind), mismatch(known, shown(str(target)))


def people_findings(people: PeopleRules) -> Iterator[Finding]:
    for kind in ("owners", "admins", "allow", "deny"):
        for person in sorted(getattr(people, kind)):
            platform, _, number = person.partition(":")
            if not platform or not number:
                words = 'ids as in "telegram:123456" or "telegram:*"'
                yield ("people", kind), mismatch(words, shown(person))
    try:
        ZoneInfo(people.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        words = 'a time zone as in "Asia/Shanghai" or "UTC"'
        yield ("people", "timezone"), mismatch(words, shown(people.timezone))


def token_findings(entry: RelayEntry) -> Iterator[Finding]:
    """A key's own alias in the ledger would be taken for the common one."""
    for name, key in entry.tokens.items():
        place = ("relays", entry.name, "tokens", name)
        if not NAME.fullmatch(name) or name == "key" or looks_secret(name):
            words = 'a name of letters, digits, _ and -, and not "key"'
            yield place, mismatch(words, _unless_secret(name))
        elif not key:
            remedy = 'Write it as in alice = "file:secrets/alice".'
            yield place, mismatch("a key", "none", remedy)


def binding_findings(
    bindings: Mapping[str, str], relays: Iterable[RelayEntry]
) -> Iterator[Finding]:
    names = [f"{entry.name}:{name}" for entry in relays for name in entry.tokens]
    for person, named in bindings.items():
        platform, _, number = person.partition(":")
        if not platform or number in {"", "*"}:
            yield ("bindings", person), mismatch('an id as in "telegram:123456"', shown(person))
        if named not in names:
            known = " or ".join(names) or "a token, and there is none"
            remedy = "Name its key under [relays.NAME.tokens], and bind by that name."
            yield ("bindings", person), mismatch(known, _unless_secret(named), remedy)


def _unless_secret(text: str) -> str:
    return "what may be a key (not shown)" if looks_secret(text) else shown(text)


def bot_findings(entry: BotEntry) -> Iterator[Finding]:
    bot, place = entry.bot, ("bots", entry.bot.name)
    yield from name_findings(place)
    if isinstance(bot.history_chars, int) and len(bot.persona) >= max(bot.history_chars, 1):
        words = f"fewer characters than history_chars, which is {bot.history_chars}"
        remedy = "Shorten it, or raise history_chars."
        yield (*place, "persona"), mismatch(words, str(len(bot.persona)), remedy)
    yield from empty_findings((*place, "prefixes"), bot.prefixes)
    yield from empty_findings((*place, "command_prefixes"), bot.command_prefixes)


def name_findings(place: tuple[str, ...]) -> Iterator[Finding]:
    if not NAME.fullmatch(place[-1]):
        yield place, mismatch("a name of letters, digits, _ and -", shown(place[-1]))


def empty_findings(place: tuple[str, ...], words: Iterable[str]) -> Iterator[Finding]:
    if "" in words:
        yield place, mismatch("texts of at least one character", '""')


def restated(error: ConfigError) -> Wrong:
    """The relay client's own words, without the setting's name in front."""
    return Wrong(str(error).partition(": ")[2])
