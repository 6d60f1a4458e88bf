"""Why messages were passed over, or how they were answered: a small bounded memory."""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice

from core.model import Message


class ReasonRing:
    """The last `size` reasons over all chats; older ones are forgotten."""

    def __init__(self, size: int = 1000) -> None:
        self._ring: deque[tuple[str, str, Mapping[str, object]]] = deque(maxlen=size)

    def note(self, chat: str, reason: str, **params: object) -> None:
        self._ring.appendleft((chat, reason, params))

    def latest(self, chat: str, count: int) -> Sequence[tuple[str, Mapping[str, object]]]:
        """(text code, params), newest first."""
        here = ((reason, params) for place, reason, params in self._ring if place == chat)
        return list(islice(here, count))


def chat_place(message: Message) -> str:
    """Under which name a chat's reasons are kept."""
    address = message.address
    return f"{address.platform}/{address.bot}/{address.chat}"
