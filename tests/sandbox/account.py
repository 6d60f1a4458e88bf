"""What a relay's account has paid."""

import httpx

from bots.sandbox.accounts import STAT_TOKEN
from tests.sandbox.server import Sandbox


async def used_units(relay: Sandbox) -> int:
    """Quota units of all keys together."""
    async with httpx.AsyncClient(trust_env=False) as http:
        told = await http.get(
            f"{relay.origin}/api/user/stat", headers={"authorization": STAT_TOKEN}
        )
    return int(told.json()["user"]["used_quota"])
