"""What was shown, answered or asked more than once."""

from collections.abc import Iterator
from itertools import pairwise

from prove.simulation.evidence import Evidence, Reply, of
from prove.simulation.journal import Entry
from prove.simulation.plan import Post


def shown_twice(seen: Evidence) -> Iterator[str]:
    for reply in seen.replies.values():
        for index, entries in reply.parts.items():
            for first, again in pairwise(entries):
                if first.text != again.text:
                    yield f"part {index} of the answer to {of(reply.post)} in other words"
                if fault := _fault(seen, reply, first, again):
                    yield f"part {index} of the answer to {of(reply.post)}: {fault}"
    told = [(e.bot, e.answers) for e in seen.entries["shown"] if e.notice]
    for name in set(told):
        if told.count(name) > 1 + len(seen.deaths):
            yield f"a notice to {of(seen.posts[name])}"


def _fault(seen: Evidence, reply: Reply, first: Entry, again: Entry) -> str:
    can = seen.means(reply.post.address.bot)
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
    went_on = _went_on(seen, reply.post, first)
    return "shown again, though more had been said before the process ended" if went_on else ""


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


def answered_twice(seen: Evidence) -> Iterator[str]:
    for name, replies in seen.covering.items():
        if len(replies) > 1:
            yield f"{of(seen.posts[name])} was answered {len(replies)} times"
        for reply in replies:
            keys = {e.key.rpartition("/")[0] for es in reply.parts.values() for e in es}
            if len(keys) > 1 and reply.post is seen.posts[name]:
                yield f"{of(reply.post)} was answered by {len(keys)} different replies"


def asked_again(seen: Evidence) -> Iterator[str]:
    for mark, asks in seen.asks.items():
        post = seen.by_mark[mark]
        shown = min((r.began for r in seen.covering[post.address.bot, post.key]), default=None)
        if seen.may_be_stopped(post):
            shown = None  # a request may have been on its way when its answer was given up
        for first, again in pairwise(asks):
            if shown is not None and shown < again.place:
                yield f"the relay was asked {of(post)} again after its answer was shown"
            elif first.number not in seen.failed_asks and first.by == again.by:
                yield f"the relay was asked {of(post)} twice by one process"
