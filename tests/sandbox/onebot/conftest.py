from collections.abc import AsyncIterator, Iterator

import pytest

from bots.sandbox.onebot.onebot import OneBot
from tests.sandbox.onebot.peer import Peer, connected, peer


@pytest.fixture(scope="session")
def nonebot() -> Iterator[Peer]:
    with peer("nonebot", "a-token") as bot:
        yield bot


@pytest.fixture(scope="session")
def aiocqhttp() -> Iterator[Peer]:
    with peer("aiocqhttp", "a-token") as bot:
        yield bot


@pytest.fixture(params=["nonebot", "aiocqhttp"])
def bot(request: pytest.FixtureRequest) -> Peer:
    return request.getfixturevalue(request.param)


@pytest.fixture
async def onebot(bot: Peer) -> AsyncIterator[OneBot]:
    async with connected(bot) as account:
        yield account
