"""Answers as models write them, and what people see of them.

Where a difference is meant, `python -m tests.render.golden` writes the files anew.
"""

import pytest

from tests.render.golden import SAMPLES, samples, shown


@pytest.mark.parametrize("sample", samples(), ids=lambda path: path.stem)
def test_a_sample_is_shown_as_it_was_read_and_found_good(sample):
    for path, text in shown(sample).items():
        assert text == path.read_text(encoding="utf-8")


def test_no_expectation_is_left_of_a_sample_that_is_gone():
    assert set(SAMPLES.glob("*.txt")) == {path for sample in samples() for path in shown(sample)}
