"""Dollars read the same everywhere, and nothing small reads as nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.amounts import ALL_PLACES, CALL_PLACES, NANO, dollars, dollars_set, nano_of


@pytest.mark.parametrize(
    ("nano_usd", "read"),
    [
        (0, "$0.00"),
        (5 * NANO, "$5.00"),
        (400_000, "$0.0004"),
        (12_345_678, "$0.0123"),
        (1, "<$0.0001"),
        (-1, "-<$0.0001"),
        (-12_639_200_000, "-$12.6392"),
        (1_234_567_500_000_000, "$1,234,567.50"),
    ],
)
def test_dollars_read_as_people_write_them(nano_usd: int, read: str) -> None:
    assert dollars(nano_usd) == read


@pytest.mark.parametrize(
    ("usd", "read"), [("5", "$5.00"), ("7.5", "$7.50"), ("0.000012500", "$0.0000125")]
)
def test_what_somebody_set_reads_to_its_last_decimal(usd: str, read: str) -> None:
    assert dollars_set(Decimal(usd)) == read


@given(st.integers(-(10**18), 10**18), st.sampled_from([4, CALL_PLACES, ALL_PLACES]))
def test_only_nothing_reads_as_nothing_and_what_is_read_is_near(nano_usd: int, places: int) -> None:
    read = dollars(nano_usd, places)
    assert (read == "$0.00") == (nano_usd == 0)
    if "<" not in read:
        off = Decimal(read.replace("$", "").replace(",", "")) * NANO - nano_usd
        assert abs(off) * 2 <= 10 ** (9 - places)


def test_what_a_relay_tells_as_a_number_is_taken_as_it_is_written() -> None:
    assert nano_of(0.1) == 100_000_000
    assert nano_of(1e-09) == 1
