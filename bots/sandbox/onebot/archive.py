"""What was said, and the short ids under which an implementation remembers it."""

import hashlib
from collections import OrderedDict, deque
from datetime import datetime

from msgspec import Struct

from bots.sandbox.onebot.piece import Forward, Piece
from bots.sandbox.town.town import Place

KNOWN_IDS = 5000
"""NapCat's: napcat-common/src/message-unique.ts, 2026-08."""
KEPT_PER_PLACE = 5000


class Message(Struct, kw_only=True):
    """`long_id` is QQ's own; `id` the 31 or 32 bits of OneBot. `line` is the town's, 0 before."""

    id: int
    long_id: str
    seq: int
    place: Place
    sender: str
    pieces: tuple[Piece, ...]
    at: datetime
    line: int = 0


class Archive:
    """Messages by place; of the latest KNOWN_IDS also by id, as the implementations have it."""

    def __init__(self, *, signed_ids: bool, known: int = KNOWN_IDS) -> None:
        self._signed = signed_ids
        self._known_count = known
        self._known: OrderedDict[int, Message] = OrderedDict()
        self._places: dict[str, deque[Message]] = {}
        self._lines: dict[int, Message] = {}
        self._forwards: OrderedDict[str, Forward] = OrderedDict()
        self._count = 0
        self._forward_count = 0

    def add(self, place: Place, sender: str, pieces: tuple[Piece, ...], at: datetime) -> Message:
        self._count += 1
        long_id = str(7_400_000_000_000_000_000 + self._count)
        told = self._places.setdefault(place.id, deque(maxlen=KEPT_PER_PLACE))
        message = Message(
            id=self._short(long_id, place),
            long_id=long_id,
            seq=told[-1].seq + 1 if told else 1,
            place=place,
            sender=sender,
            pieces=pieces,
            at=at,
        )
        told.append(message)
        self.know(message)
        return message

    def _short(self, long_id: str, place: Place) -> int:
        key = f"{long_id}|{2 if place.group else 1}|{place.id}".encode()
        digest = hashlib.md5(key, usedforsecurity=False).digest()[:4]
        number = int.from_bytes(digest, "big", signed=self._signed)
        return number if self._signed else number & 0x7FFF_FFFF

    def know(self, message: Message) -> None:
        """Remember a message by its id; the oldest is forgotten."""
        self._known[message.id] = message
        while len(self._known) > self._known_count:
            _, forgotten = self._known.popitem(last=False)
            self._lines.pop(forgotten.line, None)

    def note_line(self, message: Message, line: int) -> None:
        message.line = line
        self._lines[line] = message

    def find(self, message_id: int) -> Message | None:
        return self._known.get(message_id)

    def of_line(self, line: int) -> Message | None:
        """The message behind a line of the town."""
        return self._lines.get(line)

    def history(self, place: str) -> list[Message]:
        """All that is kept of a place, oldest first."""
        return list(self._places.get(place, ()))

    def next_forward(self) -> int:
        self._forward_count += 1
        return self._forward_count

    def keep_forward(self, forward: Forward) -> None:
        self._forwards[forward.id] = forward
        while len(self._forwards) > self._known_count:
            self._forwards.popitem(last=False)

    def forward(self, forward_id: str) -> Forward | None:
        return self._forwards.get(forward_id)
