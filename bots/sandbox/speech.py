"""POST /v1/audio/speech."""

import asyncio
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response
from starlette.types import ASGIApp

from bots.sandbox.call import Call
from bots.sandbox.encoding import SoundFormat, encode_sound
from bots.sandbox.failure import decode
from bots.sandbox.machine import Machine
from bots.sandbox.models import Catalog
from bots.sandbox.voice import speak

UNITS_PER_CHAR = 8
AT_ONCE = 4


class SpeechRequest(Struct, frozen=True, kw_only=True):
    """As in OpenAI's API reference. Any voice's name is taken; a few sound different."""

    model: str
    input: Annotated[str, Meta(min_length=1, max_length=4096)]
    voice: Annotated[str, Meta(min_length=1, max_length=100)]
    response_format: SoundFormat | None = "mp3"
    speed: Annotated[float, Meta(ge=0.25, le=4)] | None = 1.0
    stream_format: Literal["audio"] | None = "audio"
    instructions: str | None = None


class Speech:
    """Answers with sound; the header `x-sandbox-voice` tells what made it."""

    def __init__(self, machine: Machine, catalog: Catalog) -> None:
        self._catalog = catalog
        self._machine = machine
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._decoder = msgspec.json.Decoder(SpeechRequest)

    async def __call__(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = decode(call.body, self._decoder)
        self._catalog.check(request.model, "speech")
        call.units = UNITS_PER_CHAR * len(request.input)
        async with self._turns:
            return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: SpeechRequest) -> Response:
        spoken = speak(self._machine, request.input, request.voice, request.speed or 1.0)
        content, mime = encode_sound(self._machine, spoken.sound, request.response_format or "mp3")
        return Response(content, 200, {"x-sandbox-voice": spoken.by}, mime)
