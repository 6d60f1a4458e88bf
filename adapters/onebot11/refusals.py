"""When a chat is told that something of it was not taken: once for all between two that were."""

from collections import OrderedDict
from dataclasses import dataclass

from msgspec import structs

from core.model import Message

CHATS = 5000
"""Who was told for the longest time may be told once more."""


@dataclass(slots=True)
class _Told:
    """Numbers of messages, in the order in which they came: the one that a word was said of, and
    the latest one that was passed over, with what it takes to tell its sender."""

    of: int
    passed: int
    latest: Message


class Refusals:
    """A word is due where a method returns True or a message.

    What waits in a chat is handed over in its order, what finds no room is passed over at
    once. So a word may come before what the core says of earlier messages: it is for them, too.
    """

    def __init__(self) -> None:
        self._told: OrderedDict[str, _Told] = OrderedDict()

    def __len__(self) -> int:
        return len(self._told)

    def passed(self, message: Message, number: int) -> bool:
        """It was passed over."""
        told = self._told.get(message.address.chat)
        if told is None:
            self._note(message, number)
            return True
        told.passed, told.latest = number, _bare(message)
        return False

    def refused(self, message: Message, number: int) -> bool:
        """It was handed over, and not taken."""
        if message.address.chat in self._told:
            return False
        self._note(message, number)
        return True

    def taken(self, message: Message, number: int) -> Message | None:
        """It was taken. The word is for whoever was passed over after it, unheard by now."""
        chat = message.address.chat
        told = self._told.get(chat)
        if told is None or number <= told.of:
            return None
        if told.passed <= number:
            del self._told[chat]
            return None
        told.of = told.passed
        return told.latest

    def _note(self, message: Message, number: int) -> None:
        self._told[message.address.chat] = _Told(number, number, _bare(message))
        if len(self._told) > CHATS:
            self._told.popitem(last=False)


def _bare(message: Message) -> Message:
    """What a word to its sender needs."""
    return structs.replace(message, parts=(), raw="")
