"""What a job came to, as rows of the ledger. Pure."""

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import TypeAlias

from msgspec import structs

from core.jobs.lines import Line
from core.jobs.output import Matched
from core.model import Spend, SpendKind
from core.price import Price
from core.relay.entry import FIRST_KEY
from core.relay_job import RelayJob

PriceOf: TypeAlias = Callable[[str], Price | None]
"""By model."""


def batch_spends(
    job: RelayJob, lines: Sequence[Line], matched: Matched, price: PriceOf, share: float
) -> list[Spend]:
    """A row for each model, those of estimated tokens apart; answers alone are paid for.

    `share` is what a batch's request costs beside a plain one.
    """
    sums: dict[tuple[str, bool], Spend] = {}
    for line, answer in zip(lines, matched.answers, strict=True):
        if used := answer.usage:
            which = (line.model, used.estimated)
            sums[which] = _more(
                sums.get(which) or _row(job, "batch", line.model, estimated=used.estimated),
                used.prompt_tokens,
                used.completion_tokens,
            )
    return [_shared(spend, price(spend.model), share) for _, spend in sorted(sums.items())]


def tune_spends(job: RelayJob, price: PriceOf) -> list[Spend]:
    """Of a job that ended well, or of which the relay tells that it trained. Where it does not
    tell how much, or no price of training is known, the price is not."""
    if job.kind != "fine_tune" or not (job.state == "ended" or job.trained_tokens):
        return []
    told = price(job.model)
    tokens = job.trained_tokens
    nano = told.training_nano_usd(tokens) if told and tokens is not None else None
    row = _row(job, "fine_tune", job.model)
    return [structs.replace(row, prompt_tokens=tokens or 0, nano_usd=nano)]


def lost_spends(job: RelayJob) -> list[Spend]:
    """Of a job whose end nobody will learn any more: what it cost is not known."""
    kind: SpendKind = "batch" if job.kind == "batch" else "fine_tune"
    return [structs.replace(_row(job, kind, job.model), unsure=True)]


def name_of(job: RelayJob) -> str:
    """Under which it stands in the ledger, once however often it is asked for."""
    return f"{job.kind} {job.number} {job.remote_id}"


def _row(job: RelayJob, kind: SpendKind, model: str, *, estimated: bool = False) -> Spend:
    """At the time of its end, which does not change any more."""
    at = job.ended_at or job.fetched_at or job.at
    return Spend(kind=kind, relay=job.relay, model=model, key=FIRST_KEY, at=at, estimated=estimated)


def _more(spend: Spend, prompt_tokens: int, completion_tokens: int) -> Spend:
    return structs.replace(
        spend,
        prompt_tokens=spend.prompt_tokens + prompt_tokens,
        completion_tokens=spend.completion_tokens + completion_tokens,
    )


def _shared(spend: Spend, price: Price | None, share: float) -> Spend:
    if price is None:
        return spend
    nano = Decimal(price.nano_usd(spend)) * Decimal(repr(share))
    return structs.replace(spend, nano_usd=int(nano.to_integral_value(ROUND_CEILING)))
