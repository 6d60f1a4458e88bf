"""Prices: exact, in whole nano-dollars, any fraction taken for a whole one."""

from datetime import UTC, datetime
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.amounts import NANO
from core.model import Spend
from core.price import Price, dearest

NOW = datetime(2026, 11, 21, tzinfo=UTC)

figures = st.decimals(0, 1000, places=4).map(float)
prices = st.builds(
    Price,
    prompt=figures,
    completion=figures,
    image=figures,
    characters=figures,
    minute=figures,
)
counts = st.integers(0, 10**7)
spends = st.builds(
    Spend,
    kind=st.just("chat"),
    relay=st.just("main"),
    model=st.just("m"),
    at=st.just(NOW),
    prompt_tokens=counts,
    completion_tokens=counts,
    images=st.integers(0, 100),
    characters=counts,
    audio_s=st.integers(0, 10**7).map(lambda ms: ms / 1000),
)


def spend(**figures: float) -> Spend:
    return Spend(kind="chat", relay="main", model="m", at=NOW, **figures)


def exact(figure: float) -> Fraction:
    return Fraction(repr(figure))


@given(price=prices, spend=spends)
def test_a_price_is_the_exact_one_rounded_up_to_a_nano_dollar(price: Price, spend: Spend) -> None:
    usd = (
        exact(price.prompt) * spend.prompt_tokens / 10**6
        + exact(price.completion) * spend.completion_tokens / 10**6
        + exact(price.image) * spend.images
        + exact(price.characters) * spend.characters / 10**6
        + exact(price.minute) * exact(spend.audio_s) / 60
    )
    assert price.nano_usd(spend) == ceil(usd * NANO)


@given(some=st.lists(prices, min_size=1, max_size=4), spend=spends)
def test_nothing_costs_more_than_by_the_dearest_price(some: list[Price], spend: Spend) -> None:
    most = dearest(some)
    assert most
    assert most.nano_usd(spend) >= max(price.nano_usd(spend) for price in some)


@given(price=prices, one=spends, other=spends)
def test_more_never_costs_less(price: Price, one: Spend, other: Spend) -> None:
    both = spend(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
    )
    assert price.nano_usd(both) >= price.nano_usd(spend(prompt_tokens=one.prompt_tokens))


@pytest.mark.parametrize(
    ("price", "what", "nano_usd"),
    [
        (Price(prompt=0.15), spend(prompt_tokens=1), 150),
        (Price(prompt=0.02), spend(prompt_tokens=1), 20),
        (Price(prompt=0.0001), spend(prompt_tokens=1), 1),
        (Price(prompt=0.1, completion=0.2), spend(prompt_tokens=3, completion_tokens=3), 900),
        (Price(image=0.04), spend(images=3), 120_000_000),
        (Price(characters=15), spend(characters=7), 105_000),
        (Price(minute=0.006), spend(audio_s=1.0), 100_000),
        (Price(minute=0.006), spend(audio_s=0.00001), 1),
        (Price(minute=0.01), spend(audio_s=1.0), 166_667),
        (Price(), spend(prompt_tokens=10**6, images=5), 0),
    ],
)
def test_what_things_cost(price: Price, what: Spend, nano_usd: int) -> None:
    assert price.nano_usd(what) == nano_usd


def test_of_no_prices_none_is_the_dearest() -> None:
    assert dearest([]) is None
