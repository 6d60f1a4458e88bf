"""The table of what experiments found."""

import subprocess
import sys
from pathlib import Path

from prove.experiment import Finding
from prove.table import Result, markdown, plain

ROOT = Path(__file__).parents[2]


def result(**found: object) -> Result:
    finding = Finding(load="ten people who say " + "much " * 30, faults="20 kills", **found)
    return Result(
        name="kills", title="kills", promises=(1, 2), seed=7, seconds=1.0, finding=finding
    )


def test_a_table_fits_a_terminal_of_120_columns():
    told = plain([result(lost=0, repeated=0)])
    assert max(map(len, told.splitlines())) <= 120
    assert told.count("much") == 30
    assert "pass" in told


def test_a_missed_mark_is_told_with_what_repeats_the_run():
    for found in (result(lost=1), result(leaked=2), result(wrong=("too slow",))):
        told = plain([found])
        assert "FAIL" in told
        assert "sh script/prove --only kills --seed 7" in told
    assert "too slow" in plain([result(wrong=("too slow",))])


def test_what_broke_off_does_not_pass():
    broke = Result(name="k", title="kills", promises=(1,), seed=1, seconds=1.0, broke="no port")
    assert not broke.passed
    assert "no port" in plain([broke])
    assert "| BROKE |" in markdown([broke])


def test_an_experiment_that_is_not_there_is_refused_by_name():
    command = [sys.executable, "-m", "prove", "--only", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "got nothing" in done.stderr
    assert "kills" in done.stderr
