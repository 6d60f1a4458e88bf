"""One relay: typed requests go out, typed answers come back. Each call is tried once."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import partial
from typing import TypeAlias, overload

import httpx

from core.errors import ConfigError, RelayError, RelayUnsupported
from core.ports import Clock
from core.relay.decode import (
    decode_chat,
    decode_images,
    decode_models,
    decode_speech,
    decode_transcription,
    read_image,
)
from core.relay.dialect import Dialect
from core.relay.encode import Outbound, encode
from core.relay.entry import RelayEntry
from core.relay.failure import Origin, outage
from core.relay.limits import check_limits, upload_bytes
from core.relay.stat import decode_user_stat
from core.relay.stream import StreamDecoder, together
from core.relay.wire import Bounds, Wire, content_type, pieces
from core.request import (
    ChatRequest,
    ImageRequest,
    ModelsRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.response import Chat, Chunk, Image, Images, Models, Speech, Transcription, UserStat

Response: TypeAlias = Chat | Images | Speech | Transcription | Models | UserStat

_AT_ONCE = 2**20
"""Files of more bytes are encoded in a thread: 20 MB would hold the loop for 50 ms and more."""

_REST_S = 0.1
"""How long the end of a finished stream is waited for, to keep its connection."""


class Relay:
    """The calls of one [relays.NAME] entry, over any httpx transport.

    `hash_key` keys the hashes under which tokens are told apart. The transport
    may be shared; `aclose` closes it all the same. Raises ConfigError for an
    entry that cannot work.
    """

    def __init__(
        self,
        entry: RelayEntry,
        dialect: Dialect,
        transport: httpx.AsyncBaseTransport,
        *,
        clock: Clock,
        hash_key: bytes,
        bounds: Bounds | None = None,
    ) -> None:
        if not hash_key:
            raise ValueError("hash_key: expected at least one byte, got none")
        self.name = entry.name
        self.dialect = dialect
        self._entry = entry
        self._transport = transport
        self._hash_key = hash_key
        self._wire = Wire(entry, dialect, transport, clock, bounds or Bounds())

    async def aclose(self) -> None:
        await self._transport.aclose()

    def sees(self, model: str) -> bool:
        """Whether a model of this relay takes pictures."""
        globs = (*self.dialect.vision, *self._entry.vision)
        return any(fnmatchcase(model, glob) for glob in globs)

    @property
    def tells_stat(self) -> bool:
        """Whether it has `/api/user/stat`, and the token for it is known."""
        return self.dialect.serves("user_stat") and bool(self._entry.stat_token)

    @overload
    async def call(self, request: ChatRequest) -> Chat: ...
    @overload
    async def call(self, request: ImageRequest) -> Images: ...
    @overload
    async def call(self, request: SpeechRequest) -> Speech: ...
    @overload
    async def call(self, request: TranscriptionRequest | TranslationRequest) -> Transcription: ...
    @overload
    async def call(self, request: ModelsRequest) -> Models: ...
    @overload
    async def call(self, request: UserStatRequest) -> UserStat: ...
    async def call(self, request: Request) -> Response:
        """The whole answer. Raises RelayError."""
        outbound = await self._encode(request)
        told, body = await self._wire.ask(outbound)
        origin = self._wire.origin(outbound.call)
        match request:
            case ChatRequest():
                return decode_chat(body, request, origin)
            case ImageRequest():
                return await self._pictures(body, origin)
            case SpeechRequest():
                return decode_speech(body, told, origin)
            case TranscriptionRequest() | TranslationRequest():
                return decode_transcription(body, origin)
            case ModelsRequest():
                return decode_models(body, origin)
            case UserStatRequest():
                return decode_user_stat(body, self._entry.key.reveal(), self._hash_key, origin)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """The answer while it comes; the last chunk alone has reason and usage.

        Closing the generator closes the connection. Raises RelayError.
        """
        outbound = await self._encode(request, stream=True)
        origin = self._wire.origin("chat")
        decoder = StreamDecoder(request, origin, self._wire.bounds.line_bytes)
        budget = self._wire.budget(origin)
        async with self._wire.open(outbound) as response:
            if content_type(response) == "application/json":
                for chunk in _as_chunks(await self._whole(response, request, origin)):
                    yield chunk
                return
            incoming = pieces(response)
            try:
                async for data in incoming:
                    budget.take(len(data))
                    for chunk in together(decoder.feed(data)):
                        yield chunk
                    if decoder.done:
                        await _read_to_end(incoming)
                        break
            except httpx.TransportError as error:
                if not decoder.whole:
                    raise _broken(decoder, origin, error) from error
            for chunk in decoder.finish():
                yield chunk

    async def _whole(self, response: httpx.Response, request: ChatRequest, origin: Origin) -> Chat:
        body = await self._wire.read(response, self._wire.bounds.json_bytes, origin)
        return decode_chat(body, request, origin)

    async def _pictures(self, body: bytes, origin: Origin) -> Images:
        drawn, revised_prompt = decode_images(body, origin)
        images = [await self._picture(picture, origin) for picture in drawn]
        return Images(images=tuple(images), revised_prompt=revised_prompt)

    async def _picture(self, picture: bytes | str, origin: Origin) -> Image:
        if isinstance(picture, str):
            picture = await self._wire.fetch(picture, origin.call)
        return read_image(picture, origin)

    async def _encode(self, request: Request, *, stream: bool = False) -> Outbound:
        check_limits(request, self.dialect.limits, self.name)
        boundary = "" if isinstance(request, ChatRequest) else secrets.token_hex(16)
        made = partial(encode, request, self.dialect, stream=stream, boundary=boundary)
        outbound = await asyncio.to_thread(made) if upload_bytes(request) > _AT_ONCE else made()
        if not self.dialect.serves(outbound.call):
            raise RelayUnsupported(
                f'relay "{self.name}": its profile says that it does not serve {outbound.call}. '
                f"Give {outbound.call} another relay in [routes].",
                call=outbound.call,
            )
        if outbound.call == "user_stat" and not self._entry.stat_token:
            raise ConfigError(
                f"relays.{self.name}.stat_token: expected the system access token, got none."
            )
        return outbound


def _as_chunks(chat: Chat) -> Iterator[Chunk]:
    """Some relays answer as a whole where a stream was asked for."""
    if chat.text or chat.reasoning:
        yield Chunk(text=chat.text, reasoning=chat.reasoning, model=chat.model)
    yield Chunk(finish_reason=chat.finish_reason or "stop", model=chat.model, usage=chat.usage)


async def _read_to_end(incoming: AsyncIterator[bytes]) -> None:
    """A connection is used again only if its answer was read to the end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_REST_S):
            async for _ in incoming:
                continue


def _broken(decoder: StreamDecoder, origin: Origin, error: httpx.TransportError) -> RelayError:
    match error:
        case httpx.TimeoutException() | httpx.RemoteProtocolError():
            return outage(origin, error)
        case _:
            return decoder.cut()
