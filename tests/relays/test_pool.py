"""The one transport behind an account's calls: made late, and let go after the last."""

import httpx
import pytest

from core.relay.pool import Pool


class Line(httpx.AsyncBaseTransport):
    closed = False

    async def aclose(self):
        self.closed = True


@pytest.fixture
def lines():
    return []


@pytest.fixture
def pool(lines):
    def make():
        lines.append(Line())
        return lines[-1]

    return Pool(make)


async def test_all_calls_share_one_transport_that_is_made_for_the_first(pool, lines):
    assert not lines
    async with pool.transport() as one, pool.transport() as two:
        assert one is two
    async with pool.transport() as three:
        assert three is one
    assert not one.closed


async def test_it_is_let_go_at_the_end_of_the_last_call(pool):
    async with pool.transport() as one:
        async with pool.transport():
            await pool.close()
        assert not one.closed
    assert one.closed


async def test_a_call_after_the_end_keeps_none(pool, lines):
    async with pool.transport():
        pass
    await pool.close()
    async with pool.transport() as late:
        assert not late.closed
    assert late.closed
    assert [line.closed for line in lines] == [True, True]


async def test_opened_again_it_is_kept(pool):
    await pool.close()
    pool.open()
    async with pool.transport() as one:
        pass
    assert not one.closed
