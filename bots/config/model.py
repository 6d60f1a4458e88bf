"""The configuration's sections. Those that the core reads are defined there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from core.bot import Bot
from core.loopback import is_loopback
from core.model import Limit
from core.people import PeopleRules
from core.quota.limits import Limits
from core.relay.entry import RelayEntry, RouteTable
from core.secret import Secret


class Listen(Struct, frozen=True, kw_only=True):
    """Where a listener listens: "127.0.0.1:8700" or "[::1]:8700"."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Server(Struct, frozen=True, kw_only=True):
    """The [server] section. `private` off loopback needs an `access_code`."""

    private: Listen = Listen(host="127.0.0.1", port=8700)
    public: Listen = Listen(host="127.0.0.1", port=8701)
    access_code: Secret = Secret()


class Storage(Struct, frozen=True, kw_only=True):
    """The [storage] section; paths are absolute once loaded.

    An empty `url` becomes SQLite in `data`, an empty `media` a folder in it.
    """

    data: Path = Path("data")
    url: Secret = Secret()
    media: Path = Path()
    retention_days: Limit = 365
    """How long what was said, answered and uploaded is kept, with its files."""


class Proxy(Struct, frozen=True, kw_only=True):
    """The [proxy] section: what everything going out takes, unless it says otherwise."""

    url: Secret = Secret()


class Log(Struct, frozen=True, kw_only=True):
    """The [log] section."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Alerts(Struct, frozen=True, kw_only=True):
    """The [alerts] section: what admins are told of by themselves.

    `left_percent` are the shares of an account's or a token's quota at which it is told that
    it runs out; `expires_days` how long before a token's end. `drift_percent`: how far the
    ledger and a relay's own figure may be apart. `report_hour` is the hour of the day, in the
    zone of [people], at which reports go out; the weekly one on Mondays.
    """

    on: bool = True
    left_percent: tuple[int, ...] = (50, 20, 5)
    expires_days: int = 7
    drift_percent: float = 5.0
    refresh_s: float = 600.0
    daily: bool = False
    weekly: bool = True
    report_hour: int = 9


class BotEntry(Struct, frozen=True, kw_only=True):
    """A [bots.NAME] section: what the core reads, and what its platform's adapter reads."""

    bot: Bot
    settings: Struct


class Config(Struct, frozen=True, kw_only=True):
    """The whole file, checked. `relays` and `bots` keep the file's order."""

    server: Server = Server()
    storage: Storage = Storage()
    proxy: Proxy = Proxy()
    relays: tuple[RelayEntry, ...] = ()
    routes: RouteTable = RouteTable()
    people: PeopleRules = PeopleRules()
    limits: Limits = Limits()
    bindings: Mapping[str, str] = {}
    alerts: Alerts = Alerts()
    bots: tuple[BotEntry, ...] = ()
    log: Log = Log()
