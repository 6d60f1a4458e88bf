"""What was said in place of an answer, without cause."""

from collections.abc import Iterator

from core.ports.texts import Texts
from prove.simulation.evidence import Evidence, Name, Reply, of

EXPIRE_S = 600.0


def flagged(seen: Evidence) -> Iterator[str]:
    """A part shown as a possible repetition, though nobody could have doubted."""
    for name, reply in seen.replies.items():
        for index, entries in reply.parts.items():
            first = entries[0]
            unknown = [e for e in seen.entries["unknown"] if e.place < first.place]
            doubted = any((e.bot, e.answers, e.index) == (*name, index) for e in unknown)
            since = seen.first_delivered[name].place
            deaths = seen.deaths_between(since, first.place)
            certain = all(seen.was_waiting(name, index, death) for death in deaths)
            if first.flagged and not doubted and certain:
                yield f"part {index} of the answer to {of(reply.post)} was flagged, and is new"


def unfounded(seen: Evidence, texts: Texts) -> Iterator[str]:
    """A notice in place of an answer, without the reason that it names."""
    known = {_bare(texts.say(code, "en")): code for code in ("expired", "set_aside", "store")}
    known |= {_bare(texts.say(c, "en")): c for c in ("stopped_early", "outage_expired")}
    for name, reply in seen.replies.items():
        post = reply.post
        if post.kind not in {"talk", "picture"} or reply.answers or len(reply.parts) < reply.total:
            continue
        code = known.get(_bare(reply.text), "a failure")
        if not _founded(seen, name, reply, code):
            yield f"{of(post)} was told of {code}, and nothing had happened: {reply.text}"


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
            unnoted = seen.deaths if seen.plan.troubles else seen.entries["killed"]
            return len(surprises) + len(unnoted) >= 3
        case "stopped_early":
            return seen.may_be_stopped(post)
        case "outage_expired":
            return bool(seen.entries["relay fails"])
        case _:
            cut = any(post.mark in entry.marks for entry in seen.entries["cut short"])
            return bool(fails) or cut


def _bare(text: str) -> str:
    return "".join(text.split())
