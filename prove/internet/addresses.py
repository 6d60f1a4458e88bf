"""Addresses that lead where nobody may go, in every spelling."""

from collections.abc import Iterator
from random import Random
from urllib.parse import quote

GOOD = "93.184.215.14"
"""An address of the open internet, by its number; only proxies of ours are asked for it."""

STAND_IN = "127.0.0.53"
"""This machine's own, which plays the open internet."""

BOOK = {
    "good.test": ((GOOD,),),
    "let-in.test": ((STAND_IN,),),
    "inside.test": (("127.0.0.1",),),
    "lan.test": (("10.0.0.7",), ("192.168.1.1",), ("172.16.0.9",), ("100.64.0.1",)),
    "metadata.test": (("169.254.169.254",),),
    "zero.test": (("0.0.0.0",),),  # noqa: S104
    "v6.test": (("::1",),),
    "mapped.test": (("::ffff:127.0.0.1",),),
    "nat64.test": (("64:ff9b::7f00:1",),),
    "six.test": (("2002:7f00:1::",),),
    "link.test": (("fe80::1%lo",), ("fd00::1",), ("fec0::1",)),
    "rebinding.test": ((GOOD,), ("127.0.0.1",), ("127.0.0.1",)),
    "rebound.test": (("127.0.0.1",), (GOOD,)),
    "turning.test": ((STAND_IN,), ("127.0.0.1",)),
    "both.test": ((GOOD, "127.0.0.1"), ("127.0.0.1", GOOD)),
    "mmbiz.qpic.cn": (("127.0.0.1",), ("::1",)),
}

SPELLED = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",  # noqa: S104
    "127.0.0.1.",
    "127.255.255.254",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "localhost.localdomain",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[64:ff9b:1::7f00:1]",
    "[fe80::1%25lo]",
    "[0:0:0:0:0:0:0:1]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "127.0.0.1%00.good.test",
    "⑯⑨.254.169.254",
)

SCHEMES = (
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/x",
    "dict://127.0.0.1:{port}/x",
    "ws://127.0.0.1:{port}/x",
    "data:image/png;base64,AAAA",
    "javascript:0",
    "//127.0.0.1:{port}/x",
    "http:127.0.0.1:{port}/x",
    "http:///127.0.0.1:{port}/x",
    "http://",
    "",
)

TRICKS = (
    "http://good.test@127.0.0.1:{port}/",
    "http://good.test:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@good.test/",
    "http://127.0.0.1:{port}#@good.test/",
    "http://127.0.0.1:{port}?@good.test/",
    "http://good.test\\@127.0.0.1:{port}/",
    "http://good.test@127.0.0.1:{port}@good.test/",
    "http://good.test:{port}@127.0.0.1/",
    "http://127.0.0.1:{port}%2f@good.test/",
    "http://good.test%00@127.0.0.1:{port}/",
    "http://good.test\t@127.0.0.1:{port}/",
    "http://good.test\r\nHost: 127.0.0.1\r\n:{port}/",
    "\x00http://127.0.0.1:{port}/",
    "http://[::1]good.test:{port}/",
    "http://good.test:22/",
    "http://good.test:25/",
    "http://good.test:99999/",
)


def hostile(port: int, chance: Random, numbers: int) -> Iterator[str]:
    """The fixed ones, and `numbers` of this machine's addresses in random spellings."""
    hosts = (*SPELLED, *BOOK, *(spelled(chance) for _ in range(numbers)))
    for host in hosts:
        scheme = chance.choice(("http", "http", "https"))
        yield f"{scheme}://{host}:{port}/x"
    for form in (*SCHEMES, *TRICKS):
        yield form.replace("{port}", str(port))


def led_to(address: str, door: str) -> str:
    """An address at `door`, a host and its port, that leads on to another."""
    return f"http://{door}/to/{quote(address, safe='')}"


def spelled(chance: Random) -> str:
    """An address of 127.0.0.0/8 other than the stand-in, as inet_aton or IPv6 takes it."""
    number = (127 << 24) + chance.randrange(1 << 24)
    a, b, c, d = number.to_bytes(4, "big")
    forms = (
        f"{number}",
        f"{number:#x}",
        f"0{number:o}",
        f"{a:#x}.{b}.{c}.0{d:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"0{a:o}.{b:#X}.{c}.{d}",
        f"[::ffff:{a:x}{b:02x}:{c:x}{d:02x}]",
        f"[64:ff9b::{a:x}{b:02x}:{c:x}{d:02x}]",
        f"[2002:{a:x}{b:02x}:{c:x}{d:02x}::1]",
    )
    return chance.choice(forms)
