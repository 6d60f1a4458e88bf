"""Whether a history kept what is promised, by the journals of platforms and relay alone."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from core.model import person_key
from core.ports import Texts
from prove.simulation.evidence import Evidence, Name, Reply
from prove.simulation.journal import Entry, Journal
from prove.simulation.plan import Plan, Post
from prove.simulation.platforms import KINDS, Recalling
from prove.simulation.relay import MARK

TRIES = {"resend-flagged": 2, "repeatable": 5, "recalls": 5, "hold": 1}
"""How many unknown outcomes of one part let it be given up, by what the platform can do."""

EXPIRE_S = 600.0


@dataclass(slots=True)
class Judgement:
    """Each finding in words; all empty where the history kept every promise."""

    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    misordered: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        told = {
            "lost": self.lost,
            "repeated": self.repeated,
            "out of order": self.misordered,
            "leaked": self.leaked,
            "wrong": self.wrong,
        }
        return [f"{kind}: {words}" for kind, found in told.items() for words in found]


def judge(plan: Plan, journal: Journal, texts: Texts) -> Judgement:
    seen = Evidence(plan, journal)
    made = Judgement()
    made.wrong.extend(entry.error for entry in seen.entries["surprise"])
    made.lost.extend(_lost(seen))
    made.repeated.extend(_shown_twice(seen))
    made.repeated.extend(_answered_twice(seen))
    made.repeated.extend(_asked_again(seen))
    made.misordered.extend(_out_of_order(seen))
    made.misordered.extend(_mixed(seen))
    made.leaked.extend(_leaked(seen))
    made.wrong.extend(_unfounded(seen, texts))
    return made


def means(seen: Evidence, bot: str) -> str:
    """What the platform can do about a part of unknown outcome."""
    kind = KINDS[seen.plan.kinds[bot]]
    if kind.repeatable:
        return "repeatable"
    return "recalls" if issubclass(kind, Recalling) else kind.on_unknown


# -- loss ----------------------------------------------------------------------


def _lost(seen: Evidence) -> Iterator[str]:
    used: set[tuple[str, int]] = set()
    for name in seen.accepted:
        post = seen.posts[name]
        if post.kind == "aside" or name in seen.busy:
            continue
        replies = seen.covering[name]
        if replies or _was_taken_in(seen, post):
            continue
        if not _excused(seen, post, None, used):
            yield f"{_of(post)} was acknowledged, and never answered"
    for reply in seen.replies.values():
        for index in set(range(reply.total)) - set(reply.parts):
            if not _excused(seen, reply.post, index, used):
                yield f"part {index} of {reply.total} of the answer to {_of(reply.post)}"


def _was_taken_in(seen: Evidence, post: Post) -> bool:
    """Another message, asked with it or right behind it, has to be answered for both."""
    follower = post.kind == "picture" and seen.follower(post)
    if follower and follower in seen.accepted and not seen.covering[follower]:
        return True
    return any(post.mark in ask.marks[:-1] for ask in seen.asks.get(post.mark, ()))


def _excused(seen: Evidence, post: Post, index: int | None, used: set[tuple[str, int]]) -> bool:
    """Whether the platform refused it for good, or nobody could know what became of it."""
    name, can = (post.address.bot, post.key), means(seen, post.address.bot)
    since = seen.first_delivered[name].place
    if seen.count("blocked", name, index) or seen.count("cannot look", name, index):
        return True
    unknown = seen.count("unknown", name, index)
    if can == "resend-flagged" and unknown:
        unknown += len(seen.deaths_between(since))
    if unknown >= TRIES[can]:
        return True
    return can == "hold" and _held(seen, post, since, used)


def _held(seen: Evidence, post: Post, since: int, used: set[tuple[str, int]]) -> bool:
    """Each end of a process may leave one part a conversation on its way."""
    for death in seen.deaths_between(since):
        if (post.owner, death.place) not in used:
            used.add((post.owner, death.place))
            return True
    return False


# -- repetition ----------------------------------------------------------------


def _shown_twice(seen: Evidence) -> Iterator[str]:
    for reply in seen.replies.values():
        for index, entries in reply.parts.items():
            for first, again in pairwise(entries):
                if fault := _fault(seen, reply, first, again):
                    yield f"part {index} of the answer to {_of(reply.post)}: {fault}"
    told = [(e.bot, e.answers) for e in seen.entries["shown"] if e.notice]
    for name in set(told):
        if told.count(name) > 1 + len(seen.deaths):
            yield f"a notice to {_of(seen.posts[name])}"


def _fault(seen: Evidence, reply: Reply, first: Entry, again: Entry) -> str:
    can = means(seen, reply.post.address.bot)
    if first.text != again.text:
        return "shown again with other words"
    if can != "resend-flagged":
        return f"shown again, though the platform is one that {can}"
    if not again.flagged:
        return "shown again without being flagged"
    if any(
        first.place < entry.place < again.place
        and (entry.bot, entry.answers, entry.index) == (first.bot, first.answers, first.index)
        for entry in seen.entries["unknown"]
    ):
        return ""
    if first.by == again.by:
        return "shown again by the same process"
    if _went_on(seen, reply.post, first):
        return "shown again, though the talk had gone on before the process ended"
    return ""


def _went_on(seen: Evidence, post: Post, first: Entry) -> bool:
    """Whether the same process showed another part, so that this one had been noted."""
    return (
        any(
            first.place < entry.place
            and first.by == entry.by
            and not entry.notice
            and seen.posts[entry.bot, entry.answers].owner == post.owner
            and seen.posts[entry.bot, entry.answers].kind != "stop"
            for entry in seen.entries["shown"]
        )
        and post.kind != "stop"
    )


def _answered_twice(seen: Evidence) -> Iterator[str]:
    for name, replies in seen.covering.items():
        if len(replies) > 1:
            yield f"{_of(seen.posts[name])} was answered {len(replies)} times"
        for reply in replies:
            keys = {e.key.rpartition("/")[0] for es in reply.parts.values() for e in es}
            if len(keys) > 1 and reply.post is seen.posts[name]:
                yield f"{_of(reply.post)} was answered by {len(keys)} different replies"


def _asked_again(seen: Evidence) -> Iterator[str]:
    for mark, asks in seen.asks.items():
        post = seen.by_mark[mark]
        shown = min((r.began for r in seen.covering[post.address.bot, post.key]), default=None)
        if _may_be_stopped(seen, post):
            shown = None  # a request may have been on its way when its answer was given up
        for first, again in pairwise(asks):
            if shown is not None and shown < again.place:
                yield f"the relay was asked {_of(post)} again after its answer was shown"
            elif first.number not in seen.failed_asks and first.by == again.by:
                yield f"the relay was asked {_of(post)} twice by one process"


# -- order ---------------------------------------------------------------------


def _out_of_order(seen: Evidence) -> Iterator[str]:
    """One acknowledged delivery began before another message was delivered at all."""
    talks: dict[str, list[Name]] = defaultdict(list)
    for name in seen.accepted:
        if seen.posts[name].kind != "stop" and name not in seen.busy:
            talks[seen.posts[name].owner].append(name)
    for names in talks.values():
        for one in names:
            begun_s = min(ack.begun_s for ack in seen.accepted[one])
            for other in names:
                if seen.first_delivered[other].at_s > begun_s and _overtaken(seen, one, other):
                    yield f"{_of(seen.posts[other])} was answered before {_of(seen.posts[one])}"


def _overtaken(seen: Evidence, one: Name, other: Name) -> bool:
    if seen.plan.kinds[one[0]] == "passive":
        return False
    before, after = seen.covering[one], seen.covering[other]
    if not before or not after or before[0] is after[0]:
        return False
    return before[0].ended > after[0].began


def _mixed(seen: Evidence) -> Iterator[str]:
    """Parts in their order, and those of one answer together."""
    last: dict[str, Reply] = {}
    for reply in sorted(seen.replies.values(), key=lambda reply: reply.began):
        firsts = [reply.parts[index][0].place for index in sorted(reply.parts)]
        if firsts != sorted(firsts):
            yield f"the parts of the answer to {_of(reply.post)}"
        if reply.post.kind == "stop" or seen.plan.kinds[reply.post.address.bot] == "passive":
            continue
        before = last.get(reply.post.owner)
        if before and before.ended > reply.began:
            yield f"the answers to {_of(before.post)} and {_of(reply.post)} are mixed"
        last[reply.post.owner] = reply


# -- isolation -----------------------------------------------------------------


def _leaked(seen: Evidence) -> Iterator[str]:
    for ask in seen.entries["asked"]:
        if not ask.marks:
            yield f"request {ask.number} asks nothing that anybody asked"
            continue
        post = seen.by_mark[ask.marks[-1]]
        own = {f"P:{post.address.bot};"}
        for mark in {*ask.told, *ask.marks} - own:
            if _owner(seen, mark) != post.owner:
                yield f"{mark} in the prompt of {_of(post)}"
        if ask.user != f"user {person_key(post.address)}":
            yield f"{_of(post)} was asked in the name of {ask.user}"
        if post.kind == "aside":
            yield f"{_of(post)} was not for the bot"
    for entry in seen.entries["shown"]:
        post = seen.posts[entry.bot, entry.answers]
        if entry.chat != post.address.chat:
            yield f"the answer to {_of(post)} was shown in chat {entry.chat}"
        for mark in MARK.findall(entry.text):
            if _owner(seen, mark) != post.owner:
                yield f"{mark} in the answer to {_of(post)}"


def _owner(seen: Evidence, mark: str) -> str:
    if mark in seen.by_mark:
        return seen.by_mark[mark].owner
    return seen.answer_owner.get(mark, "")


# -- notices -------------------------------------------------------------------


def _unfounded(seen: Evidence, texts: Texts) -> Iterator[str]:
    """A notice in place of an answer, without the reason that it names."""
    known = {_bare(texts.say(code, "en")): code for code in ("expired", "set_aside", "store")}
    known |= {_bare(texts.say(c, "en")): c for c in ("stopped_early", "outage_expired")}
    for name, reply in seen.replies.items():
        post = reply.post
        if post.kind not in {"talk", "picture"} or reply.answers or len(reply.parts) < reply.total:
            continue
        code = known.get(_bare(reply.text), "a failure")
        if not _founded(seen, name, reply, code):
            yield f"{_of(post)} was told of {code}, and nothing had happened: {reply.text}"


def _founded(seen: Evidence, name: Name, reply: Reply, code: str) -> bool:
    post = reply.post
    fails = [entry for entry in seen.entries["relay fails"] if post.mark in entry.marks]
    match code:
        case "expired":
            shown_s = min(entries[0].at_s for entries in reply.parts.values())
            old = shown_s - seen.first_delivered[name].at_s > EXPIRE_S
            return bool(seen.deaths) and (old or bool(seen.entries["clock jumps"]))
        case "set_aside":
            surprises = [entry for entry in fails if entry.error == "a surprise"]
            return len(surprises) + len(seen.deaths) >= 3
        case "stopped_early":
            return _may_be_stopped(seen, post)
        case "outage_expired":
            return bool(seen.entries["relay fails"])
        case _:
            cut = any(post.mark in entry.marks for entry in seen.entries["cut short"])
            return bool(fails) or cut


def _may_be_stopped(seen: Evidence, post: Post) -> bool:
    return any(p.kind == "stop" and p.owner == post.owner for p in seen.plan.posts)


def _bare(text: str) -> str:
    return "".join(text.split())


def _of(post: Post) -> str:
    return f"{post.mark} ({post.kind} {post.key} to {post.where})"
