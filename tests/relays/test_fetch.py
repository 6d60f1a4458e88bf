"""Files from addresses that others chose: what is reached, by which way, and how much is read."""

import gzip
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from core.relay.address import is_public
from core.relay.fetch import Fetcher, Unfetched
from core.relay.transport import Transport
from tests.relays.calls import saying
from tests.relays.servers import Exchange, Proxy, http_proxy, listening, socks5_proxy

NAMES = {
    "files.test": ["127.0.0.1"],
    "mixed.test": ["10.0.0.1", "127.0.0.1", "::1"],
    "inside.test": ["10.0.0.1", "fd00::1"],
}


def let_in(address: str) -> bool:
    """One address of this machine plays the open internet."""
    return address == "127.0.0.1" or is_public(address)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that this machine was asked for."""
    names: list[str] = []
    system = socket.getaddrinfo

    def getaddrinfo(host: Any, port: int, *given: Any, **more: Any) -> list[Any]:
        if not str(host).endswith(".test"):
            return system(host, port, *given, **more)
        names.append(host)
        if host not in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in at else socket.AF_INET, 1, 6, "", (at, port))
            for at in NAMES[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


@asynccontextmanager
async def fetching(limit: int = 1000, whole_s: float = 5.0, **way: Any) -> AsyncIterator[Fetcher]:
    transport = Transport(**{"public": let_in, **way})
    yield Fetcher(lambda _: nullcontext(transport), limit, whole_s=whole_s)
    await transport.aclose()


@asynccontextmanager
async def proxied(scheme: str) -> AsyncIterator[tuple[Proxy, str]]:
    async with http_proxy() if scheme == "http" else socks5_proxy() as proxy:
        yield proxy, f"{scheme}://me:s%40cret@127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_proxy_is_told_the_judged_address_and_the_site_its_name(
    asked: list[str], scheme: str
) -> None:
    async with (
        listening(saying(b"file")) as server,
        proxied(scheme) as (proxy, way),
        fetching(proxy=way) as fetcher,
    ):
        assert await fetcher.get(f"http://files.test:{server.port}/a") == b"file"
    assert proxy.reached == [f"127.0.0.1:{server.port}"]
    assert proxy.logins == ["Basic bWU6c0BjcmV0" if scheme == "http" else "me:s@cret"]
    assert asked == ["files.test"]
    assert server.asked[0].headers["host"] == f"files.test:{server.port}"
    assert server.asked[0].target == "/a"
    assert "proxy-authorization" not in server.asked[0].headers


@pytest.mark.parametrize("scheme", ["", "http", "socks5", "socks5h"])
async def test_tls_is_spoken_with_the_name_whatever_the_way(
    asked: list[str], scheme: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("files.test").configure_cert(context)
    shaken: list[str | None] = []
    context.sni_callback = lambda _, name, __: shaken.append(name)
    async with (
        listening(saying(b"file"), tls=context) as server,
        proxied(scheme or "http") as (_, way),
        fetching(proxy=way if scheme else "", ca_file=str(tmp_path / "ca.pem")) as fetcher,
    ):
        assert await fetcher.get(f"https://files.test:{server.port}/") == b"file"
        with pytest.raises(Unfetched, match="not trusted"):
            await fetcher.get(f"https://mixed.test:{server.port}/")
    assert shaken == ["files.test", "mixed.test"]
    assert len(server.asked) == 1


@pytest.mark.parametrize("scheme", ["", "http", "socks5", "socks5h"])
async def test_of_a_names_addresses_only_public_ones_are_tried(
    asked: list[str], scheme: str
) -> None:
    async with (
        listening(saying(b"file")) as server,
        proxied(scheme or "http") as (proxy, way),
        fetching(proxy=way if scheme else "") as fetcher,
    ):
        assert await fetcher.get(f"http://mixed.test:{server.port}/") == b"file"
        with pytest.raises(Unfetched, match=r"inside\.test is not a public address"):
            await fetcher.get(f"http://inside.test:{server.port}/")
    assert set(proxy.reached) <= {f"127.0.0.1:{server.port}"}


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_name_that_cannot_be_resolved_here_is_not_left_to_the_proxy(
    asked: list[str], scheme: str
) -> None:
    async with proxied(scheme) as (proxy, way), fetching(proxy=way) as fetcher:
        with pytest.raises(Unfetched, match=r"the name unknown\.test was not found"):
            await fetcher.get("http://unknown.test/")
    assert proxy.reached == []


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (b"HTTP/1.1 407 Who\r\ncontent-length: 2\r\n\r\nno", "the proxy answered 407"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "more than its answer"),
        (b"-", "the proxy closed the connection"),
        (b"noise\r\n\r\n", "does not speak HTTP"),
        (b"x" * 20_000, "does not speak HTTP"),
    ],
)
async def test_a_proxy_that_makes_no_tunnel_is_told(
    asked: list[str], refusal: bytes, reason: str
) -> None:
    async with (
        http_proxy(refusal) as proxy,
        fetching(proxy=f"http://127.0.0.1:{proxy.port}") as fetcher,
    ):
        with pytest.raises(Unfetched, match=reason):
            await fetcher.get("http://files.test/")


@pytest.mark.parametrize(
    "address",
    [
        "http://me@files.test/",
        "http://files.test:22/",
        "http://files.test:99999/",
        "http://127.0.0.1\\@files.test/",
        "http://[fe80::1%25lo]/",
        "file:///etc/passwd",
        "gopher://files.test/",
        "",
    ],
)
async def test_what_can_be_read_in_two_ways_is_not_fetched(asked: list[str], address: str) -> None:
    async with fetching() as fetcher:
        with pytest.raises(Unfetched) as caught:
            await fetcher.get(address)
    assert (caught.value.fault, asked) == ("address", [])


async def test_from_elsewhere_nothing_leads_back_to_a_host_of_our_own(asked: list[str]) -> None:
    async with listening(saying(b"secret")) as own:
        back = saying(b"", 302, location=f"http://localhost:{own.port}/")
        async with listening(back) as away:
            transport = Transport(public=let_in)
            fetcher = Fetcher(
                lambda _: nullcontext(transport), 1000, own=lambda url: url.port == own.port
            )
            assert await fetcher.get(f"http://localhost:{own.port}/") == b"secret"
            with pytest.raises(Unfetched, match="not a public address"):
                await fetcher.get(f"http://files.test:{away.port}/")
            await transport.aclose()
    assert len(own.asked) == 1


async def test_what_never_ends_is_given_up(asked: list[str]) -> None:
    async def trickle(exchange: Exchange) -> None:
        await exchange.begin_stream(b"x")
        await exchange.gone()

    async with listening(trickle) as server, fetching(whole_s=0.2) as fetcher:
        with pytest.raises(Unfetched, match=r"within 0\.2 s") as caught:
            await fetcher.get(f"http://files.test:{server.port}/")
    assert caught.value.fault == "connection"


async def test_a_bomb_is_measured_by_what_comes_out_of_it(asked: list[str]) -> None:
    packed = gzip.compress(bytes(10_000_000))
    bomb = saying(packed, content_encoding="gzip")
    async with listening(bomb) as server, fetching(limit=len(packed) * 2) as fetcher:
        with pytest.raises(Unfetched) as caught:
            await fetcher.get(f"http://files.test:{server.port}/")
    assert caught.value.fault == "size"


async def test_a_transport_of_somebody_elses_is_read_too() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Stream()))
    assert await Fetcher(lambda _: nullcontext(transport), 9).get("http://files.test/") == b"ab"


class _Stream(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"
