"""The queue of updates: kept until the bot confirms them, or for a day."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from msgspec import Raw, Struct

from bots.sandbox.telegram.failure import Refused, refused

LIMIT = 100
LONGEST_POLL_S = 50
MESSAGE_LIVES_S = 86_400
CALLBACK_LIVES_S = 150
"""tdlib/telegram-bot-api, Client.cpp 025884a."""
FUTURE = 10
"""An offset further ahead than this is none (tdlib/td, TQueue.cpp)."""

KINDS = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "message_reaction",
        "message_reaction_count",
        "chat_boost",
        "removed_chat_boost",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "purchased_paid_media",
        "guest_message",
        "managed_bot",
        "subscription",
        "stopped_message_generation",
    }
)
ON_REQUEST = frozenset(("chat_member", "message_reaction", "message_reaction_count"))
"""Sent only to bots that name them in allowed_updates."""

OTHER_POLLER = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)


class Update(Struct, frozen=True, kw_only=True):
    """`queue` names what is delivered one after the other to a webhook: a chat, mostly."""

    id: int
    kind: str
    queue: str
    expires_at: float
    content: bytes


class Updates:
    """To be used on one event loop."""

    def __init__(self, now: Callable[[], datetime], first_id: int = 700_000_001) -> None:
        self._now = now
        self._next_id = first_id
        self._held: OrderedDict[int, Update] = OrderedDict()
        self._next_expiry = float("inf")
        self._waiting: asyncio.Future[Refused | None] | None = None
        self._encoder = msgspec.json.Encoder()
        self.allowed: frozenset[str] | None = None
        """None is the default: all but ON_REQUEST."""
        self.delivers: Callable[[Update], None] | None = None
        """Where set, a webhook takes the updates."""

    def put(
        self, kind: str, content: Any, *, queue: str, lives_s: float = MESSAGE_LIVES_S
    ) -> int | None:
        """Queue an update; its id, or None if the bot does not want this kind."""
        if not self.wants(kind):
            return None
        number, self._next_id = self._next_id, self._next_id + 1
        expires_at = self._now().timestamp() + lives_s
        update = Update(
            id=number,
            kind=kind,
            queue=queue,
            expires_at=expires_at,
            content=self._encoder.encode({"update_id": number, kind: content}),
        )
        self._held[number] = update
        self._next_expiry = min(self._next_expiry, expires_at)
        self._wake(update)
        return number

    def wants(self, kind: str) -> bool:
        """Kinds that this server does not know yet are news: nobody can have refused them."""
        if self.allowed is None:
            return kind not in ON_REQUEST
        return kind in self.allowed or kind not in KINDS

    def allow(self, kinds: Any) -> None:
        """What `allowed_updates` says: no list changes nothing, no known name is the default."""
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            return
        known = frozenset(kind.lower() for kind in kinds) & KINDS
        self.allowed = known or None

    async def poll(self, offset: int, limit: int, timeout_s: float) -> Sequence[Raw]:
        """What getUpdates answers. Raises Refused (409) when another one comes."""
        start = self._confirm(offset)
        ready = self._ready(start, limit)
        if ready or timeout_s <= 0:
            return ready
        self.interrupt(OTHER_POLLER)
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                conflict = await waiting
                if conflict:
                    raise conflict
        if self._waiting is waiting:
            self._waiting = None
        return self._ready(start, limit)

    @property
    def awaited(self) -> bool:
        """Whether a long poll is under way."""
        return self._waiting is not None

    def interrupt(self, why: str) -> None:
        """End a long poll with a conflict; with no reason, with what there is."""
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done():
            waiting.set_result(refused(409, why) if why else None)

    def pending(self) -> Sequence[Update]:
        """What is not confirmed and not expired, oldest first."""
        self._expire()
        return tuple(self._held.values())

    def again(self, update: Update) -> None:
        """Queue an update once more as it was: what confirmed it was lost."""
        self._held[update.id] = update
        self._held.move_to_end(update.id, last=False)
        self._next_expiry = min(self._next_expiry, update.expires_at)
        self._wake(update)

    def forget(self, number: int) -> None:
        """A webhook has taken the update."""
        self._held.pop(number, None)

    def holds(self, number: int) -> bool:
        return number in self._held

    def clear(self) -> None:
        self._held.clear()

    def _wake(self, update: Update) -> None:
        if self.delivers:
            self.delivers(update)
        else:
            self.interrupt("")

    def _confirm(self, offset: int) -> int:
        """Forget what the offset confirms; where to read from."""
        if offset < 0:
            self._drop(islice(tuple(self._held), max(len(self._held) + offset, 0)))
        elif offset > self._next_id + FUTURE:
            return 0
        while self._held and offset > 0 and next(iter(self._held)) < offset:
            self._held.popitem(last=False)
        return max(offset, 0)

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            del self._held[number]

    def _ready(self, start: int, limit: int) -> Sequence[Raw]:
        self._expire()
        waiting = (update for update in self._held.values() if update.id >= start)
        return [Raw(update.content) for update in islice(waiting, limit)]

    def _expire(self) -> None:
        now = self._now().timestamp()
        if now < self._next_expiry:
            return
        alive = [update for update in self._held.values() if update.expires_at > now]
        self._held = OrderedDict((update.id, update) for update in alive)
        self._next_expiry = min((update.expires_at for update in alive), default=float("inf"))
