"""Telegram: the adapter polls the simulated Bot API server over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.settings import Settings
from bots.sandbox.faults import Garbage, Lose
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.floods import UNLIMITED
from bots.sandbox.telegram.platform import GROUPS, PEOPLE, Rules, Telegram
from bots.sandbox.telegram.updates import Update
from bots.sandbox.telegram.utf16 import places
from bots.sandbox.town.town import BOT, Line, Utterance
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.model import Media
from core.ports.adapter import Receipt
from core.secret import Secret
from tests.contract.harness import PATIENCE_S, Core, Told
from tests.contract.memo import PlayedMemo

TEXTS = Catalogue()
BUSY = tuple(TEXTS.say("busy", language) for language in ("en", "zh"))

CHAT = {"id": int(PEOPLE[0]), "type": "private", "first_name": "Ann"}
USER = {"id": int(PEOPLE[0]), "is_bot": False, "first_name": "Ann"}
WHOLE = {"message_id": 900, "date": 1, "chat": CHAT, "from": USER}
STRANGE: tuple[tuple[str, Any], ...] = (
    ("hologram", {"shape": "cat"}),
    ("message", None),
    ("message", 7),
    ("message", {}),
    ("message", {"message_id": "x", "date": "x", "chat": 7, "from": 7}),
    ("message", WHOLE | {"text": 7}),
    ("message", WHOLE | {"text": ""}),
    ("message", WHOLE | {"date": 10**15, "text": "from another age"}),
    ("message", WHOLE | {"entities": "x", "text": "marked"}),
    ("message", WHOLE | {"text": "x", "entities": [{"type": "mention", "offset": 99}]}),
    ("message", WHOLE | {"text": "", "caption": None, "photo": []}),
    ("message", WHOLE | {"photo": [{}]}),
    ("message", WHOLE | {"voice": {"file_id": 7}}),
    ("message", WHOLE | {"gift": {"gift": {"id": "1"}}}),
    ("message", WHOLE | {"forum_topic_created": {"name": "x"}}),
    ("message", WHOLE | {"reply_to_message": {"message_id": 1}, "text": "?"}),
    ("message", {"message_id": 901, "date": 1, "chat": CHAT, "text": "from nobody"}),
    ("message", WHOLE | {"chat": {"id": int(GROUPS[0]), "type": "supergroup"}, "text": "talk"}),
    ("message", WHOLE | {"chat": {"id": -7, "type": "hologroup"}, "text": "talk"}),
    ("edited_message", WHOLE | {"text": "never seen before"}),
    ("edited_message", {}),
    ("channel_post", {"message_id": 1, "date": 1, "chat": {"id": -9, "type": "channel"}}),
    ("callback_query", {"id": "1", "from": USER, "chat_instance": "1"}),
    ("my_chat_member", {"chat": CHAT}),
)


class TelegramHarness:
    people = (PEOPLE[0], PEOPLE[1])

    def __init__(self, core: Core, folder: Path) -> None:
        self._core = core
        self._since: dict[str, int] = dict.fromkeys(self.people, 0)
        self._memo = PlayedMemo()
        self._last: Update
        self._run: asyncio.Task[None]
        self._telegram = Telegram(now=core.now, rules=Rules(floods=UNLIMITED))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        async with running(telegram_app(self._telegram)) as listener:
            self.adapter = self._made(f"http://127.0.0.1:{listener.port}")
            self._start()
            try:
                yield self._run
            finally:
                await self._stop()

    def _made(self, api_base: str) -> TelegramAdapter:
        return TelegramAdapter(
            bot=Bot(name="tg", platform="telegram"),
            settings=Settings(
                token=Secret(self._telegram.token),
                api_base=api_base,
                sends_per_second="unlimited",
                chat_sends_per_second="unlimited",
                group_sends_per_minute="unlimited",
            ),
            media=self._core,
            clock=self._core,
            new_id=self._core.new_id,
            texts=TEXTS,
            memo=self._memo,
            menu=lambda _: (),
            proxy=Secret(),
            sleep=_short_sleep,
        )

    def _start(self) -> None:
        self._run = asyncio.create_task(self.adapter.run(self._core.emit))

    async def _stop(self) -> None:
        self._run.cancel()
        await asyncio.wait([self._run])

    # -- what people do ----------------------------------------------------------

    async def say(self, text: str, who: str) -> Told:
        """Taken is what the offset moved past; what it did not will come again."""
        line = await self._telegram.speak(Utterance(place=who, person=who, text=text))
        self._since[who] = line.number
        self._last = self._telegram.updates.pending()[-1]
        if self._core.fault:
            await self._asked_again()
            return "failed" if self._held() else "taken"
        await _until(lambda: not self._held())
        if self._core.receipt is Receipt.BUSY:
            await _until(lambda: any(said in self.screen(who) for said in BUSY))
        return "busy" if any(said in self.screen(who) for said in BUSY) else "taken"

    async def redeliver(self) -> Told:
        """The call that confirmed the update was lost, and the bot has started anew."""
        await self._stop()
        self._telegram.updates.again(self._last)
        self._start()
        await _until(lambda: not self._held())
        return "taken"

    async def send_strange_things(self) -> None:
        for kind, content in STRANGE:
            self._telegram.tell(kind, content)
        self._telegram.faults.add(Garbage(call="getUpdates"))
        self._telegram.faults.add(Lose(call="getUpdates"))

    def _held(self) -> bool:
        return self._telegram.updates.holds(self._last.id)

    async def _asked_again(self) -> None:
        """Two polls from now, the first of which may have been under way."""
        before = len(self._telegram.journal.entries("getUpdates"))
        await self._telegram.journal.until(
            lambda entries: sum(entry.call == "getUpdates" for entry in entries) >= before + 2
        )

    # -- what people see ---------------------------------------------------------

    async def sees(self, who: str, *texts: str) -> None:
        await _until(lambda: _in_order(self._shown(who, 0), texts))

    def screen(self, who: str) -> str:
        return self._shown(who, self._since[who])

    def trace(self, media: Media) -> str:
        """Its content unchanged, and shown as what it is."""
        return f"<{media.kind} {media.blob[:32]}>"

    def _shown(self, who: str, since: int) -> str:
        """The lines, and below them the draft."""
        lines = self._telegram.town.lines(who, BOT)
        draft = self._telegram.drafts.current(who)
        shown = [_line(line) for line in lines if line.number > since]
        return "\n".join([*shown, *([draft.text] if draft else [])])


async def _short_sleep(seconds: float) -> None:
    """Waits a hundred times shorter: nobody here counts them."""
    await asyncio.sleep(seconds / 100)


async def _until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not ready():  # noqa: ASYNC110 - a town has lines, offsets and drafts to look at
            await asyncio.sleep(0.001)


def _line(line: Line) -> str:
    return f"<{line.kind} {line.file}>" if line.file else _marked(line.raw)


def _marked(message: dict[str, Any]) -> str:
    """The text as Markdown again: what is bold must have come as an entity."""
    text = message["text"]
    starts = {unit: index for index, unit in enumerate(places(text))}
    marks = sorted(
        starts[at]
        for entity in message.get("entities", ())
        if entity["type"] == "bold"
        for at in (entity["offset"], entity["offset"] + entity["length"])
    )
    for at in reversed(marks):
        text = f"{text[:at]}**{text[at:]}"
    return text


def _in_order(screen: str, texts: tuple[str, ...]) -> bool:
    at = 0
    for text in texts:
        at = screen.find(text, at) + len(text)
        if at < len(text):
            return False
    return True
