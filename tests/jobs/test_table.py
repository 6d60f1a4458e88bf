"""Jobs as people read them."""

from datetime import UTC, timedelta, timezone

import pytest

from bots.jobs.table import moment, span, table
from tests.jobs.stage import NOW, job


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7800, "2 h 10 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_spans_are_told_in_two_units(seconds, told):
    assert span(timedelta(seconds=seconds)) == told


def test_times_are_those_of_the_wall_with_the_date_where_it_is_another():
    china = timezone(timedelta(hours=8))
    assert moment(NOW, NOW, UTC) == "12:00"
    assert moment(NOW, NOW, china) == "20:00"
    assert moment(NOW + timedelta(hours=5), NOW, china) == "2026-11-22 01:00"


def test_each_state_says_what_is_to_be_done():
    until = NOW + timedelta(hours=2, minutes=10)
    jobs = [
        job(number=1, total=9),
        job(number=2, state="creating", tried_at=NOW),
        job(number=3, state="submitted", told="in_progress", record_until=until, total=9),
        job(number=4, state="ended", told="expired", output_until=until, completed=3, total=9),
        job(number=5, state="fetched", told="completed"),
        job(number=6, state="failed", told="failed", trouble="the quota is used up"),
        job(number=7, state="ended", told="completed", file="问题.jsonl"),
    ]
    told = table(jobs, NOW, UTC).splitlines()
    assert told[0].split() == ["N", "relay", "state", "done", "age", "file"]
    ends = [
        "the same command submits it",
        "asked for at 12:00; the same command tells what to do",
        "record kept until 14:10, 2 h 10 min left",
        "fetch before 14:10, 2 h 10 min left",
        "parley batch fetch 5",
        "the quota is used up",
        "parley batch fetch 7",
    ]
    for row, end in zip(told[1:], ends, strict=True):
        assert row.endswith(f"  {end}")
    assert "ended (expired)" in told[4]
    assert "3/9" in told[4]
