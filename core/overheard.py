"""Pictures that people sent in groups, to nobody in particular, just before they asked of them."""

from collections import OrderedDict
from collections.abc import Sequence

from core.model import Address, Message

KEPT_S = 60.0
PEOPLE = 500
MOST = 10
"""Telegram's albums have as many pictures at most (Bot API, sendMediaGroup, November 2026)."""


class Overheard:
    """In memory alone, and bounded: nothing of it is stored until its sender turns to the bot.

    Times are a monotonic clock's.
    """

    def __init__(self) -> None:
        self._heard: OrderedDict[Address, list[tuple[float, Message]]] = OrderedDict()

    def note(self, message: Message, now_s: float) -> None:
        """Remember it if it is a picture without words."""
        if message.text or not any(media.kind == "image" for media in message.media):
            return
        heard = self._heard.setdefault(message.address, [])
        if all(known.key != message.key for _, known in heard):
            heard.append((now_s, message))
            del heard[:-MOST]
        self._heard.move_to_end(message.address)
        while len(self._heard) > PEOPLE:
            self._heard.popitem(last=False)

    def take(self, address: Address, now_s: float, album: str = "") -> Sequence[Message]:
        """A person's latest in a group, oldest first; of an album its own alone."""
        heard = self._heard.pop(address, ())
        fresh = [message for at_s, message in heard if now_s - at_s <= KEPT_S]
        if not album:
            return fresh
        return [message for message in fresh if message.album == album]

    def give_back(self, messages: Sequence[Message], now_s: float) -> None:
        """What was taken for a message that could not be kept."""
        for message in messages:
            self.note(message, now_s)
