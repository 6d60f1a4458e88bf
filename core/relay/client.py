"""One relay: typed requests go out, typed answers come back. Each call is tried once."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from fnmatch import fnmatchcase
from functools import partial
from typing import overload

import httpx

from core.errors import ConfigError, RelayError, RelayUnsupported
from core.ports.clock import Clock
from core.price import Price
from core.relay.answers import Answered, Response, as_chunks, decode, marked
from core.relay.decode_media import decode_images, read_image
from core.relay.dialect import Call, Dialect
from core.relay.encode import Encoder, Outbound, call_of
from core.relay.entry import FIRST_KEY, RelayEntry
from core.relay.failure import Origin, denies_call, outage
from core.relay.fetch import pieces
from core.relay.key_quota import KeyQuotas
from core.relay.knowledge import Knowledge
from core.relay.learned import Learned
from core.relay.limits import upload_bytes
from core.relay.pricing import price_of
from core.relay.stat import decode_user_stat
from core.relay.stream import StreamDecoder, Streamed
from core.relay.wire import Bounds, Wire, content_type
from core.request import (
    BatchCreateRequest,
    BatchStatusRequest,
    ChatRequest,
    CompletionRequest,
    EditRequest,
    EmbeddingRequest,
    FileContentRequest,
    FileUploadRequest,
    FineTuneCreateRequest,
    FineTuneStatusRequest,
    ImageRequest,
    KeyQuotaRequest,
    ModelsRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.response import (
    Batch,
    Chat,
    Chunk,
    Completion,
    Embeddings,
    File,
    FileContent,
    FineTune,
    Image,
    Images,
    KeyQuota,
    Models,
    Speech,
    Transcription,
    UserStat,
)

_AT_ONCE = 2**20
"""Files of more bytes are encoded in a thread: 20 MB would hold the loop for 50 ms and more."""

_DRAWN = 10
"""Pictures of one answer, where fewer were asked for: some relays send more than were."""

_REST_S = 0.1
"""How long the end of a finished stream is waited for, to keep its connection."""


class Relay:
    """The calls of one [relays.NAME] entry, over any httpx transport.

    `hash_key` keys the hashes under which tokens are told apart. The transport
    may be shared; `aclose` closes it all the same. `dialect` changes with what
    the relay is seen to do, which `learned` keeps. Raises ConfigError for an
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
        learned: Learned | None = None,
    ) -> None:
        if not hash_key:
            raise ValueError("hash_key: expected at least one byte, got none")
        self.name = entry.name
        self._entry = entry
        self._aliases = (
            FIRST_KEY,
            *(f"key {place + 2}" for place in range(len(entry.keys))),
            *entry.tokens,
        )
        self._transport = transport
        self._hash_key = hash_key
        self._known = Knowledge(
            entry.name, dialect, now=clock.now, learned=learned, changed=self._speak
        )
        self._wire = Wire(entry, dialect, transport, clock, bounds or Bounds())
        self._encoder = Encoder(dialect, entry.name)
        self._quotas = KeyQuotas(self._wire, clock.monotonic)

    async def aclose(self) -> None:
        await self._transport.aclose()

    @property
    def dialect(self) -> Dialect:
        """Its profile, and what it was seen to do by now."""
        return self._known.dialect

    @property
    def keys(self) -> int:
        """How many keys there are for everybody's calls; those of bound people follow them."""
        return 1 + len(self._entry.keys)

    @property
    def aliases(self) -> tuple[str, ...]:
        """A name for each key, in their order: "key", "key 2", …, and the names of tokens."""
        return self._aliases

    def key_named(self, alias: str) -> int | None:
        return self._aliases.index(alias) if alias in self._aliases else None

    def price(self, call: Call, model: str) -> Price | None:
        """What the configuration or the profile says a model costs; None if neither does."""
        return price_of(self._entry, self.dialect, call, model)

    def bounds(self, model: str) -> bool:
        """Whether a model's chat answers can be bounded."""
        return self.dialect.bounds(model or self.dialect.default_model("chat"))

    @property
    def address(self) -> str:
        """The base URL that paths are added to."""
        return self._wire.base

    def sees(self, model: str) -> bool:
        """Whether a model of this relay takes pictures."""
        return self.dialect.sees(model) or any(
            fnmatchcase(model, glob) for glob in self._entry.vision
        )

    @property
    def tells_stat(self) -> bool:
        """Whether it has `/api/user/stat`, and the token for it is known."""
        return self.dialect.serves("user_stat") and bool(self._entry.stat_token)

    @property
    def can_be_probed(self) -> bool:
        """Whether it answers a models call; one that refused it has answered as well."""
        return self.dialect.serves("models") or "models" in self.dialect.seen

    async def probe(self, key: int = 0) -> None:
        """One models call, of which nothing is learned. Raises RelayError."""
        await self._wire.ask(self._encoder.encode(ModelsRequest()), key)

    @overload
    async def call(self, request: ChatRequest, *, key: int = 0) -> Chat: ...
    @overload
    async def call(
        self, request: CompletionRequest | EditRequest, *, key: int = 0
    ) -> Completion: ...
    @overload
    async def call(self, request: EmbeddingRequest, *, key: int = 0) -> Embeddings: ...
    @overload
    async def call(self, request: ImageRequest, *, key: int = 0) -> Images: ...
    @overload
    async def call(self, request: SpeechRequest, *, key: int = 0) -> Speech: ...
    @overload
    async def call(
        self, request: TranscriptionRequest | TranslationRequest, *, key: int = 0
    ) -> Transcription: ...
    @overload
    async def call(self, request: FileUploadRequest, *, key: int = 0) -> File: ...
    @overload
    async def call(self, request: FileContentRequest, *, key: int = 0) -> FileContent: ...
    @overload
    async def call(
        self, request: BatchCreateRequest | BatchStatusRequest, *, key: int = 0
    ) -> Batch: ...
    @overload
    async def call(
        self, request: FineTuneCreateRequest | FineTuneStatusRequest, *, key: int = 0
    ) -> FineTune: ...
    @overload
    async def call(self, request: ModelsRequest, *, key: int = 0) -> Models: ...
    @overload
    async def call(self, request: UserStatRequest, *, key: int = 0) -> UserStat: ...
    @overload
    async def call(self, request: KeyQuotaRequest, *, key: int = 0) -> KeyQuota: ...
    @overload
    async def call(self, request: Streamed, *, key: int = 0) -> Chat | Completion: ...
    @overload
    async def call(self, request: Request, *, key: int = 0) -> Response: ...
    async def call(self, request: Request, *, key: int = 0) -> Response:
        """The whole answer. `key` counts the entry's keys from 0. Raises RelayError."""
        if isinstance(request, KeyQuotaRequest):
            return await self._key_quota(request, key)
        outbound = await self._encode(request)
        try:
            told, body = await self._ask(outbound, key)
        except RelayUnsupported as error:
            await self._known.refused(outbound.call, error)
            raise
        answer = await self._answer(outbound, told, body, key)
        await self._known.served(outbound.call)
        return answer

    async def _ask(self, outbound: Outbound, key: int) -> tuple[str, bytes]:
        """By the call's second path too, where it has one: the one that serves is kept."""
        try:
            return await self._wire.ask(outbound, key)
        except RelayUnsupported as error:
            call, first = outbound.call, self.dialect.path(outbound.call)
            second = self.dialect.second_paths.get(call, first)
            if error.status != 404 or not denies_call(error) or second == first:
                raise
            self._known.take_path(call, second)
            try:
                answer = await self._wire.ask(outbound, key)
            except RelayUnsupported:
                self._known.take_path(call, first)
                raise error from None
        await self._known.keep_path(call)
        return answer

    async def _key_quota(self, request: KeyQuotaRequest, key: int) -> KeyQuota:
        outbound = await self._encode(request)
        try:
            quota = await self._quotas.of(outbound, key, self.dialect.paths)
        except RelayUnsupported as error:
            await self._known.refused(outbound.call, error)
            raise
        await self._known.served(outbound.call)
        return quota

    async def _answer(self, outbound: Outbound, told: str, body: bytes, key: int) -> Response:
        origin = self._wire.origin(outbound.call, key)
        match outbound.request:
            case ImageRequest(n=wanted):
                return await self._pictures(body, max(wanted, _DRAWN), origin)
            case UserStatRequest():
                return decode_user_stat(
                    body, self._own_keys(), self._hash_key, origin, self._aliases
                )
            case request:
                return self._counted(decode(request, told, body, origin))

    async def note_refused_audio(self, ending: str) -> None:
        """Remember a format, as in `ogg`, that the relay refused though its profile has it."""
        await self._known.refused_audio(ending)

    def _speak(self, dialect: Dialect) -> None:
        self._encoder = Encoder(dialect, self.name)
        self._wire.speak(dialect)

    # -- streams ---------------------------------------------------------------

    def stream(self, request: Streamed, *, key: int = 0) -> AsyncGenerator[Chunk, None]:
        """The answer while it comes; the last chunk alone has reason and usage.

        A relay that does not stream is asked for the whole answer. Closing the
        generator closes the connection. Raises RelayError.
        """
        streams = self.dialect.capabilities.stream in ("yes", "unknown")
        return self._streamed(request, key) if streams else self._at_once(request, key)

    async def _streamed(self, request: Streamed, key: int) -> AsyncGenerator[Chunk, None]:
        outbound = await self._encode(request, stream=True)
        origin = self._wire.origin(outbound.call, key)
        decoder = self._decoder(outbound, origin)
        budget = self._wire.budget(origin)
        async with self._open(outbound, key) as response:
            if content_type(response) == "application/json":
                for chunk in as_chunks(await self._whole(response, outbound, origin)):
                    yield chunk
                return
            incoming = pieces(response)
            try:
                async for data in incoming:
                    budget.take(len(data))
                    for chunk in decoder.feed(data):
                        budget.spoke = True
                        yield chunk
                    if decoder.done:
                        await _read_to_end(incoming)
                        break
            except httpx.TransportError as error:
                if not decoder.whole:
                    raise _broken(decoder, origin, error) from error
            for chunk in decoder.finish():
                yield self._counted(chunk)
            await self._known.served("stream")

    @asynccontextmanager
    async def _open(self, outbound: Outbound, key: int) -> AsyncIterator[httpx.Response]:
        try:
            async with self._wire.open(outbound, key) as response:
                yield response
        except RelayUnsupported as error:
            await self._known.refused(outbound.call, error)
            raise

    async def _at_once(self, request: Streamed, key: int) -> AsyncGenerator[Chunk, None]:
        for chunk in as_chunks(await self.call(request, key=key)):
            yield chunk

    def _decoder(self, outbound: Outbound, origin: Origin) -> StreamDecoder:
        match outbound.request:
            case ChatRequest() | CompletionRequest() as request:
                form = self.dialect.stream_form
                return StreamDecoder(request, origin, self._wire.bounds.line_bytes, form)
            case other:
                raise TypeError(f"expected a chat or a completion, got {type(other).__name__}")

    async def _whole(
        self, response: httpx.Response, outbound: Outbound, origin: Origin
    ) -> Response:
        body = await self._wire.read_json(response, self._wire.bounds.json_bytes, origin)
        return self._counted(decode(outbound.request, "application/json", body, origin))

    def _counted(self, answer: Answered) -> Answered:
        """Its usage marked as estimated where the relay's own count is no better."""
        return marked(answer) if self.dialect.usage_estimated else answer

    def _own_keys(self) -> tuple[str, ...]:
        entry = self._entry
        return tuple(key.reveal() for key in (entry.key, *entry.keys, *entry.tokens.values()))

    async def _pictures(self, body: bytes, most: int, origin: Origin) -> Images:
        drawn, revised_prompt = decode_images(body, origin, most)
        images: list[Image] = []
        left = self._wire.bounds.pictures_bytes
        async with self._wire.within(origin):
            for picture in drawn:
                images.append(await self._picture(picture, origin))
                left -= len(images[-1].content)
                if left < 0:
                    raise origin.garbage("pictures of too many bytes in all")
        return Images(images=tuple(images), revised_prompt=revised_prompt)

    async def _picture(self, picture: bytes | str, origin: Origin) -> Image:
        if isinstance(picture, bytes):
            return read_image(picture, origin)
        return read_image(await self._wire.fetch(picture, origin.call), origin, picture)

    async def _encode(self, request: Request, *, stream: bool = False) -> Outbound:
        call = call_of(request)
        self._known.check_served(call)
        if call == "user_stat" and not self._entry.stat_token:
            raise ConfigError(
                f"relays.{self.name}.stat_token: expected the system access token, got none. "
                'It is another secret than the key: stat_token = "env:NAME".'
            )
        boundary = "" if isinstance(request, ChatRequest) else secrets.token_hex(16)
        made = partial(self._encoder.encode, request, stream=stream, boundary=boundary)
        return await asyncio.to_thread(made) if upload_bytes(request) > _AT_ONCE else made()


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
