"""The ledger beside the sandbox relay's own account, after many calls, some of them failing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import httpx
import pytest

from bots.sandbox.accounts import STAT_TOKEN, UNITS_PER_USD
from bots.sandbox.faults import AnyFault, CutStream, ErrorInStream, Faults, Lose, Reset, Status
from core.amounts import NANO
from core.model import Media
from core.quota.limits import Allowances, Limits
from tests.core.house import Person, Site
from tests.quota.billed import billed
from tests.sandbox.heard import heard_once

NANO_PER_UNIT = NANO // UNITS_PER_USD
CLIP = (Path(__file__).parents[1] / "clips" / "river.ogg").read_bytes()
VOICE = Media(kind="voice", remote="clip", mime="audio/ogg")
AT_ONCE = 40

KEYS = {"common": "sk-common", "ann": "sk-ann"}
CERTAIN: tuple[AnyFault, ...] = (
    *(Status(status=status) for status in (500, 503, 429)),
    *(Status(status=400, call="chat"), Status(status=404, call="chat"), Status(status=401)),
)
"""The relay refuses, so that it is certain that nothing was billed."""

UNCERTAIN: tuple[AnyFault, ...] = (
    *(Reset(call="chat"), Lose(call="chat"), Lose(call="images"), Lose(call="speech")),
    *(Lose(call="transcription"), CutStream(call="chat"), CutStream(call="chat", clean=True)),
    ErrorInStream(call="chat"),
)
"""Nobody tells whether it was billed. A Reset was not; the others were."""


class Town:
    """Ann, bound to a token of her own, and Bob, each in chats of which one shows drafts."""

    def __init__(self, site: Site, faults: Faults, url: str, chance: Random) -> None:
        self.site = site
        self.faults = faults
        self.url = url
        self.chance = chance
        self.talks: list[Person] = [
            site.person(who, bot=bot, chat=f"{who} {number}")
            for who in ("ann", "bob")
            for bot in ("plain", "live")
            for number in range(5)
        ]

    async def calls(self, count: int, faults: tuple[AnyFault, ...], share: float) -> None:
        """So many messages, some dozens at once, each of which costs a call or two."""
        for _ in range(count // AT_ONCE):
            for fault in faults:
                if self.chance.random() < share:
                    self.faults.add(fault)
            await asyncio.gather(
                *(self.call(self.chance.choice(self.talks)) for _ in range(AT_ONCE))
            )
            await self.site.house.settled()

    async def call(self, person: Person) -> None:
        kind = self.chance.choices(("chat", "image", "say", "voice"), (80, 8, 8, 4))[0]
        words = " ".join(self.chance.choices(("river", "garden", "你好", "tea", "🎉"), k=5))
        match kind:
            case "chat":
                await person.says(words)
            case "voice":
                await person.says("", VOICE)
            case command:
                await person.says(f"/{command} {words}")

    async def account(self) -> dict[str, int]:
        """Quota units used, by key."""
        self.faults.clear()
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as http:
            headers = {"Authorization": f"Bearer {STAT_TOKEN}"}
            told = (await http.get("/api/user/stat", headers=headers)).json()
        return {token["key"]: token["used_quota"] for token in told["token"]}

    def ledger(self, *, unsure: bool) -> dict[str, int]:
        """Quota units by key: a row is charged in whole ones, as a call is."""
        rows = self.site.rows(
            "SELECT key, nano_usd FROM spends WHERE key != '' AND unsure <= ?", unsure
        )
        summed: dict[str, int] = {}
        for key, nano_usd in rows:
            token = KEYS.get(str(key), "sk-common")
            assert isinstance(nano_usd, int)
            summed[token] = summed.get(token, 0) + round(nano_usd / NANO_PER_UNIT)
        return summed


@asynccontextmanager
async def town(site: Site, seed: int) -> AsyncIterator[Town]:
    site.bot("plain", outage_wait_s=0.0)
    site.live_bot("live", outage_wait_s=0.0)
    for platform in site.platforms.values():
        platform.files["clip"] = CLIP
    site.bindings = {"qq:ann": "main:ann"}
    with heard_once():
        async with billed(site, key=KEYS["common"], tokens={"ann": KEYS["ann"]}) as relay:
            await site.open()
            yield Town(site, relay.faults, relay.url, Random(seed))


async def test_after_a_thousand_calls_ledger_and_account_agree_to_the_unit(site: Site) -> None:
    async with town(site, 1) as made:
        await made.calls(1000, CERTAIN, 0.5)
        account = await made.account()
        assert made.ledger(unsure=False) == account == made.ledger(unsure=True)
        assert set(account) == set(KEYS.values())
        kinds = {kind for (kind,) in site.rows("SELECT kind FROM spends")}
        assert kinds == {"chat", "image", "speech", "transcription"}


LIMITED = Limits(all=Allowances(usd_day=1000.0), answer_tokens=200)


@pytest.mark.parametrize("seed", [1, 2])
async def test_under_a_limit_the_ledger_has_what_was_billed_and_its_answer_lost(
    site: Site, seed: int
) -> None:
    """It may have more: a call that was reset was not billed, which nobody tells."""
    site.limits = LIMITED
    async with town(site, seed) as made:
        await made.calls(200, (*CERTAIN, *UNCERTAIN), 0.5)
        account, ledger = await made.account(), made.ledger(unsure=True)
        for key, used in account.items():
            assert ledger[key] >= used > 0
        assert made.ledger(unsure=False) != ledger
