"""One reverse WebSocket: dialled by the implementation, again whenever it is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bots.sandbox.onebot.frames import Frames

Role: TypeAlias = Literal["Universal", "API", "Event"]
FRAME_BYTES = 50 * 2**20
"""NapCat's maxPayload: packages/napcat-onebot/network/websocket-client.ts, 2026-08."""

Opened: TypeAlias = Callable[["Dialer"], Awaitable[None]]
Received: TypeAlias = Callable[["Dialer", ClientConnection, str | bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds: between lost and dialled again, at most for a handshake, between heartbeats.

    3 s and 2 s are NapCat's and LLBot's; 0 sends no heartbeats.
    """

    reconnect_s: float = 3.0
    handshake_s: float = 2.0
    heartbeat_s: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Dialer:
    """Keeps the socket of one role. `url` may be changed: the next dialling takes it."""

    def __init__(
        self,
        *,
        url: str,
        role: Role,
        headers: Mapping[str, str],
        pace: Pace,
        frames: Frames,
        opened: Opened,
        received: Received,
    ) -> None:
        self.url = url
        self.role = role
        self._headers = {**headers, "X-Client-Role": role}
        self._pace = pace
        self._frames = frames
        self._opened = opened
        self._received = received
        self._socket: ClientConnection | None = None
        self._old: list[ClientConnection] = []
        self._reading: dict[ClientConnection, asyncio.Task[None]] = {}
        self._frozen: set[ClientConnection] = set()
        self._up = asyncio.Event()
        self._down = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._socket is not None

    async def until_connected(self, timeout_s: float = 5.0) -> None:
        """Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._up.wait()

    async def run(self) -> None:
        """Keep dialling until cancelled; closes every socket then."""
        try:
            while True:
                if await self._dial():
                    await self._down.wait()
                await self._pace.sleep(self._pace.reconnect_s)
        finally:
            await self._close_all()

    async def _dial(self) -> bool:
        try:
            socket = await connect(
                self.url,
                additional_headers=self._headers,
                user_agent_header="OneBot/11",
                open_timeout=self._pace.handshake_s,
                ping_interval=None,  # no implementation pings; its heartbeats are events
                close_timeout=1,
                compression=None,
                max_size=FRAME_BYTES,
                max_queue=None,
                proxy=None,
            )
        except (OSError, InvalidHandshake, TimeoutError, ConnectionClosed) as error:
            self._frames.note("refused", self.role, f"{type(error).__name__}: {error}")
            return False
        await self._take(socket)
        return True

    async def _take(self, socket: ClientConnection) -> None:
        self._frames.note("opened", self.role, self.url)
        self._socket = socket
        self._down.clear()
        reading = asyncio.create_task(self._read(socket))
        self._reading[socket] = reading
        await self._opened(self)
        self._up.set()

    async def _read(self, socket: ClientConnection) -> None:
        why = "closed by the bot"
        try:
            async for data in socket:
                self._frames.note("from_bot", self.role, data)
                self._received(self, socket, data)
        except ConnectionClosed as error:
            why = str(error)
        finally:
            self._lost(socket, why)

    def _lost(self, socket: ClientConnection, why: str) -> None:
        self._frames.note("closed", self.role, why)
        self._reading.pop(socket, None)
        self._frozen.discard(socket)
        if socket in self._old:
            self._old.remove(socket)
        if socket is self._socket:
            self._socket = None
            self._up.clear()
            self._down.set()

    # -- to the bot ----------------------------------------------------------------

    async def send(self, text: str) -> bool:
        """An event, by the newest socket; False where there is none that works."""
        if self._socket is None or self._socket in self._frozen:
            return False
        return await self.reply(self._socket, text)

    async def reply(self, socket: ClientConnection, text: str) -> bool:
        """By this very socket, as answers go."""
        try:
            await socket.send(text)
        except ConnectionClosed:
            return False
        self._frames.note("to_bot", self.role, text)
        return True

    # -- what goes wrong -----------------------------------------------------------

    async def renew(self) -> bool:
        """Dial a second socket; the old one stays open until `close_old`.

        False where the bot refused it.
        """
        old = self._socket
        if not await self._dial():
            return False
        if old is not None and old in self._reading:
            self._old.append(old)
        return True

    async def close_old(self) -> None:
        """Close what `renew` left open, late, as half-dead links are noticed late."""
        for socket in tuple(self._old):
            await socket.close()

    async def close(self) -> None:
        """Close in good order; it is dialled again after a while."""
        if self._socket is not None:
            await self._socket.close()

    def abort(self) -> None:
        """Break the connection without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    def freeze(self) -> None:
        """Neither read nor write any more, the connection staying open: half dead."""
        if self._socket is not None:
            self._frozen.add(self._socket)
            self._socket.transport.pause_reading()

    def thaw(self) -> None:
        for socket in self._frozen:
            socket.transport.resume_reading()
        self._frozen.clear()

    async def _close_all(self) -> None:
        for socket in self._frozen:
            socket.transport.abort()  # nobody would read the other side's goodbye
        readings = tuple(self._reading.values())
        for socket in tuple(self._reading):
            await socket.close()
        if readings:
            await asyncio.wait(readings)
