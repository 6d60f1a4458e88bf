"""An allowance is a person's, so nobody may be many new people."""

import httpx

from adapters.web.newcomers import CLIENTS_KEPT, PER_CLIENT, WINDOW_S, Newcomers
from tests.web.stage import Clock, House


async def arrive(house: House, client: str, cookie: str = "") -> httpx.Response:
    headers = {"X-Forwarded-For": client} | ({"Cookie": cookie} if cookie else {})
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        return await http.get("/", headers=headers)


async def test_an_address_can_be_so_many_new_people_an_hour(house: House) -> None:
    for number in range(PER_CLIENT):
        known = await arrive(house, f"2001:db8::{number:x}")
        assert known.status_code == 200
    refused = await arrive(house, "2001:db8::ffff")
    assert refused.status_code == 429
    assert refused.text.startswith("Too many new visitors from your address: try again in 60 min")
    assert int(refused.headers["retry-after"]) == WINDOW_S
    assert "set-cookie" not in refused.headers
    cookie = known.headers["set-cookie"].partition(";")[0]
    assert (await arrive(house, "2001:db8::ffff", cookie)).status_code == 200
    assert (await arrive(house, "192.0.2.1")).status_code == 200
    house.clock.seconds += WINDOW_S
    assert (await arrive(house, "2001:db8::ffff")).status_code == 200


async def test_this_machine_is_not_counted(house: House) -> None:
    for _ in range(PER_CLIENT + 2):
        assert (await arrive(house, "127.0.0.1")).status_code == 200


def test_many_addresses_take_no_more_memory() -> None:
    newcomers = Newcomers(Clock())
    for number in range(CLIENTS_KEPT * 2):
        assert newcomers.wait_s(f"10.0.{number // 256}.{number % 256}") == 0
    assert len(newcomers._came) == CLIENTS_KEPT
