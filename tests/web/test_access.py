"""Who may reach the private listener."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bots.web.access import COOKIE_AGE_S, AccessCode, LoopbackOnly, names_this_machine
from bots.web.attempts import IN_ALL, PER_CLIENT, QUEUE_S, SLOW_S, WINDOW_S, Attempts
from core.errors import ConfigError
from core.secret import Secret
from tests.web.stage import House, Stage

CODE = "open sesame, please"
SECRET = Secret("a key for tests only")


class Clock:
    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def door(stage: Stage, clock: Clock) -> AsyncIterator[House]:
    def wrap(app: Starlette) -> AccessCode:
        for path in ("/livez", "/readyz", "/metrics"):
            app.routes.append(Route(path, lambda _: PlainTextResponse("fine")))
        return AccessCode(app, code=Secret(CODE), secret=SECRET, clock=clock)

    house = House(stage, wrap=wrap)
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def guest(door: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=door.url, trust_env=False) as http:
        yield http


async def enter(guest: httpx.AsyncClient, code: str, origin: str = "") -> httpx.Response:
    headers = {"Origin": origin or str(guest.base_url).rstrip("/")}
    return await guest.post("/access", data={"code": code}, headers=headers)


async def test_without_the_code_there_is_only_the_door(guest: httpx.AsyncClient) -> None:
    for path in ("/history", "/static/main.js", "/media/x", "/anything"):
        assert (await guest.get(path)).status_code == 401, path
    page = await guest.get("/")
    assert page.status_code == 401
    assert 'name="code"' in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert (await guest.get("/access.css")).status_code == 200
    assert (await guest.post("/upload", content=b"x")).status_code == 401


async def test_the_code_opens_the_page_and_its_socket(
    door: House, guest: httpx.AsyncClient
) -> None:
    welcome = await enter(guest, CODE)
    assert welcome.status_code == 303
    assert "HttpOnly" in welcome.headers["set-cookie"]
    assert CODE not in welcome.headers["set-cookie"]
    assert "conversation" in (await guest.get("/")).text
    jar = "; ".join(f"{name}={value}" for name, value in guest.cookies.items())
    headers = {"Origin": door.url, "Cookie": jar}
    async with connect(f"ws://{door.host}/ws", additional_headers=headers, proxy=None) as tab:
        assert '"hello"' in await tab.recv()


async def test_the_socket_is_shut_without_the_code(door: House) -> None:
    headers = {"Origin": door.url}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{door.host}/ws", additional_headers=headers, proxy=None):
            pass
    assert refused.value.response.status_code == 403


async def test_a_visit_ends_in_time_and_with_a_changed_code(
    guest: httpx.AsyncClient, clock: Clock
) -> None:
    await enter(guest, CODE)
    cookie = guest.cookies["parley_access"]
    clock.passed_s = COOKIE_AGE_S - 1
    assert (await guest.get("/")).status_code == 200
    clock.passed_s = COOKIE_AGE_S + 1
    assert (await guest.get("/")).status_code == 401
    clock.passed_s = 0
    changed = AccessCode(Starlette(), code=Secret("another code"), secret=SECRET, clock=clock)
    assert not changed._signer.admits(cookie)


@pytest.mark.parametrize("code", ["", "open sesame", CODE + " ", "x" * 10_000, "开门"])
async def test_a_wrong_code_is_told_so(guest: httpx.AsyncClient, code: str) -> None:
    if code == CODE + " ":
        assert (await enter(guest, code)).status_code == 303  # a space from copying does no harm
        return
    refused = await enter(guest, code)
    assert refused.status_code == 401
    assert "That is not the code." in refused.text


async def test_guessing_is_slowed_down(guest: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(PER_CLIENT):
        assert (await enter(guest, "wrong")).status_code == 401
    held = await enter(guest, CODE)
    assert held.status_code == 429
    assert int(held.headers["retry-after"]) == WINDOW_S
    clock.passed_s = WINDOW_S + 1
    assert (await enter(guest, CODE)).status_code == 303


async def test_guessing_by_way_of_the_metrics_is_slowed_down_too(
    guest: httpx.AsyncClient,
) -> None:
    for _ in range(PER_CLIENT):
        await guest.get("/metrics", headers={"Authorization": "Bearer wrong"})
    right = {"Authorization": f"Bearer {CODE}"}
    assert (await guest.get("/metrics", headers=right)).status_code == 401
    assert (await enter(guest, CODE)).status_code == 429


@pytest.fixture
def besieged(clock: Clock) -> Attempts:
    """Many addresses have guessed wrong."""
    attempts = Attempts(clock)
    for number in range(IN_ALL):
        assert attempts.wait_s(f"10.0.0.{number}") == 0
        assert attempts.begin(f"10.0.0.{number}") == 0
    return attempts


def test_guessing_from_many_addresses_is_slowed_down_too(besieged: Attempts, clock: Clock) -> None:
    assert besieged.wait_s("10.0.0.7") == WINDOW_S
    assert [besieged.begin(f"10.0.1.{number}") for number in range(3)] == [0, SLOW_S, 2 * SLOW_S]
    assert besieged.wait_s("10.0.1.2") == WINDOW_S
    assert besieged.wait_s("10.0.1.3") == 0
    clock.passed_s += WINDOW_S + 1
    assert besieged.begin("10.0.1.4") == 0


def test_one_network_of_version_6_is_one_who_guesses(clock: Clock) -> None:
    attempts = Attempts(clock)
    for number in range(PER_CLIENT):
        attempts.begin(f"2001:db8:1:2::{number:x}")
    assert attempts.wait_s("2001:db8:1:2:ffff::1") == WINDOW_S
    assert attempts.wait_s("2001:db8:1:3::1") == 0


def test_whoever_keeps_guessing_slowly_has_a_guess_a_second_at_most(
    besieged: Attempts, clock: Clock
) -> None:
    looked_at = 0
    for number in range(5_000):
        clock.passed_s += 0.02
        client = f"10.{1 + number // 250}.0.{number % 250}"
        if not besieged.wait_s(client):
            besieged.begin(client)
            looked_at += 1
    assert looked_at <= 5_000 * 0.02 / SLOW_S + QUEUE_S / SLOW_S + 2


async def test_a_right_code_opens_while_others_guess(stage: Stage, clock: Clock) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    def wrap(app: Starlette) -> AccessCode:
        return AccessCode(app, code=Secret(CODE), secret=SECRET, clock=clock, sleep=sleep)

    house = House(stage, wrap=wrap)
    await house.start()
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        for number in range(IN_ALL + 3):
            http.headers["X-Forwarded-For"] = f"10.0.0.{number}"
            assert (await enter(http, "wrong")).status_code == 401
        assert slept == [SLOW_S, 2 * SLOW_S]
        assert (await enter(http, CODE)).status_code == 429
        http.headers["X-Forwarded-For"] = "10.0.1.1"
        assert (await enter(http, CODE)).status_code == 303
        http.cookies.clear()
        assert (await enter(http, CODE)).status_code == 303
    await house.stop()


async def test_another_site_cannot_log_anyone_in(guest: httpx.AsyncClient) -> None:
    assert (await enter(guest, CODE, "http://evil.example")).status_code == 403


async def test_probes_need_no_code_and_metrics_take_it_as_a_bearer(
    guest: httpx.AsyncClient,
) -> None:
    assert (await guest.get("/livez")).text == "fine"
    assert (await guest.get("/readyz")).text == "fine"
    assert (await guest.get("/metrics")).status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert (await guest.get("/metrics", headers=wrong)).status_code == 401
    right = {"Authorization": f"Bearer {CODE}"}
    assert (await guest.get("/metrics", headers=right)).text == "fine"
    assert (await guest.get("/history", headers=right)).status_code == 401


async def test_a_person_who_is_inside_may_look_at_the_metrics(guest: httpx.AsyncClient) -> None:
    await enter(guest, CODE)
    assert (await guest.get("/metrics")).text == "fine"


async def test_the_door_speaks_chinese(guest: httpx.AsyncClient) -> None:
    page = await guest.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "访问码" in page.text


@pytest.mark.parametrize("code", ["", "short"])
def test_off_loopback_there_is_no_default_code(code: str, clock: Clock) -> None:
    with pytest.raises(ConfigError, match="access_code") as refused:
        AccessCode(Starlette(), code=Secret(code), secret=SECRET, clock=clock)
    assert not code or code not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:8000", True),
        ("127.8.8.8", True),
        ("[::1]:8000", True),
        ("parley.localhost:80", True),
        ("", False),
        ("evil.example:8000", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("0.0.0.0", False),  # noqa: S104
        ("192.168.1.5", False),
        ("[::1", False),
    ],
)
def test_loopback_names_are_known(host: str, expected: bool) -> None:
    assert names_this_machine(host) is expected


async def test_on_loopback_a_rebound_name_is_turned_away(stage: Stage) -> None:
    house = House(stage, wrap=LoopbackOnly)
    await house.start()
    try:
        async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
            assert (await http.get("/")).status_code == 200
            rebound = {"Host": f"evil.example:{house.port}"}
            assert (await http.get("/", headers=rebound)).status_code == 421
        evil = f"http://evil.example:{house.port}"
        with pytest.raises(InvalidStatus):
            async with connect(
                f"ws://evil.example:{house.port}/ws",
                host="127.0.0.1",
                port=house.port,
                origin=evil,
                proxy=None,
            ):
                pass
    finally:
        await house.stop()
