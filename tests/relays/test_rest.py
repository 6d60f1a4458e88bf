"""Who wants to know is told while a relay is waited for, and of nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from core.errors import RelayError
from core.relay.client import Relay
from core.relay.watch import Prober
from core.rest import told
from tests.relays.stage import CHAT, ask, entry, relay


class Noted:
    """`Rests` that keeps what it is told, among what else happens."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        self.told.append("rests")
        try:
            yield
        finally:
            self.told.append("goes on")


class Reads(httpx.AsyncByteStream):
    def __init__(self, noted: Noted) -> None:
        self._noted = noted

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._noted.told.append("is read")
        yield CHAT


def asked(noted: Noted, status: int = 200) -> Relay:
    def answer(_: httpx.Request) -> httpx.Response:
        noted.told.append("is asked")
        kind = {"content-type": "application/json"}
        return httpx.Response(status, stream=Reads(noted), headers=kind)

    return relay(entry("https://relay.test"), httpx.MockTransport(answer))


async def test_a_call_rests_until_its_answer_begins() -> None:
    noted = Noted()
    with told(noted):
        await asked(noted).call(ask())
    assert noted.told == ["rests", "is asked", "goes on", "is read"]


async def test_a_call_that_fails_goes_on_too() -> None:
    noted = Noted()
    with told(noted), pytest.raises(RelayError):
        await asked(noted, 500).call(ask())
    assert noted.told[:3] == ["rests", "is asked", "goes on"]


async def test_nobody_is_told_once_it_is_over() -> None:
    noted = Noted()
    with told(noted):
        pass
    await asked(noted).call(ask())
    assert "rests" not in noted.told


async def test_a_probe_is_no_messages() -> None:
    noted = Noted()
    prober = Prober(1.0)
    with told(noted):
        prober.probe(asked(noted), 0, lambda _: None)
        (probing,) = prober._under_way.values()
        await probing
    assert noted.told == ["is asked", "is read"]
