"""The answer while it grows, shown in private chats by means that vanish by themselves."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from zlib import crc32

from telegram.error import TelegramError

from adapters.telegram.api import Api
from adapters.telegram.failure import Flood
from adapters.telegram.format import thread_of
from adapters.telegram.limiter import Limiter
from adapters.telegram.markdown import TEXT_LIMIT, to_telegram
from adapters.telegram.places import remember
from core.model import Address
from core.patience import Sleep
from core.ports.clock import Clock

log = logging.getLogger(__name__)

PACE_S = 1.0
FAILURES = 3
"""After so many an answer is shown without: others fell from drafts to edits, and into 429s."""
KEPT = 1000
TAIL_CHARS = TEXT_LIMIT // 2  # no character takes more than two UTF-16 units
LAST_FRAME_S = 1.0


@dataclass(slots=True, kw_only=True)
class _Draft:
    to: Address
    id: int
    latest: str = ""
    shown: str = ""
    failures: int = 0
    due: float = 0.0
    showing: asyncio.Task[None] | None = None
    calling: bool = False
    ended: bool = False


class Drafts:
    """At most one frame a second of each answer, and none once the answer itself is sent."""

    def __init__(
        self, api: Api, limiter: Limiter, clock: Clock, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._api = api
        self._limiter = limiter
        self._clock = clock
        self._sleep = sleep
        self._drafts: OrderedDict[str, _Draft] = OrderedDict()

    def show(self, to: Address, answers: str, text: str) -> None:
        """Never blocks. A later text takes the place of one that was not shown yet."""
        if not to.chat.isdecimal():  # groups have negative numbers
            return
        draft = self._drafts.get(answers)
        if draft is None:
            draft = _Draft(to=to, id=crc32(answers.encode()) or 1)
            remember(self._drafts, answers, draft, KEPT)
        draft.latest = text
        if draft.failures < FAILURES and (draft.showing is None or draft.showing.done()):
            draft.showing = asyncio.create_task(self._show(draft))

    async def end(self, answers: str) -> None:
        """The answer is on its way: a frame that arrived after it would be shown below it."""
        draft = self._drafts.pop(answers, None)
        if draft is None or draft.showing is None or draft.showing.done():
            return
        draft.ended = True
        if draft.calling:
            await asyncio.wait({draft.showing}, timeout=LAST_FRAME_S)
        draft.showing.cancel()

    def close(self) -> None:
        """Nothing is shown any more; the answers themselves still go."""
        for draft in self._drafts.values():
            draft.ended = True
            if draft.showing:
                draft.showing.cancel()
        self._drafts.clear()

    async def _show(self, draft: _Draft) -> None:
        while not draft.ended and draft.latest != draft.shown and draft.failures < FAILURES:
            if (wait_s := draft.due - self._clock.monotonic()) > 0:
                await self._sleep(wait_s)
            draft.due = self._clock.monotonic() + PACE_S
            if not self._limiter.has_room(draft.to.chat, group=False):
                return  # the next text may be luckier
            await self._frame(draft, draft.latest)

    async def _frame(self, draft: _Draft, markdown: str) -> None:
        draft.calling = True
        try:
            shown = to_telegram(_tail(markdown))
            values: dict[str, object] = {
                "chat_id": int(draft.to.chat),
                "draft_id": draft.id,
                "text": shown.text,
            }
            if shown.entities:
                values["entities"] = shown.entities
            if thread := thread_of(draft.to):
                values["message_thread_id"] = thread
            await self._api.call("sendMessageDraft", values)
        except TelegramError as error:
            self._failed(draft, error)
        finally:
            draft.calling = False
            draft.shown = markdown

    def _failed(self, draft: _Draft, error: TelegramError) -> None:
        draft.failures += 1
        if isinstance(error, Flood):
            self._limiter.cool(draft.to.chat, error.retry_after_s, group=False)
        log.debug("a draft was not shown: %s", error.message)


def _tail(markdown: str) -> str:
    """Its end, where it is too long for one message: that is what grows."""
    if len(markdown) <= TAIL_CHARS:
        return markdown
    return "…" + markdown[-TAIL_CHARS:]
