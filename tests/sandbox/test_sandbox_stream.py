"""The script of a stream, without a network."""

import pytest

from bots.sandbox.faults import AnyFault, Armed, CutStream, ErrorInStream, HoldLast
from bots.sandbox.stream import Break, Hold, Pause, Step, Struck, script

PIECES = [b"1", b"2", b"3"]


def steps(fault: AnyFault | None = None, pace_s: float = 0.0) -> list[Step]:
    armed = Armed(1, fault) if fault else None
    return script(b"<", PIECES, b">", pace_s=pace_s, armed=armed)


def test_without_pauses_a_stream_is_one_write() -> None:
    assert steps() == [b"<123>"]


def test_a_pause_comes_before_each_piece() -> None:
    pause = Pause(0.5)
    assert steps(pace_s=0.5) == [b"<", pause, b"1", pause, b"2", pause, b"3>"]


def test_the_last_piece_and_all_after_it_is_held() -> None:
    assert steps(HoldLast()) == [b"<12", Struck(), Hold(), b"3>"]
    assert steps(HoldLast(), pace_s=1)[-3:] == [Struck(), Hold(), b"3>"]


def test_a_fault_may_make_the_stream_late_too() -> None:
    assert steps(HoldLast(delay_s=2))[:2] == [Pause(2), b"<12"]


@pytest.mark.parametrize(("after", "sent"), [(0, b"<"), (2, b"<12"), (9, b"<123")])
def test_a_cut_comes_after_so_many_pieces_and_never_after_the_tail(after: int, sent: bytes) -> None:
    assert steps(CutStream(after=after)) == [sent, Struck(), Break()]
    assert steps(CutStream(after=after, clean=True)) == [sent, Struck()]


def test_an_error_replaces_the_rest() -> None:
    first, struck, error = steps(ErrorInStream(after=1, message="oh"))
    assert (first, struck) == (b"<1", Struck())
    assert b'"message":"oh"' in error if isinstance(error, bytes) else False


def test_an_answer_without_pieces_holds_its_tail() -> None:
    armed = Armed(1, HoldLast())
    assert script(b"<", [], b">", pace_s=0, armed=armed) == [b"<", Struck(), Hold(), b">"]
