"""The terminal as an adapter: lines in, answers out."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from adapters.console.drafts import Drafts
from adapters.console.keyboard import Keyboard
from adapters.console.parse import Line, ending_of, kind_of, parse_line
from adapters.console.printer import Printer
from adapters.console.screen import Screen, settled
from adapters.console.sentences import SENTENCES
from core.bot import Bot
from core.errors import MediaError, StoreError
from core.model import Address, Capabilities, Language, Media, Message, Part, Text
from core.ports.adapter import Emit, Receipt
from core.ports.clock import Clock, NewId
from core.ports.sending import Outgoing, Refused, SendResult, Sent
from core.ports.store import MediaStore
from core.render import render

SOURCE = "a terminal has no limits of its own"
UPLOAD_BYTES = 25 * 2**20  # what OpenAI's transcription takes
PERSON = "local"
"""Whoever sits at the terminal; one person, so that talks go on from day to day."""

LAST_WORDS_S = 1.0

REFUSALS = {Receipt.BUSY: "busy", Receipt.BROKEN: "broken", None: "store"}
"""The sentence for a message that was not taken; None stands for a StoreError."""


class ConsoleAdapter:
    """Implements Adapter, Typing and Draft of core.ports.adapter.

    At a terminal it prompts and shows answers as they grow; in a pipe it prints
    each answer's Markdown alone. Files that the bot sends are kept in
    `downloads` and their paths printed.
    """

    platform = "console"

    def __init__(  # noqa: PLR0913 - all that it needs comes in here
        self,
        *,
        bot: Bot,
        clock: Clock,
        new_id: NewId,
        media: MediaStore,
        downloads: Path,
        stdin: TextIO,
        stdout: TextIO,
        language: Language = "en",
    ) -> None:
        self.bot = bot.name
        mark = next(filter(None, bot.command_prefixes), "")
        self._stop_line = f"{mark}stop" if mark else ""
        self._clock = clock
        self._new_id = new_id
        self._media = media
        self._downloads = downloads
        self._language = language
        self._keyboard = Keyboard(stdin, stdout)
        self._printer = Printer(stdout)
        self._screen = Screen(self._printer.put)
        self._drafts = Drafts(self._grow)
        self._capabilities = Capabilities(
            source=SOURCE,
            markup="terminal" if self._keyboard.interactive else "markdown",
            media=frozenset({"image", "voice", "audio", "video", "file"}),
        )
        self._emit: Emit | None = None
        self._awaited: set[str] = set()
        self._answered = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None

    # -- Adapter -------------------------------------------------------------

    def capabilities(self, address: Address) -> Capabilities:
        del address  # there is one place only
        return self._capabilities

    async def run(self, emit: Emit) -> None:
        """One line, its answer, the next line. Returns at the end of input (Ctrl-D)."""
        self._emit = emit
        with self._keyboard.editing():
            if self._keyboard.interactive:
                self._say("welcome", bot=self.bot)
            try:
                await self._converse(emit)
            finally:
                if self._keyboard.interactive:
                    self._screen.say("")  # what the shell prints next begins a line
                    await self._last_words()

    async def _last_words(self) -> None:
        """Python aborts where a thread still writes at its end; a terminal may hang, though."""
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._printer.written()

    async def _converse(self, emit: Emit) -> None:
        while (line := await self._line()) is not None:
            if parts := await self._parts(parse_line(line)):
                self._answered.clear()
                await self._take(emit, self._message(parts))
                await self._answered.wait()

    async def _line(self) -> str | None:
        try:
            await self._printer.written()  # the prompt comes after it
            return await self._keyboard.line()
        except (OSError, ValueError):  # hung up: nobody is there any more
            return None

    async def send(self, outgoing: Outgoing) -> SendResult:
        self._drafts.drop(outgoing.answers)
        try:
            return await self._show(outgoing)
        finally:
            # Also where a file could not be shown: nothing more will come.
            if outgoing.index == outgoing.total - 1 and not outgoing.notice:
                self._settle(outgoing.answers)

    async def fetch(self, media: Media) -> bytes:
        """Never needed: what is sent from here is in the media store from the start."""
        raise MediaError(f"console: expected a file of the media store, got a bare {media.kind}")

    # -- Typing, Draft -------------------------------------------------------

    async def typing(self, to: Address) -> None:
        del to
        if self._keyboard.interactive and self._awaited:
            self._screen.dots()

    def draft(self, to: Address, answers: str, text: str) -> None:
        del to
        if self._keyboard.interactive and answers in self._awaited:
            self._drafts.put(answers, text)

    def _grow(self, answers: str, text: str) -> None:
        for part in render((Text(text=settled(text)),), self._capabilities):
            if isinstance(part, Text):
                self._screen.grow(answers, part.text)

    # -- Ctrl-C --------------------------------------------------------------

    def interrupt(self) -> bool:
        """Ctrl-C was pressed: True if there is an answer, which is now told to stop.

        Signals are the process's, so whoever catches them asks here first.
        """
        if not (self._awaited and self._stop_line and self._emit):
            return False
        stop = self._message((Text(text=self._stop_line),))
        self._stopping = asyncio.create_task(self._take(self._emit, stop))
        return True

    # -- one message ---------------------------------------------------------

    async def _take(self, emit: Emit, message: Message) -> None:
        """Hand it to the core. Silence acknowledges it: only what was not taken is told."""
        self._awaited.add(message.key)  # before it is known: the answer may be faster
        try:
            receipt = await emit(message)
        except StoreError:
            receipt = None
        if receipt in REFUSALS:
            self._say(REFUSALS[receipt])
        if receipt is not Receipt.STORED:
            self._settle(message.key)

    def _settle(self, key: str) -> None:
        """No more will come for this message. The prompt waits for all, so for /stop too."""
        self._awaited.discard(key)
        if not self._awaited:
            self._answered.set()

    def _message(self, parts: tuple[Part, ...]) -> Message:
        """A terminal repeats nothing by itself, so each line is a message of its own."""
        message_id = self._new_id()
        return Message(
            id=message_id,
            key=message_id,
            address=Address(platform=self.platform, bot=self.bot, chat=PERSON, sender=PERSON),
            parts=parts,
            sent_at=self._clock.now(),
            language=self._language,
        )

    async def _parts(self, line: Line) -> tuple[Part, ...]:
        """Empty where there is nothing to send, or a file cannot be."""
        files = [await self._attached(path) for path in line.paths]
        if None in files:
            return ()
        words = (Text(text=line.text),) if line.text else ()
        return (*(file for file in files if file), *words)

    async def _attached(self, path: str) -> Media | None:
        try:
            content = await asyncio.to_thread(_read, path)
        except (OSError, ValueError, RuntimeError):  # also: a null in it, ~somebody unknown
            self._say("no_file", path=path)
            return None
        if len(content) > UPLOAD_BYTES:
            self._say("too_large", path=path, limit_mb=UPLOAD_BYTES // 2**20)
            return None
        kind, mime = kind_of(path)
        return Media(
            kind=kind,
            blob=await self._media.put(content),
            mime=mime,
            name=Path(path).name,
            size_bytes=len(content),
        )

    # -- one part ------------------------------------------------------------

    async def _show(self, outgoing: Outgoing) -> SendResult:
        if outgoing.repeated:
            self._say("again")
        try:
            match outgoing.part:
                case Text(text=text):
                    self._screen.finish(outgoing.answers, text)
                case Media() as media:
                    self._screen.finish(outgoing.answers, str(await self._kept(media)))
            await self._printer.written()
        except (MediaError, OSError) as error:
            return Refused(f"console: {error}")
        return Sent()

    async def _kept(self, media: Media) -> Path:
        """Named by its content: a name from outside could lead anywhere."""
        content = await self._media.get(media.blob)
        path = self._downloads / (media.blob[:16] + ending_of(media.mime))
        await asyncio.to_thread(_write, path, content)
        return path

    def _say(self, sentence: str, **params: object) -> None:
        self._screen.say(SENTENCES[self._language][sentence].format(**params))


def _read(path: str) -> bytes:
    """At most one byte more than may be sent."""
    file = Path(path).expanduser()
    if not file.is_file():  # a device or a pipe may never end
        raise FileNotFoundError(path)
    with file.open("rb") as stream:
        return stream.read(UPLOAD_BYTES + 1)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
