from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from core.relay.transport import Transport
from tests.relays.routing import Stage, lists, says
from tests.relays.servers import Answer, Exchange, listening
from tests.relays.stage import FakeClock


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.aclose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def stage(clock: FakeClock, transport: Transport) -> AsyncIterator[Stage]:
    made = Stage(clock, transport)

    def answering(name: str) -> Answer:
        async def answer(exchange: Exchange) -> None:
            listing = exchange.target == "/v1/models"
            await (made.models if listing else made.answers)[name](exchange)

        return answer

    async with AsyncExitStack() as stack:
        for name in ("main", "spare"):
            made.answers[name], made.models[name] = says(name), lists
            made.servers[name] = await stack.enter_async_context(listening(answering(name)))
        yield made
        for routes in made.made:
            await routes.aclose()
