"""Proxies and TLS, with real proxies and a real certificate."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import ConfigError, RelayInvalid, RelayRefused
from core.relay.transport import Transport
from core.relay.trust import trusting
from core.secret import Secret
from prove.world.ports import free_port
from tests.relays.servers import (
    Exchange,
    Server,
    accepting,
    http_proxy,
    listening,
    socks5_proxy,
)
from tests.relays.stage import CHAT, ask, entry, relay


@asynccontextmanager
async def via(**settings: object) -> AsyncIterator[Transport]:
    transport = Transport(**settings)  # type: ignore[arg-type]
    try:
        yield transport
    finally:
        await transport.aclose()


async def answer(exchange: Exchange) -> None:
    await exchange.reply(CHAT)


async def say(transport: httpx.AsyncBaseTransport, base: str) -> str:
    return (await relay(entry(base), transport).call(ask())).text


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
async def secure(authority: trustme.CA) -> AsyncIterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    async with listening(answer, tls=context) as server:
        yield server


async def test_a_certificate_of_the_given_authority_is_trusted(
    secure: Server, ca_file: str
) -> None:
    async with via(ca_file=ca_file) as transport:
        assert await say(transport, secure.base) == "Hello."


def test_a_ca_file_is_trusted_besides_the_usual_authorities(
    authority: trustme.CA, ca_file: str
) -> None:
    own = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).public_bytes(Encoding.DER)
    trusted = trusting(ca_file).get_ca_certs(binary_form=True)
    assert own in trusted
    assert set(trusting().get_ca_certs(binary_form=True)) < set(trusted)
    assert len(trusted) > 100


async def test_a_certificate_of_nobody_known_is_refused_and_the_remedy_named(
    secure: Server,
) -> None:
    async with via() as transport:
        with pytest.raises(RelayRefused, match=r"not trusted.*relays\.main\.ca_file"):
            await say(transport, secure.base)
    assert secure.asked == []


async def test_a_certificate_for_another_name_is_refused(secure: Server, ca_file: str) -> None:
    async with via(ca_file=ca_file) as transport:
        with pytest.raises(RelayRefused, match="not trusted"):
            await say(transport, f"https://127.0.0.1:{secure.port}")


async def test_verification_can_be_turned_off(secure: Server) -> None:
    async with via(verify=False) as transport:
        assert await say(transport, secure.base) == "Hello."


async def test_https_asked_of_a_plain_server_is_refused(ca_file: str) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        await reader.read()

    async with accepting(plain) as port, via(ca_file=ca_file) as transport:
        with pytest.raises(RelayRefused):
            await say(transport, f"https://localhost:{port}")


async def test_an_unreadable_ca_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_file"):
        Transport(ca_file=str(tmp_path / "missing.pem"))
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    with pytest.raises(ConfigError, match="ca_file"):
        Transport(ca_file=str(empty))


async def test_an_http_proxy_passes_plain_requests_on() -> None:
    async with (
        listening(answer) as server,
        http_proxy() as proxy,
        via(proxy=f"http://127.0.0.1:{proxy.port}") as transport,
    ):
        assert await say(transport, server.base) == "Hello."
    assert proxy.reached == [f"{server.base}/v1/chat/completions"]


async def test_an_http_proxy_tunnels_https(secure: Server, ca_file: str) -> None:
    async with (
        http_proxy() as proxy,
        via(proxy=f"http://127.0.0.1:{proxy.port}", ca_file=ca_file) as transport,
    ):
        for _ in range(2):
            assert await say(transport, secure.base) == "Hello."
    assert proxy.reached == [f"localhost:{secure.port}"]


async def test_an_http_proxy_gets_its_login_and_the_relay_does_not(
    secure: Server, ca_file: str
) -> None:
    async with (
        http_proxy() as proxy,
        via(proxy=f"http://me:s%40cret@127.0.0.1:{proxy.port}", ca_file=ca_file) as transport,
    ):
        assert await say(transport, secure.base) == "Hello."
    assert proxy.logins == ["Basic " + b64encode(b"me:s@cret").decode()]
    assert "proxy-authorization" not in secure.asked[0].headers


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n", "proxy answered 407"),
        (b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n", "proxy answered 502"),
        (b"-", "proxy closed the connection"),
        (b"noise\r\n\r\n", "no connection"),
    ],
)
async def test_a_proxy_that_makes_no_tunnel_is_a_refused_connection(
    refusal: bytes, reason: str
) -> None:
    async with (
        http_proxy(refusal) as proxy,
        via(proxy=f"http://me:canary-pass@127.0.0.1:{proxy.port}") as transport,
    ):
        with pytest.raises(RelayRefused, match=reason) as caught:
            await say(transport, "https://relay.invalid")
    assert "canary-pass" not in str(caught.value)


@pytest.mark.parametrize("told", ["s%40nary-pass", "s@nary-pass"])
async def test_a_proxys_password_alone_is_a_secret_too(told: str) -> None:
    async def echo(exchange: Exchange) -> None:
        await exchange.reply(f"you came with {told}, did you".encode(), 400)

    async with listening(echo) as server, via() as transport:
        secret = Secret("http://me:s%40nary-pass@proxy.test:3128")
        with pytest.raises(RelayInvalid) as caught:
            await relay(entry(server.base, proxy=secret), transport).call(ask())
    assert "nary" not in str(caught.value)
    assert "you came with …, did you" in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_proxy_that_is_not_there_is_a_refused_connection(scheme: str) -> None:
    async with via(proxy=f"{scheme}://127.0.0.1:{free_port()}") as transport:
        with pytest.raises(RelayRefused):
            await say(transport, "https://localhost:9")


async def test_socks5h_leaves_the_name_to_the_proxy(secure: Server, ca_file: str) -> None:
    async with (
        socks5_proxy() as proxy,
        via(proxy=f"socks5h://127.0.0.1:{proxy.port}", ca_file=ca_file) as transport,
    ):
        for _ in range(2):
            assert await say(transport, secure.base) == "Hello."
    assert proxy.reached == [f"localhost:{secure.port}"]


async def test_socks5_resolves_the_name_here_and_logs_in(secure: Server, ca_file: str) -> None:
    async with (
        socks5_proxy() as proxy,
        via(proxy=f"socks5://me:secret@127.0.0.1:{proxy.port}", ca_file=ca_file) as transport,
    ):
        assert await say(transport, secure.base) == "Hello."
    assert proxy.reached == [f"127.0.0.1:{secure.port}"]
    assert proxy.logins == ["me:secret"]


async def test_a_socks5_proxy_that_cannot_reach_the_relay_is_a_refused_connection() -> None:
    async with (
        socks5_proxy(answer=5) as proxy,
        via(proxy=f"socks5h://127.0.0.1:{proxy.port}") as transport,
    ):
        with pytest.raises(RelayRefused, match="refused"):
            await say(transport, "https://relay.invalid")


async def test_a_socks5_proxy_that_hangs_up_is_a_refused_connection() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    async with (
        accepting(hang_up) as port,
        via(proxy=f"socks5h://127.0.0.1:{port}") as transport,
    ):
        with pytest.raises(RelayRefused, match="the proxy closed the connection"):
            await say(transport, "https://relay.invalid")


async def test_a_certificate_is_checked_behind_socks5_too(secure: Server) -> None:
    async with (
        socks5_proxy() as proxy,
        via(proxy=f"socks5h://127.0.0.1:{proxy.port}") as transport,
    ):
        with pytest.raises(RelayRefused, match="certificate"):
            await say(transport, secure.base)
    assert secure.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "10.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "parley.localhost",
        "localhost.localdomain",
        "printer.local",
        "metadata.google.internal",
        "intranet",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
    ],
)
async def test_a_proxy_is_not_asked_for_private_addresses_either(host: str) -> None:
    async with (
        http_proxy() as proxy,
        via(proxy=f"http://127.0.0.1:{proxy.port}") as transport,
    ):
        request = httpx.Request("GET", f"http://{host}:9/", extensions={"public_only": True})
        with pytest.raises(httpx.ConnectError, match="not a public address"):
            await transport.handle_async_request(request)
    assert proxy.reached == []


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", "127.0.0.1:8080", "socks5://host"])
def test_a_proxy_of_another_kind_is_a_config_error(proxy: str) -> None:
    with pytest.raises(ConfigError, match="expected http://host:port"):
        Transport(proxy=proxy)
