"""What was answered before what had come earlier."""

from collections import defaultdict
from collections.abc import Iterator

from prove.simulation.evidence import Evidence, Name, Reply, of


def out_of_order(seen: Evidence) -> Iterator[str]:
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
                    yield f"{of(seen.posts[other])} was answered before {of(seen.posts[one])}"


def _overtaken(seen: Evidence, one: Name, other: Name) -> bool:
    if seen.plan.kinds[one[0]] == "passive":
        return False
    before, after = seen.covering[one], seen.covering[other]
    if not before or not after or before[0] is after[0]:
        return False
    return before[0].ended > after[0].began


def mixed(seen: Evidence) -> Iterator[str]:
    """Parts in their order, and those of one answer together."""
    last: dict[str, Reply] = {}
    for reply in sorted(seen.replies.values(), key=lambda reply: reply.began):
        firsts = [reply.parts[index][0].place for index in sorted(reply.parts)]
        if firsts != sorted(firsts):
            yield f"the parts of the answer to {of(reply.post)}"
        if reply.post.kind == "stop" or seen.plan.kinds[reply.post.address.bot] == "passive":
            continue
        before = last.get(reply.post.owner)
        if before and before.ended > reply.began:
            yield f"the answers to {of(before.post)} and {of(reply.post)} are mixed"
        last[reply.post.owner] = reply
