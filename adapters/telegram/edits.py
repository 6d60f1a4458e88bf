"""Telling an edit that people can see from one that they cannot."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from adapters.telegram import wire
from adapters.telegram.places import remember

MESSAGES_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Seen:
    digest: bytes
    update_id: int
    date: int


class Edits:
    """Telegram tells of an edit for invisible changes, too, such as a link's preview
    (core.telegram.org/bots/api#update, 2026-11): so the text decides.

    `since` is when we began to see messages, in Unix seconds. A message of before that,
    or of before what is still remembered, may have had the same text.
    """

    def __init__(self, since: int) -> None:
        self._since = since
        self._seen: OrderedDict[tuple[int, int], _Seen] = OrderedDict()

    def note(self, message: wire.Message, update_id: int) -> None:
        """Remember what a new message says."""
        self._remember(message, _Seen(_digest(message), update_id, message.date))

    def is_news(self, message: wire.Message, update_id: int) -> bool:
        """Whether an edit says something new. The same update again is judged as before."""
        known = self._seen.get((message.chat.id, message.message_id))
        digest = _digest(message)
        if known is None:
            news = message.date >= self._since
        else:
            news = known.update_id == update_id or known.digest != digest
        if news or known is None:
            self._remember(message, _Seen(digest, update_id if news else 0, message.date))
        return news

    def _remember(self, message: wire.Message, seen: _Seen) -> None:
        place = message.chat.id, message.message_id
        if gone := remember(self._seen, place, seen, MESSAGES_KEPT):
            self._since = max(self._since, gone.date + 1)


def _digest(message: wire.Message) -> bytes:
    text = message.text or message.caption
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
