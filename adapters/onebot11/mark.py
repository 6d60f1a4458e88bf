"""By what a message is known again in a history. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiocqhttp import MessageSegment

from adapters.onebot11.fields import id_of, name_of
from adapters.onebot11.segments import segments_of

ALIKE_CHARS = 60
SHOWN_KINDS = frozenset({"image", "record", "video", "file", "forward"})
"""What a history shows as what it is. An implementation may show others as anything."""

Likeness: TypeAlias = Literal["same", "alike", "other"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message consists of, as far as an implementation gives it back unchanged.

    `text` without spaces; `mention` is a number, `name` a file's, "" for none.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    mention: str = ""
    name: str = ""

    def likeness(self, other: "Mark") -> Likeness:
        """Whether `other`, out of a history, is this one: "alike" is too little to tell."""
        if self.mention and other.mention and self.mention != other.mention:
            return "other"
        if self.name and other.name and self.name != other.name:
            return "other"
        if other == Mark() and self != other:
            return "alike"  # nothing of it can be read
        if self.kinds != other.kinds:
            return "alike" if self._may_be_shown_as(other) else "other"
        if self.text != other.text:
            return "alike" if _overlap(self.text, other.text) else "other"
        told = self.text or (self.name and other.name) or (self.mention and other.mention)
        return "same" if told else "alike"

    def begins_as(self, other: "Mark") -> bool:
        """Enough where all else that it could be is known."""
        if self.kinds != other.kinds or self.likeness(other) == "other":
            return False
        return self.text[:ALIKE_CHARS] == other.text[:ALIKE_CHARS]

    def _may_be_shown_as(self, other: "Mark") -> bool:
        """A kind that is none of the known ones may stand for anything but words."""
        return bool(self.kinds) and not SHOWN_KINDS.issuperset(other.kinds)


def mark(segments: Sequence[MessageSegment]) -> Mark:
    text = "".join(str(s.data.get("text", "")) for s in segments if s.type == "text")
    kinds = (s.type for s in segments if s.type not in ("text", "reply", "at"))
    mentions = (id_of(s.data.get("qq")) for s in segments if s.type == "at")
    files = (name_of(s.data, "name", "file_name", "file") for s in segments if s.type == "file")
    return Mark("".join(text.split()), tuple(kinds), next(mentions, ""), next(files, ""))


def mark_of(message: object) -> Mark:
    """The mark of a message in a history. A forward comes as a card from some."""
    segments = segments_of(message)
    if [segment.type for segment in segments] == ["json"]:
        return Mark(kinds=("forward",))
    return mark(segments)


def _overlap(ours: str, theirs: str) -> bool:
    if not ours or not theirs:
        return False
    return ours[:ALIKE_CHARS] == theirs[:ALIKE_CHARS] or ours in theirs or theirs in ours
