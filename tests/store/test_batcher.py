import asyncio

import pytest

from core.errors import StoreError, StoreInvalid
from storage.batcher import Batcher
from storage.operation import Mark
from tests.store.talk import NOW


class Ledger:
    """A backend in memory that works when it is let to."""

    def __init__(self):
        self.batches = []
        self.go = asyncio.Event()
        self.go.set()
        self.failure = None

    async def execute(self, batch):
        await self.go.wait()
        self.batches.append([op.receipt for op in batch])
        if self.failure:
            raise self.failure
        return [self._answer(op) for op in batch]

    def _answer(self, op):
        return StoreInvalid("bad") if op.receipt == "bad" else f"did {op.receipt}"


def op(name):
    return Mark(reply_id="r", position=0, state="sent", receipt=name, at=NOW)


@pytest.fixture
async def ledger():
    return Ledger()


async def test_what_comes_while_the_backend_works_becomes_one_batch(ledger):
    batcher = Batcher(ledger)
    ledger.go.clear()
    first = batcher.submit(op("0"))
    await asyncio.sleep(0)
    rest = [batcher.submit(op(str(n))) for n in range(1, 50)]
    ledger.go.set()
    assert await asyncio.gather(first, *rest) == [f"did {n}" for n in range(50)]
    assert ledger.batches == [["0"], [str(n) for n in range(1, 50)]]


async def test_a_batch_has_its_limit(ledger):
    batcher = Batcher(ledger, batch_limit=4)
    await asyncio.gather(*(batcher.submit(op(str(n))) for n in range(10)))
    assert [len(batch) for batch in ledger.batches] == [4, 4, 2]


async def test_a_bad_operation_fails_alone(ledger):
    batcher = Batcher(ledger)
    futures = [batcher.submit(op(name)) for name in ("a", "bad", "b")]
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(o) for o in outcomes] == [str, StoreInvalid, str]


async def test_a_backend_in_trouble_fails_the_batch_and_the_next_one_is_tried(ledger):
    batcher = Batcher(ledger)
    ledger.failure = StoreError("the disk is full")
    outcomes = await asyncio.gather(
        batcher.submit(op("a")), batcher.submit(op("b")), return_exceptions=True
    )
    assert outcomes == [ledger.failure] * 2
    ledger.failure = None
    assert await batcher.submit(op("c")) == "did c"


async def test_a_defect_in_the_backend_leaves_nobody_waiting(ledger):
    batcher = Batcher(ledger)
    ledger.failure = ZeroDivisionError()
    ledger.go.clear()
    first = batcher.submit(op("a"))
    await asyncio.sleep(0)
    queued = batcher.submit(op("b"))
    ledger.go.set()
    for waiting in (first, queued):
        with pytest.raises(StoreError, match="unknown"):
            await asyncio.wait_for(waiting, 5)
    ledger.failure = None
    assert await batcher.submit(op("c")) == "did c"


async def test_an_operation_is_done_even_if_nobody_waits_any_more(ledger):
    seen = []
    batcher = Batcher(ledger, observer=lambda op, outcome: seen.append((op.receipt, outcome)))
    ledger.go.clear()
    futures = [batcher.submit(op(name)) for name in ("a", "b", "c")]
    futures[1].cancel()
    ledger.go.set()
    assert await futures[2] == "did c"
    assert ledger.batches == [["a", "b", "c"]]
    assert seen == [("a", "did a"), ("b", "did b"), ("c", "did c")]


async def test_the_observer_knows_before_whoever_waits(ledger):
    seen = []
    batcher = Batcher(ledger, observer=lambda _, outcome: seen.append(outcome))
    assert [await batcher.submit(op("a"))] == seen


async def test_a_full_queue_refuses_and_takes_nothing(ledger):
    batcher = Batcher(ledger, queue_limit=3)
    futures = [batcher.submit(op(str(n))) for n in range(3)]
    with pytest.raises(StoreError, match="waiting already") as caught:
        batcher.submit(op("one too many"))
    assert caught.value.retryable
    await asyncio.gather(*futures)
    assert ledger.batches == [["0", "1", "2"]]


async def test_closing_finishes_what_waits_and_takes_nothing_more(ledger):
    batcher = Batcher(ledger, batch_limit=2)
    futures = [batcher.submit(op(str(n))) for n in range(5)]
    assert await batcher.close(5)
    assert [f.result() for f in futures] == [f"did {n}" for n in range(5)]
    with pytest.raises(StoreError, match="closing"):
        batcher.submit(op("late"))


async def test_closing_has_a_bound(ledger):
    batcher = Batcher(ledger, batch_limit=1)
    ledger.go.clear()
    working, waiting = batcher.submit(op("a")), batcher.submit(op("b"))
    assert not await batcher.close(0.01)
    with pytest.raises(StoreError, match="closed"):
        await waiting
    ledger.go.set()
    assert await working == "did a"
    assert ledger.batches == [["a"]]


async def test_closing_an_idle_batcher_is_done_at_once(ledger):
    assert await Batcher(ledger).close(0)
