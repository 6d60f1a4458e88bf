"""What the configuration says of relays and routes."""

from collections.abc import Mapping

from msgspec import Struct

from core.price import Price
from core.secret import Secret

FIRST_KEY = "key"
"""How the first key is named; the further ones are "key 2", …"""


class RelayEntry(Struct, frozen=True, kw_only=True):
    """A [relays.NAME] section. Empty fields mean the profile's own value.

    `keys` are further keys beside `key`, taken in order where one is used up or refused.
    `tokens` are keys by name that only the people bound to them use. `prices` are by model, or
    glob, before the profile's own.
    `vision` lists model names (globs) that take pictures, beside the profile's.
    `proxy` is an http://, socks5:// or socks5h:// address, "" for none. Times in seconds:
    `first_byte_timeout_s` from the end of the request, however slow its upload,
    `idle_timeout_s` between two pieces of the answer or of an upload.
    """

    name: str
    profile: str
    key: Secret = Secret()
    keys: tuple[Secret, ...] = ()
    base_url: str = ""
    stat_token: Secret = Secret()
    proxy: Secret = Secret()
    allow_plain_http: bool = False
    verify_tls: bool = True
    ca_file: str = ""
    vision: tuple[str, ...] = ()
    tokens: Mapping[str, Secret] = {}
    prices: Mapping[str, Price] = {}
    connect_timeout_s: float = 10.0
    first_byte_timeout_s: float = 120.0
    idle_timeout_s: float = 60.0


class RouteTarget(Struct, frozen=True):
    """One step of a route: "main:gpt-4o", or "main" alone for the relay's default model."""

    relay: str
    model: str = ""

    def __str__(self) -> str:
        return f"{self.relay}:{self.model}" if self.model else self.relay


class RouteTable(Struct, frozen=True, kw_only=True):
    """The [routes] section: for each kind of call the targets in order of preference.

    An empty kind falls back to every relay in the order of their sections. A call that
    shows nothing for `stall_s` seconds has its relay probed, if another one could serve.
    """

    chat: tuple[RouteTarget, ...] = ()
    image: tuple[RouteTarget, ...] = ()
    speech: tuple[RouteTarget, ...] = ()
    transcription: tuple[RouteTarget, ...] = ()
    translation: tuple[RouteTarget, ...] = ()
    stall_s: float = 6.0
