"""Laws of everything that reads bytes from outside, by structured mutations and by raw bytes.

The same targets are measured in `prove/experiments/parsers.py`, and fuzzed by atheris there.
"""

import random
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prove.fuzz.mutate import inputs
from prove.fuzz.table import TARGETS

SLOW = ("render-", "media-sound", "config", "relay-stream")
names = pytest.mark.parametrize("name", TARGETS)


def effort(name: str, few: int, many: int) -> int:
    return few if name.startswith(SLOW) else many


@names
def test_what_is_right_is_read_without_a_word(name):
    target = TARGETS[name]
    assert target.seeds()
    read = 0
    for seed in target.seeds():
        try:
            target.run(seed)
        except target.raises:
            continue
        read += 1
    assert read


@names
def test_a_mutation_of_a_recorded_input_is_read_or_refused_by_its_own_error(name):
    """The same mutations each time; the experiment tries others."""
    target = TARGETS[name]
    for data in islice(inputs(target, random.Random(7)), effort(name, 120, 1500)):
        target.try_on(data)


@names
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_bytes_of_any_kind_are_read_or_refused_by_its_own_error(name, data):
    target = TARGETS[name]
    seeds = target.seeds()
    seed = data.draw(st.sampled_from(seeds))
    at = data.draw(st.integers(0, len(seed)))
    to = data.draw(st.integers(at, len(seed)))
    put = data.draw(st.one_of(st.binary(max_size=64), st.text(max_size=32).map(encoded)))
    target.try_on(seed[:at] + put + seed[to:])
    target.try_on(put)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
