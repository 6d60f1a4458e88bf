"""A journal put in order: what is known of each message, from outside alone."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from prove.simulation.journal import Entry, Journal
from prove.simulation.plan import Plan, Post
from prove.simulation.platforms import KINDS, Recalling
from prove.simulation.relay import MARK

Name = tuple[str, str]
"""A message's bot and key: platforms deliver again under the same."""


KNOWN_S = 0.3
"""How long a refusal may take until it is noted: its way back, and a commit."""


@dataclass(slots=True)
class Reply:
    """What was shown to one message. `parts` are the entries of each part, in their order."""

    post: Post
    parts: dict[int, list[Entry]] = field(default_factory=dict)
    total: int = 0

    @property
    def text(self) -> str:
        return "".join(self.parts[index][0].text for index in sorted(self.parts))

    @property
    def answers(self) -> bool:
        """Whether a model's words are in it, and no mere notice."""
        return any(mark.startswith("A") for mark in MARK.findall(self.text))

    @property
    def began(self) -> int:
        return min(int(entries[0].place) for entries in self.parts.values())

    @property
    def ended(self) -> int:
        return max(int(entries[0].place) for entries in self.parts.values())


class Evidence:
    """Indexes of a journal. `place` is an entry's number in it."""

    def __init__(self, plan: Plan, journal: Journal) -> None:
        self.plan = plan
        self.posts: dict[Name, Post] = {(p.address.bot, p.key): p for p in plan.posts}
        self.by_mark = {post.mark: post for post in plan.posts}
        self.entries: dict[str, list[Entry]] = defaultdict(list)
        for place, entry in enumerate(journal.entries):
            entry.what["place"] = place
            self.entries[entry.kind].append(entry)
        self.deaths = sorted(
            [*self.entries["killed"], *self.entries["ended"]], key=lambda entry: entry.place
        )
        self.failed_asks = {entry.number for entry in self.entries["relay fails"]}
        self.answer_owner = {
            f"A{entry.number};": self.by_mark[entry.marks[-1]].owner
            for entry in self.entries["asked"]
            if entry.marks
        }

    @cached_property
    def replies(self) -> dict[Name, Reply]:
        found: dict[Name, Reply] = {}
        for entry in self.entries["shown"]:
            if entry.notice or (entry.bot, entry.answers) not in self.posts:
                continue
            name = (entry.bot, entry.answers)
            reply = found.setdefault(name, Reply(self.posts[name]))
            reply.parts.setdefault(entry.index, []).append(entry)
            reply.total = max(reply.total, entry.total)
        return found

    @cached_property
    def accepted(self) -> dict[Name, list[Entry]]:
        """Acknowledged as stored, not as passed over."""
        found: dict[Name, list[Entry]] = defaultdict(list)
        for entry in self.entries["acked"]:
            if entry.receipt in {"stored", "duplicate"}:
                found[entry.bot, entry.key].append(entry)
        return found

    @cached_property
    def busy(self) -> set[Name]:
        return {(entry.bot, entry.key) for entry in self.entries["told busy"]}

    @cached_property
    def first_delivered(self) -> dict[Name, Entry]:
        found: dict[Name, Entry] = {}
        for entry in self.entries["delivered"]:
            found.setdefault((entry.bot, entry.key), entry)
        return found

    @cached_property
    def asks(self) -> dict[str, list[Entry]]:
        """The relay's requests, by the mark of each question in the last message."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries["asked"]:
            for mark in entry.marks:
                found[mark].append(entry)
        return found

    @cached_property
    def covering(self) -> dict[Name, list[Reply]]:
        """The replies to a message: its own, and one whose question took it in."""
        found: dict[Name, list[Reply]] = defaultdict(list)
        for reply in self.replies.values():
            marks = set(MARK.findall(reply.text)) | {reply.post.mark}
            for mark in marks & set(self.by_mark):
                post = self.by_mark[mark]
                found[post.address.bot, post.key].append(reply)
        for post in reversed(self.plan.posts):  # several pictures go on to the same words
            name = (post.address.bot, post.key)
            follower = self.follower(post)
            if post.kind == "picture" and not found[name] and follower:
                notices = [r for r in found.get(follower, ()) if not r.answers]
                found[name].extend(notices)
        return found

    def follower(self, post: Post) -> Name | None:
        """What the same person sent next, which may have taken a picture in: /stop goes beside."""
        theirs = (p for p in self.plan.posts if p.address == post.address and p.kind != "stop")
        after = next((p for p in theirs if p.at_s > post.at_s), None)
        return (after.address.bot, after.key) if after else None

    def means(self, bot: str) -> str:
        """What its platform can do about a part of unknown outcome."""
        kind = KINDS[self.plan.kinds[bot]]
        if kind.repeatable:
            return "repeatable"
        return "recalls" if issubclass(kind, Recalling) else kind.on_unknown

    def may_be_stopped(self, post: Post) -> bool:
        """Whether somebody says /stop in its conversation."""
        return any(p.kind == "stop" and p.owner == post.owner for p in self.plan.posts)

    def was_waiting(self, name: Name, index: int, death: Entry) -> bool:
        """Whether the part had been refused and it was too soon for another try, when its process
        ended: then everybody knew that it was not on its way."""
        tries = [
            entry
            for kind in ("refused", "unknown", "shown")
            for entry in self.entries[kind]
            if (entry.bot, entry.answers, entry.index) == (*name, index)
            and entry.place < death.place
        ]
        last = max(tries, key=lambda entry: int(entry.place), default=None)
        if last is None or last.kind != "refused" or self.plan.troubles:
            return False
        waited_s = death.at_s - last.at_s
        return bool(last.by == death.life and KNOWN_S < waited_s < max(last.again_s, 1.0))

    def count(self, kind: str, name: Name, index: int | None = None) -> int:
        """How often something became of a message's part, or of any part of it."""
        return sum(
            (entry.bot, entry.answers) == name and index in (None, entry.index)
            for entry in self.entries[kind]
        )

    def deaths_between(self, first: int, last: int | None = None) -> list[Entry]:
        """The ends of processes between two places of the journal."""
        return [d for d in self.deaths if first < d.place and (last is None or d.place < last)]


def of(post: Post) -> str:
    return f"{post.mark} ({post.kind} {post.key} to {post.where})"
