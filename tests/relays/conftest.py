from collections.abc import AsyncIterator

import pytest

from core.relay.transport import Transport
from tests.relays.stage import FakeClock


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.aclose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
