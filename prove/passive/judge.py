"""What WeChat and its people saw, held against the rules of passive replies."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bots.sandbox.town.town import BOT, Line
from bots.sandbox.wechat.push import Push, Try
from bots.sandbox.wechat.wechat import WeChat
from prove.passive.crowd import Question

HEAD = re.compile(r"You said: “question (\w+-\d+) ")
TAIL = re.compile(r"That was all of (\w+-\d+)\.")
THINKING = "I am still thinking"
FLAG = "you may have seen this already"
TRIES = 3
MOST_S, NEARLY_ALL_S, LAST_S = 4.5, 0.999, 5.0
WINDOW = timedelta(seconds=0.5)
EXAMPLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """No bot was there from `killed` to `up`: what was open is broken, what came was refused
    until its port was `opened`, and waited from then on."""

    killed: datetime
    opened: datetime
    up: datetime

    def touches(self, done: Try) -> bool:
        """Whether any of a try's time lies in it."""
        began = done.at or self.up
        return began <= self.up and self.killed <= began + timedelta(seconds=done.took_s)

    def began_with(self, push: Push) -> bool:
        """Whether a push was made in the very second in which the bot began: whether it was
        refused before that, the time that WeChat tells with it does not say."""
        return int(push.at.timestamp()) == int(self.opened.timestamp())


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`times_s` of all tries that carried something back. `wrong`: examples by what is wrong."""

    times_s: list[float] = field(default_factory=list)
    pushes: int = 0
    tries: int = 0
    notices: int = 0
    early: int = 0
    again: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    window: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def words(self) -> list[str]:
        """What was wrong, with examples."""
        late_s = sorted(self.times_s)[min(len(self.times_s) - 1, self._place())]
        if late_s > MOST_S:
            self.wrong[f"expected p99.9 of {MOST_S:g} s at most"].append(f"{late_s:.2f} s")
        found = {**self.wrong, "lost": self.lost, "repeated": self.repeated, "leaked": self.leaked}
        return [
            f"{what} ({len(cases)}): {', '.join(cases[:EXAMPLES])}"
            for what, cases in found.items()
            if cases
        ]

    def figures(self) -> str:
        times = sorted(self.times_s)
        return (
            f"{self.pushes} pushes in {self.tries} tries; {len(times)} carried something, p99.9 "
            f"{times[self._place()]:.2f} s, slowest {times[-1]:.2f} s; {self.notices} notices; "
            f"{self.again} answers asked for again, flagged; {len(self.window)} repeated inside W; "
            f"{self.early} notices before the third try of what came in the second of a start"
        )

    def _place(self) -> int:
        return min(len(self.times_s) - 1, int(len(self.times_s) * NEARLY_ALL_S))


def judge(
    accounts: Sequence[WeChat],
    questions: Sequence[Question],
    asked: Sequence[str],
    downs: Sequence[Down],
) -> Verdict:
    """`asked` are the marks that the relay saw. After everything has come to rest."""
    verdict = Verdict()
    taken = set(asked)
    for account in accounts:
        pushes = {push.number: push for push in account.journal.pushes()}
        for push in pushes.values():
            _judge_push(push, downs, verdict)
        own = [question for question in questions if question.account is account]
        _judge_answers(account, own, pushes, taken, [down.killed for down in downs], verdict)
    twice = [mark for mark, count in Counter(asked).items() if count > 1]
    if twice and not downs:
        verdict.wrong["the relay was asked twice"] += twice
    return verdict


def _judge_push(push: Push, downs: Sequence[Down], verdict: Verdict) -> None:
    """What was said before a kill is known to who was killed: the next says the same answer,
    but need not know of a notice."""
    verdict.pushes += 1
    verdict.tries += len(push.tries)
    for done in push.tries:
        if done.answer:
            verdict.times_s.append(done.took_s)
            verdict.notices += THINKING in done.answer
            if done.took_s > LAST_S:
                verdict.wrong["later than 5 s"].append(f"{push.number}: {done.took_s:.2f} s")
        touched = any(down.touches(done) for down in downs)
        before = [one for one in push.tries if one.number < done.number]
        cut = any(down.touches(one) for down in downs for one in before)
        unknown = any(down.began_with(push) for down in downs)
        verdict.early += unknown and not cut and _is_early(done)
        for what in _faults_of(done, down=touched, cut=cut or unknown):
            verdict.wrong[what].append(f"push {push.number}, {_told(push)}")
    whole = Try(outcome="timeout", took_s=_lasted_s(push), at=push.at)
    killed = any(down.touches(whole) for down in downs)
    answers = push.answers if not killed else {one for one in push.answers if HEAD.search(one)}
    if len(answers) > 1:
        verdict.wrong["other bytes for the same MsgId"].append(f"push {push.number}, {_told(push)}")


def _lasted_s(push: Push) -> float:
    ends = [(one.at - push.at).total_seconds() + one.took_s for one in push.tries if one.at]
    return max(ends, default=0.0)


def _faults_of(done: Try, *, down: bool, cut: bool) -> Iterator[str]:
    """What is wrong with one try. `down`: the bot was not there for all of it.

    `cut`: it was not there for a try before it, or cannot know whether it was. How many there
    were nobody can know who was not there: this one may be the last, so that it may tell a
    notice.
    """
    if done.outcome in ("success", "empty", "unreadable"):
        yield f"a question was answered by {done.outcome}"
    if not down and (done.outcome == "status" or (done.outcome == "closed" and done.detail)):
        yield "the bot hung up by itself"
    if _is_early(done) and not cut:
        yield "a notice before the third try"
    if _is_silent(done) and not down:
        yield "nothing came in the third try"


def _is_early(done: Try) -> bool:
    return 0 < done.number < TRIES and THINKING in done.answer


def _is_silent(done: Try) -> bool:
    """Whether it was the last, and the bot said nothing. What was late on its way was said."""
    return done.number == TRIES and done.outcome == "timeout" and not done.detail


def _judge_answers(
    account: WeChat,
    questions: Sequence[Question],
    pushes: dict[int, Push],
    taken: set[str],
    kills: Sequence[datetime],
    verdict: Verdict,
) -> None:
    heads: dict[str, list[Line]] = defaultdict(list)
    tails: dict[str, list[Line]] = defaultdict(list)
    owners = {question.mark: question.person for question in questions}
    for line in account.town.lines(sender=BOT):
        for pattern, found in ((HEAD, heads), (TAIL, tails)):
            for mark in pattern.findall(line.text):
                found[mark].append(line)
                if owners.get(mark) != line.place:
                    verdict.leaked.append(f"{mark} shown to {line.place}")
    for question in questions:
        mark = question.mark
        for found in (heads, tails):
            if not found[mark] and (pushes[question.line.number].ended or mark in taken):
                shown = [
                    f"{line.text[:40]}…{line.text[-40:]}"
                    for line in account.town.lines(question.person)
                ]
                tries = _told(pushes[question.line.number])
                verdict.lost.append(f"{mark}, {tries}, of all that was said: {shown}")
                break
            _judge_repetition(mark, found[mark], kills, verdict)


def _judge_repetition(
    mark: str, lines: Sequence[Line], kills: Sequence[datetime], verdict: Verdict
) -> None:
    """Who asked for more, and nothing waited, may be told the last once more, with a word."""
    plain = [line for line in lines if FLAG not in line.text]
    verdict.again += len(lines) - len(plain)
    for line in plain[:-1]:
        inside = any(abs(killed - line.at) <= WINDOW for killed in kills)
        (verdict.window if inside else verdict.repeated).append(mark)


def _told(push: Push) -> str:
    return " ".join(f"{done.number}:{done.outcome}@{done.took_s:.1f}" for done in push.tries)
