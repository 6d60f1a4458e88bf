"""Answers without end, over real sockets: the experiment's own judge is judged here."""

import pytest
from msgspec import structs

from prove.fuzz.flooded import EXTRA_BYTES, Met, faults, under
from prove.fuzz.floods import FLOODS

MET = Met(error="RelayGarbage", words="too much", extra_bytes=2**20, seconds=0.1, cpu_s=0.1)
GZIP = FLOODS["gzip without end"]


@pytest.mark.parametrize("name", ["gzip without end", "an error of lists", "headers without end"])
async def test_it_ends_with_a_relays_error_and_little_memory(name: str) -> None:
    met = await under(FLOODS[name], "chat")
    assert met.error == "RelayGarbage"
    assert met.extra_bytes < EXTRA_BYTES
    assert faults(met, FLOODS[name], "chat") == []


@pytest.mark.parametrize(
    ("met", "told"),
    [
        ({"extra_bytes": EXTRA_BYTES + 1}, "MB held"),
        ({"seconds": 60.0}, "60.0 s"),
        ({"error": ""}, "got an answer"),
        ({"error": "builtins.MemoryError"}, "got builtins.MemoryError"),
    ],
)
def test_what_is_wrong_is_told(met: dict[str, object], told: str) -> None:
    (wrong,) = faults(structs.replace(MET, **met), GZIP, "chat")
    assert told in wrong


def test_an_answer_that_comes_first_is_wanted() -> None:
    ended = FLOODS["more after the end"]
    assert faults(structs.replace(MET, error=""), ended, "stream") == []
    assert faults(MET, ended, "stream")
