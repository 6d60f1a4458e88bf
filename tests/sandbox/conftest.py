from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from openai import AsyncOpenAI

from bots.sandbox.progress import Pace
from tests.sandbox.client import client_of
from tests.sandbox.clock import STEP_S, Clock
from tests.sandbox.heard import heard_once
from tests.sandbox.server import Sandbox, sandbox


@pytest.fixture(scope="session")
def standing() -> Iterator[Sandbox]:
    with heard_once(), sandbox() as relay:
        yield relay


@pytest.fixture
def relay(standing: Sandbox) -> Sandbox:
    """The relay with an empty journal and no faults."""
    standing.fresh()
    return standing


@pytest.fixture
async def client(relay: Sandbox) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(relay) as made:
        yield made


@pytest.fixture
async def http(relay: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=relay.origin, trust_env=False) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def timed(clock: Clock) -> AsyncIterator[AsyncOpenAI]:
    """A client of a relay that lives by the clock, and holds nothing yet."""
    with sandbox(now=clock, jobs=Pace(step_s=STEP_S)) as relay:
        async with client_of(relay) as client:
            yield client
