"""What holds for every profile that comes with Parley, whatever its relay."""

from datetime import date
from urllib.parse import urlsplit

import httpx
import pytest

from core.errors import RelayError, RelayUnsupported
from core.relay.address import base_url
from core.relay.profile import load_dialect
from core.relay.transport import Transport
from tests.relays.profiles.asking import REQUESTS, answered, relay_of
from tests.relays.profiles.documents import CALLS, PROFILES, Tried
from tests.relays.profiles.judges import judge_of
from tests.relays.servers import Exchange, listening
from tests.relays.stage import KEY, entry, relay

NO = [
    (profile, call)
    for profile in PROFILES
    for call in CALLS
    if load_dialect(profile).capability(call) in ("no", "off")
]
UNKNOWN = [
    (profile, call)
    for profile in PROFILES
    for call in CALLS
    if load_dialect(profile).capability(call) == "unknown"
]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_says_where_it_was_read_and_when(profile: str) -> None:
    dialect = load_dialect(profile)
    assert dialect.source
    assert date(2026, 1, 1) <= dialect.checked <= date(2030, 1, 1)
    assert not dialect.prices_source or dialect.prices_checked


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profiles_addresses_can_be_used(profile: str) -> None:
    dialect = load_dialect(profile)
    given = "" if dialect.base_url else "https://relay.example.org"
    for address in (given or dialect.base_url, *dialect.addresses):
        at = entry(address, profile=profile, allow_plain_http=True)
        assert base_url(at, dialect) == address


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profiles_paths_begin_where_its_judges_do(profile: str) -> None:
    judge = judge_of(profile)
    begin = judge.base_path if judge else ""
    assert urlsplit(load_dialect(profile).base_url).path == begin


SERVED = """
call             burnhair burnhair-2024 zhizengzeng rcouyi aiwhistle
models           yes      yes           unknown     yes     unknown
chat             yes      yes           yes         yes     yes
stream           unknown  unknown       yes         yes     yes
completion       yes      yes           yes         unknown yes
edit             unknown  unknown       unknown     unknown yes
embedding        yes      yes           yes         unknown yes
image            yes      yes           yes         unknown unknown
speech           yes      yes           unknown     yes     unknown
transcription    yes      yes           yes         yes     unknown
translation      unknown  unknown       yes         unknown unknown
file_upload      off      yes           yes         unknown unknown
file_content     off      yes           unknown     unknown unknown
batch_create     off      yes           unknown     unknown unknown
batch_status     off      yes           unknown     unknown unknown
fine_tune_create unknown  unknown       yes         unknown unknown
fine_tune_status unknown  unknown       unknown     unknown unknown
user_stat        yes      unknown       unknown     unknown unknown
key_quota        unknown  unknown       unknown     unknown unknown
"""
"""As the relays' pages have it (November 2026); unknown: not mentioned."""


def test_the_five_relays_serve_what_their_pages_say() -> None:
    head, *lines = [line.split() for line in SERVED.split("\n") if line]
    told = {
        (profile, call): getattr(load_dialect(profile).capabilities, call)
        for call, *_ in lines
        for profile in head[1:]
    }
    assert told == {
        (profile, call): said
        for call, *cells in lines
        for profile, said in zip(head[1:], cells, strict=True)
    }


@pytest.mark.parametrize(("profile", "call"), NO)
async def test_what_is_not_served_is_refused_before_the_wire(
    profile: str, call: Tried, transport: Transport
) -> None:
    async with listening(not_here) as server:
        made = relay_of(profile, server.base, transport)
        with pytest.raises(RelayUnsupported, match=str(call)):
            await answered(made, call, REQUESTS[call])
    assert not server.asked


@pytest.mark.parametrize(("profile", "call"), UNKNOWN)
async def test_what_is_not_mentioned_is_tried(
    profile: str, call: Tried, transport: Transport
) -> None:
    async with listening(not_here) as server:
        made = relay_of(profile, server.base, transport)
        with pytest.raises(RelayUnsupported):
            await answered(made, call, REQUESTS[call])
    assert server.asked


async def not_here(exchange: Exchange) -> None:
    await exchange.reply(b'{"error":{"message":"Invalid URL","code":""}}', 404)


class Seeing(httpx.AsyncBaseTransport):
    """Keeps what would go out, and lets nothing out."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        raise httpx.ConnectError("nobody is called here")


@pytest.mark.parametrize("profile", PROFILES)
async def test_every_call_and_the_key_go_to_the_profiles_own_host(profile: str) -> None:
    dialect = load_dialect(profile)
    own = dialect.base_url or "https://relay.example.org"
    seeing = Seeing()
    at = entry(own, profile=profile, allow_plain_http=True)
    for call in CALLS:
        if dialect.serves(call) and call != "user_stat":
            with pytest.raises(RelayError):
                await answered(relay(at, seeing), call, REQUESTS[call])
    assert len(seeing.seen) > 3
    for request in seeing.seen:
        assert str(request.url).startswith((f"{own}/v1/", f"{own}/api/usage/"))
        assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_key_does_not_follow_a_redirect(profile: str, transport: Transport) -> None:
    async with listening(not_here) as other:

        async def elsewhere(exchange: Exchange) -> None:
            await exchange.reply(b"", 307, location=f"{other.base}/v1/chat/completions")

        async with listening(elsewhere) as server:
            with pytest.raises(RelayUnsupported, match="redirects"):
                await answered(relay_of(profile, server.base, transport), "chat", REQUESTS["chat"])
    assert len(server.asked) == 1
    assert not other.asked
