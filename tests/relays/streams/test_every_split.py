"""Streams as they arrive in practice: the same answer wherever their bytes are cut."""

import pytest

from tests.relays.streams import answers, bare, errors, framing
from tests.relays.streams.case import Case

CASES = {
    f"{table.__name__.rpartition('.')[2]}: {name}": case
    for table in (framing, answers, errors, bare)
    for name, case in table.CASES.items()
}
SHORT = (
    "framing: byte order mark and CRLF",
    "framing: an event of several lines of data",
    "answers: usage in a last chunk without choices",
    "bare: reduced chat",
    "bare: reduced completion",
)

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every_case
def test_a_stream_is_heard_as_its_relay_meant_it(case: Case) -> None:
    assert case.hear(case.stream) == case.heard


@every_case
def test_bytes_split_at_every_position_are_heard_the_same(case: Case) -> None:
    for at in range(1, len(case.stream)):
        assert case.hear(case.stream[:at], case.stream[at:]) == case.heard, at


@every_case
def test_bytes_that_come_one_by_one_are_heard_the_same(case: Case) -> None:
    pieces = [case.stream[at : at + 1] for at in range(len(case.stream))]
    assert case.hear(*pieces) == case.heard
    assert case.hear(b"", *(piece for byte in pieces for piece in (byte, b""))) == case.heard


@pytest.mark.parametrize("name", SHORT)
def test_bytes_split_at_every_pair_of_positions_are_heard_the_same(name: str) -> None:
    case = CASES[name]
    size = len(case.stream)
    for first in range(1, size):
        for second in range(first + 1, size):
            pieces = (
                case.stream[:first],
                case.stream[first:second],
                case.stream[second:],
            )
            assert case.hear(*pieces) == case.heard, (first, second)
