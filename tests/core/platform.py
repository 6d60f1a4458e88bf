"""A platform that does as it is told, and remembers what it was given."""

import asyncio
from collections import deque
from collections.abc import Iterable

from core.errors import MediaError
from core.model import Address, Capabilities, Media, MediaKind, Text
from core.ports.adapter import Emit
from core.ports.sending import Absent, Found, Outgoing, Refused, SendResult, Sent
from tests.core.held import PATIENCE_S, Held

EVERYTHING: frozenset[MediaKind] = frozenset({"image", "voice", "audio", "video", "file"})


def capabilities(**limits: object) -> Capabilities:
    return Capabilities(source="the tests", markup="markdown", media=EVERYTHING, **limits)


class Platform:
    """An Adapter. Every send is in `tries`; what `results` hold comes first, then it is Sent."""

    def __init__(self, bot: str, platform: str) -> None:
        self.bot = bot
        self.platform = platform
        self.caps = capabilities()
        self.results: deque[SendResult | BaseException | Held] = deque()
        self.tries: list[Outgoing] = []
        self.shown: list[Outgoing] = []
        self.files: dict[str, bytes] = {}
        self._more = asyncio.Condition()

    def capabilities(self, address: Address) -> Capabilities:
        return self.caps

    async def run(self, emit: Emit) -> None:
        await asyncio.get_running_loop().create_future()

    async def send(self, outgoing: Outgoing) -> SendResult:
        self.tries.append(outgoing)
        result = self.results.popleft() if self.results else Sent()
        if isinstance(result, Held):
            await result.wait()
            result = Sent()
        if isinstance(result, BaseException):
            raise result
        if isinstance(result, Sent):
            self.shown.append(outgoing)
        async with self._more:
            self._more.notify_all()
        return result

    async def fetch(self, media: Media) -> bytes:
        try:
            return self.files[media.remote]
        except KeyError as error:
            raise MediaError(f"expected a file that is there, got {media.remote}") from error

    def texts(self, chat: str) -> list[str]:
        """What is on the screen of a chat."""
        return texts(one for one in self.shown if one.to.chat == chat)

    async def shows(self, count: int) -> None:
        """Return once so many parts are on all screens together."""
        async with asyncio.timeout(PATIENCE_S), self._more:
            await self._more.wait_for(lambda: len(self.shown) >= count)


class LivePlatform(Platform):
    """Shows answers while they come, and that they are coming."""

    def __init__(self, bot: str, platform: str) -> None:
        super().__init__(bot, platform)
        self.drafts: list[str] = []
        self.faulty_drafts = False
        self.typed = asyncio.Event()

    def draft(self, to: Address, answers: str, text: str) -> None:
        if self.faulty_drafts:
            raise ConnectionResetError
        self.drafts.append(text)

    async def typing(self, to: Address) -> None:
        self.typed.set()


class RecallingPlatform(Platform):
    """Keeps what was said. What `looks` hold comes first, then it is what was shown last."""

    def __init__(self, bot: str, platform: str) -> None:
        super().__init__(bot, platform)
        self.looks: deque[Found | BaseException | Held] = deque()
        self.looked_for: list[Outgoing] = []

    async def find(self, outgoing: Outgoing) -> Found:
        self.looked_for.append(outgoing)
        found = self.looks.popleft() if self.looks else None
        if isinstance(found, Held):
            await found.wait()
            found = None
        if isinstance(found, BaseException):
            raise found
        if found is None:
            shown = any(one.key == outgoing.key for one in self.shown)
            return Sent(f"found {outgoing.index}") if shown else Absent()
        return found


class PacedPlatform(Platform):
    """Lets a part wait before it can be sent; what `turns` hold comes first."""

    def __init__(self, bot: str, platform: str) -> None:
        super().__init__(bot, platform)
        self.turns: deque[Refused | BaseException | Held] = deque()

    async def turn(self, outgoing: Outgoing) -> Refused | None:
        match self.turns.popleft() if self.turns else None:
            case Held() as held:
                await held.wait()
                return None
            case BaseException() as error:
                raise error
            case refused:
                return refused


def texts(sends: Iterable[Outgoing]) -> list[str]:
    return [one.part.text for one in sends if isinstance(one.part, Text)]
