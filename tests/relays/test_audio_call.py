"""Speech, transcription and translation over real sockets."""

import json

import pytest

from core.errors import (
    RelayInvalid,
)
from core.relay.transport import Transport
from core.request import (
    SpeechRequest,
    TextFormat,
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


@pytest.mark.parametrize("call", [TranscriptionRequest, TranslationRequest])
@pytest.mark.parametrize(
    ("form", "file"), [("text", "txt"), ("srt", "srt"), ("vtt", "vtt"), ("verbose_json", "")]
)
async def test_a_transcription_comes_in_the_form_that_was_asked_for(
    transport: Transport, call: type[TranscriptionRequest], form: TextFormat, file: str
) -> None:
    name = f"openai_transcription.{file}" if file else "openai_transcription_verbose.json"
    kind = "text/plain" if file else "application/json"
    async with serving(saying(payload(name), content_type=kind), transport) as (made, server):
        told = await made.call(call(audio=WAV, filename="a.wav", response_format=form))
    assert f'name="response_format"\r\n\r\n{form}\r\n'.encode() in server.asked[0].body
    assert told.text == payload(name).decode() if file else told.segments


async def test_speech_comes_in_the_form_and_at_the_speed_that_were_asked_for(
    transport: Transport,
) -> None:
    request = SpeechRequest(text="hi", response_format="pcm", speed=0.5, voice="nova")
    async with serving(saying(bytes(8), content_type="audio/pcm"), transport) as (made, server):
        speech = await made.call(request)
    assert (speech.content, speech.mime) == (bytes(8), "audio/pcm")
    assert json.loads(server.asked[0].body) == {
        "model": "tts-1",
        "input": "hi",
        "voice": "nova",
        "response_format": "pcm",
        "speed": 0.5,
    }
