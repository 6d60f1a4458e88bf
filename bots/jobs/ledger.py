"""What jobs came to, in the ledger: once for each, however often they are looked at."""

from collections.abc import Sequence
from contextlib import suppress

from msgspec.structs import replace

from bots.jobs.desk import Desk
from bots.ledger.enter import enter
from bots.relays.opened import dialect_of, entry_named
from core.errors import ConfigError, StoreError
from core.jobs.follow import outputs
from core.jobs.lines import Line, read_batch
from core.jobs.output import Matched, match
from core.jobs.spent import PriceOf, batch_spends, lost_spends, name_of, tune_spends
from core.model import Spend
from core.price import Price
from core.relay.dialect import Call
from core.relay.pricing import price_of
from core.relay_job import JobKind, RelayJob

PRICED_AS: dict[JobKind, Call] = {"batch": "chat", "fine_tune": "fine_tune_create"}


async def enter_job(job: RelayJob, desk: Desk) -> None:
    """Of one that is over; of others nothing is known yet. Raises as `job_spends`."""
    if not job.entered_at:
        await enter_spends(job, job_spends(job, desk), desk)


async def enter_spends(job: RelayJob, spends: Sequence[Spend], desk: Desk) -> None:
    """Once, and then it is noted that it was; if not even that, once all the same."""
    if job.entered_at or not spends or not await enter(desk.config, name_of(job), spends):
        return
    with suppress(StoreError):
        desk.jobs.put(replace(job, entered_at=desk.clock.now()))


def job_spends(job: RelayJob, desk: Desk) -> Sequence[Spend]:
    """Raises RelayInvalid, StoreError where a batch's own file is not there any more."""
    if job.state == "lost":
        return lost_spends(job)
    match job.kind:
        case "fine_tune":
            return tune_spends(job, prices(job, desk)[0])
        case "batch" if job.state == "fetched":
            return spends_of(job, *matched(job, desk), desk)
        case _:
            return ()


def matched(job: RelayJob, desk: Desk) -> tuple[tuple[Line, ...], Matched]:
    """What was asked in a batch that is kept here, and the answers."""
    lines = read_batch(desk.jobs.input(job.input), job.file)
    raw = (desk.jobs.output(name) for name in outputs(job))
    return lines, match(lines, *(content for content in raw if content is not None))


def spends_of(
    job: RelayJob, lines: tuple[Line, ...], answers: Matched, desk: Desk
) -> Sequence[Spend]:
    price, share = prices(job, desk)
    return batch_spends(job, lines, answers, price, share)


def prices(job: RelayJob, desk: Desk) -> tuple[PriceOf, float]:
    """By the configuration and the profile, and a batch's share; none are known of a relay that
    is not configured any more."""
    try:
        entry = entry_named(desk.config, job.relay)
        dialect = dialect_of(desk.config, entry)
    except ConfigError:
        return (lambda _: None), 1.0

    def price(model: str) -> Price | None:
        return price_of(entry, dialect, PRICED_AS[job.kind], model)

    return price, dialect.batch_price
