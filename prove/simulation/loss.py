"""What was acknowledged, and never answered."""

from collections.abc import Iterator

from prove.simulation.evidence import Evidence, of
from prove.simulation.plan import Post

TRIES = {"resend-flagged": 2, "repeatable": 5, "recalls": 5, "hold": 1}
"""How many unknown outcomes of one part let it be given up, by what the platform can do."""


def lost(seen: Evidence) -> Iterator[str]:
    used: set[tuple[str, int]] = set()
    for name in seen.accepted:
        post = seen.posts[name]
        if post.kind == "aside" or name in seen.busy:
            continue
        replies = seen.covering[name]
        if replies or _was_taken_in(seen, post):
            continue
        if not _excused(seen, post, None, used):
            yield f"{of(post)} was acknowledged, and never answered"
    for reply in seen.replies.values():
        for index in set(range(reply.total)) - set(reply.parts):
            if not _excused(seen, reply.post, index, used):
                yield f"part {index} of {reply.total} of the answer to {of(reply.post)}"


def _was_taken_in(seen: Evidence, post: Post) -> bool:
    """Another message, asked with it or right behind it, has to be answered for both."""
    follower = post.kind == "picture" and seen.follower(post)
    if follower and follower in seen.accepted and not seen.covering[follower]:
        return True
    return any(post.mark in ask.marks[:-1] for ask in seen.asks.get(post.mark, ()))


def _excused(seen: Evidence, post: Post, index: int | None, used: set[tuple[str, int]]) -> bool:
    """Whether the platform refused it for good, or nobody could know what became of it."""
    name, can = (post.address.bot, post.key), seen.means(post.address.bot)
    since = seen.first_delivered[name].place
    if seen.count("blocked", name, index) or seen.count("cannot look", name, index):
        return True
    unknown = seen.count("unknown", name, index)
    if can == "resend-flagged" and unknown:
        unknown += len(seen.deaths_between(since))
    if unknown >= TRIES[can]:
        return True
    return can == "hold" and _held(seen, post, index or 0, used)


def _held(seen: Evidence, post: Post, index: int, used: set[tuple[str, int]]) -> bool:
    """Each end of a process may leave one part a conversation on its way."""
    name = (post.address.bot, post.key)
    for death in seen.deaths_between(seen.first_delivered[name].place):
        if seen.was_waiting(name, index, death):
            continue
        if (post.owner, death.place) not in used:
            used.add((post.owner, death.place))
            return True
    return False
