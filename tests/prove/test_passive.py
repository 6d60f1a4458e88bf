"""The rules of passive replies, held against tries as WeChat would have noted them."""

from datetime import UTC, datetime, timedelta

from bots.sandbox.wechat.acts import Text
from bots.sandbox.wechat.push import Push, Try
from prove.passive.judge import THINKING, Down, Verdict, _judge_push

START = datetime(2026, 11, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


DOWN = Down(killed=at(9.6), opened=at(10.4), up=at(10.5))


def judged(made_s: float, *tries: tuple[str, float, float, str]) -> Verdict:
    """`tries` as (outcome, began, took_s, answer), numbered from 1."""
    done = [
        Try(outcome=outcome, took_s=took_s, answer=answer, number=number, at=at(began))
        for number, (outcome, began, took_s, answer) in enumerate(tries, start=1)
    ]
    push = Push(
        number=1,
        at=at(made_s),
        act=Text(person="o", text="q"),
        msg_id="1",
        encrypted="",
        body=b"",
        tries=done,
    )
    verdict = Verdict()
    _judge_push(push, [DOWN], verdict)
    return verdict


def test_a_notice_in_the_third_try_is_right() -> None:
    tries = [("timeout", 0.0, 5.0, ""), ("timeout", 5.0, 4.5, ""), ("reply", 20.0, 4.0, THINKING)]
    assert not judged(0.0, *tries).wrong


def test_a_notice_in_the_first_try_is_early_in_the_second_after_the_start_too() -> None:
    assert "a notice before the third try" in judged(11.01, ("reply", 11.01, 4.0, THINKING)).wrong


def test_a_notice_in_the_first_try_is_counted_in_the_second_of_the_start() -> None:
    for made_s in (10.2, 10.41, 10.99):
        verdict = judged(made_s, ("reply", max(made_s, 10.4), 4.0, THINKING))
        assert not verdict.wrong
        assert verdict.early == 1


def test_a_notice_after_tries_that_nothing_cut_is_early() -> None:
    tries = [("timeout", 20.0, 5.0, ""), ("reply", 25.0, 4.0, THINKING)]
    assert "a notice before the third try" in judged(20.0, *tries).wrong


def test_a_notice_after_a_try_that_a_kill_cut_may_come_in_the_second() -> None:
    tries = [("closed", 8.0, 1.6, ""), ("reply", 10.6, 4.0, THINKING)]
    assert not judged(8.0, *tries).wrong


def test_nothing_in_the_third_try_is_wrong_after_a_kill_too() -> None:
    tries = [("closed", 8.0, 1.6, ""), ("timeout", 10.6, 5.0, ""), ("timeout", 15.6, 5.0, "")]
    assert "nothing came in the third try" in judged(8.0, *tries).wrong


def test_nothing_in_the_third_try_is_wrong_in_the_second_of_the_start_too() -> None:
    tries = [("closed", 10.2, 0.0, ""), ("timeout", 10.6, 5.0, ""), ("timeout", 15.6, 5.0, "")]
    for made_s in (9.9, 10.2, 10.45):
        assert "nothing came in the third try" in judged(made_s, *tries).wrong
