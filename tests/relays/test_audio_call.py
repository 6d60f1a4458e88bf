"""Speech, transcription and translation over real sockets."""

import pytest

from core.errors import (
    RelayInvalid,
)
from core.relay.transport import Transport
from core.request import (
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from tests.relays.calls import saying, serving
from tests.relays.stage import (
    WAV,
    payload,
)


async def test_speech(transport: Transport) -> None:
    async with serving(saying(WAV, content_type="audio/wav"), transport) as (made, server):
        speech = await made.call(SpeechRequest(text="Hello world"))
    assert (speech.content, speech.mime) == (WAV, "audio/wav")
    assert server.asked[0].target == "/v1/audio/speech"


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (TranscriptionRequest(audio=WAV, filename="a.wav"), "/v1/audio/transcriptions"),
        (TranslationRequest(audio=WAV, filename="a.wav"), "/v1/audio/translations"),
    ],
)
async def test_transcription_and_translation(
    transport: Transport, request_: TranscriptionRequest | TranslationRequest, path: str
) -> None:
    answer = saying(payload("burnhair_transcription.json"))
    async with serving(answer, transport) as (made, server):
        told = await made.call(request_)
    assert told.text.startswith("so that they know")
    (asked,) = server.asked
    assert asked.target == path
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert WAV in asked.body


async def test_a_large_upload_arrives_whole(transport: Transport) -> None:
    audio = bytes(range(256)) * 4 * 2**12
    answer = saying(payload("burnhair_transcription.json"))
    async with serving(answer, transport) as (made, server):
        await made.call(TranscriptionRequest(audio=audio, filename="a.wav"))
    assert audio in server.asked[0].body


async def test_a_request_past_a_limit_is_not_sent(transport: Transport) -> None:
    async with serving(saying(b"{}"), transport) as (made, server):
        with pytest.raises(RelayInvalid):
            await made.call(SpeechRequest(text="x" * 5000))
    assert server.asked == []
