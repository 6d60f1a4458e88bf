"""POST /v1/audio/transcriptions and /v1/audio/translations."""

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from bots.sandbox.call import Call
from bots.sandbox.ears import Heard, Unheard
from bots.sandbox.failure import Refusal, convert, json_response
from bots.sandbox.form import Field
from bots.sandbox.machine import Machine
from bots.sandbox.models import Catalog
from bots.sandbox.transcript import (
    as_srt,
    as_verbose,
    as_vtt,
    billed_s,
    text_of,
    usage_of,
)

FILE_LIMIT_BYTES = 25 * 1024 * 1024
TIMEOUT_S = 120.0
AT_ONCE = 2
KEPT = 64
UNITS_PER_S = 50

Task: TypeAlias = Literal["transcribe", "translate"]


class HearingRequest(Struct, frozen=True, kw_only=True):
    """The form's fields beside the file. `language` and `prompt` are hints, not followed."""

    model: str
    language: Annotated[str, Meta(pattern="^[a-z]{2,3}$")] | None = None
    prompt: str | None = None
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] = "json"
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    timestamp_granularities: list[Literal["word", "segment"]] = []


class Hearing:
    """Recognises English speech; whoever speaks something else is misheard. The same sound is
    recognised once: the latest KEPT are remembered."""

    def __init__(self, machine: Machine, catalog: Catalog) -> None:
        self._catalog = catalog
        self._machine = machine
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._known: dict[bytes, Heard | Unheard] = {}

    async def transcribe(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        return await self._answer(call, "transcribe")

    async def translate(self, call: Call) -> ASGIApp:
        """English is all it knows: a translation is a transcription. Raises Refusal."""
        return await self._answer(call, "translate")

    async def _answer(self, call: Call, task: Task) -> Response:
        fields, file = call.form()
        request = convert(fields, HearingRequest)
        self._catalog.check(request.model, "hearing")
        content = _checked(file)
        self._machine.require("Recognising speech", "av", "pocketsphinx")
        heard = await self._hear(content)
        if isinstance(heard, Unheard):
            raise Refusal(400, f"The file is not readable as sound: {heard.reason}.", param="file")
        call.units = UNITS_PER_S * billed_s(heard)
        return _told(heard, request, task)

    async def _hear(self, content: bytes) -> Heard | Unheard:
        mark = hashlib.sha256(content).digest()
        async with self._turns:
            if mark not in self._known:
                heard = await asyncio.to_thread(_listen, content)
                self._known[mark] = heard
            if len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
            return self._known[mark]


def _checked(file: Field | None) -> bytes:
    if file is None or not file.content:
        raise Refusal(
            400,
            "The form lacks its 'file', or the file is empty.",
            code="missing_required_parameter",
            param="file",
        )
    if len(file.content) > FILE_LIMIT_BYTES:
        raise Refusal(413, f"The file is over {FILE_LIMIT_BYTES} bytes.", param="file")
    return file.content


def _listen(content: bytes) -> Heard | Unheard:
    """Blocks for about a second and a tenth of the spoken time. Raises Refusal."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bots.sandbox.ears"],
            input=content,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
            cwd=Path(__file__).parents[2],
        )
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Refusal(500, f"The recogniser ended with {error.returncode}: {last}") from error
    except subprocess.TimeoutExpired as error:
        raise Refusal(500, f"The recogniser took over {TIMEOUT_S:g} s and was ended.") from error
    return msgspec.json.decode(done.stdout, type=Heard | Unheard)


def _told(heard: Heard, request: HearingRequest, task: Task) -> Response:
    match request.response_format:
        case "text":
            return PlainTextResponse(text_of(heard) + "\n")
        case "srt":
            return PlainTextResponse(as_srt(heard))
        case "vtt":
            return PlainTextResponse(as_vtt(heard), media_type="text/vtt")
        case "verbose_json":
            return json_response(
                as_verbose(
                    heard,
                    task,
                    temperature=request.temperature or 0.0,
                    with_words="word" in request.timestamp_granularities,
                )
            )
        case "json":
            return json_response({"text": text_of(heard), "usage": usage_of(heard)})
