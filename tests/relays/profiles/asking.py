"""The requests that are sent where a test asks for nothing in particular, and how."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from core.relay.client import Relay
from core.relay.profile import load_dialect
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
from core.response import Chat
from core.secret import Secret
from tests.relays.profiles.documents import Tried
from tests.relays.stage import WAV, ask, entry, relay

LINE = msgspec.json.encode(
    {
        "custom_id": "a",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "gpt-3.5-turbo", "messages": [{"role": "user", "content": "count to 3"}]},
    }
)

REQUESTS: Mapping[Tried, Request] = {
    "chat": ask(),
    "stream": ask(),
    "completion": CompletionRequest(prompt="Say this is a test"),
    "completion_stream": CompletionRequest(prompt="Say this is a test"),
    "edit": EditRequest(
        model="text-davinci-edit-001", input="helo", instruction="Mend the spelling"
    ),
    "embedding": EmbeddingRequest(inputs=("one",)),
    "image": ImageRequest(prompt="A cute baby sea otter"),
    "speech": SpeechRequest(text="Hello."),
    "transcription": TranscriptionRequest(audio=WAV, filename="a.wav"),
    "translation": TranslationRequest(audio=WAV, filename="a.wav"),
    "file_upload": FileUploadRequest(content=LINE, filename="a.jsonl", purpose="fine-tune"),
    "file_content": FileContentRequest(file_id="file-abc123"),
    "batch_create": BatchCreateRequest(input_file_id="file-abc123"),
    "batch_status": BatchStatusRequest(batch_id="batch_abc123"),
    "fine_tune_create": FineTuneCreateRequest(training_file="file-abc123", model="gpt-3.5-turbo"),
    "fine_tune_status": FineTuneStatusRequest(job_id="ftjob-abc123"),
    "models": ModelsRequest(),
    "user_stat": UserStatRequest(),
    "key_quota": KeyQuotaRequest(),
}


def relay_of(
    profile: str, origin: str, transport: httpx.AsyncBaseTransport, **dialect: Any
) -> Relay:
    """The profile's relay, as if it were at `origin`, its paths as they are."""
    base = origin + urlsplit(load_dialect(profile).base_url).path
    at = entry(  # what is heard is really recognised, which takes its time
        base, profile=profile, stat_token=Secret("sandbox-stat"), first_byte_timeout_s=60.0
    )
    return relay(at, transport, **dialect)


async def answered(relay: Relay, call: Tried, request: Request) -> Any:
    """The typed answer; a streamed one as the whole that it comes to."""
    if call not in ("stream", "completion_stream"):
        return await relay.call(request)
    assert isinstance(request, ChatRequest | CompletionRequest)
    chunks = [chunk async for chunk in relay.stream(request)]
    last = chunks[-1]
    assert last.usage is not None
    return Chat(
        text="".join(chunk.text for chunk in chunks),
        model=last.model,
        finish_reason=last.finish_reason,
        usage=last.usage,
    )
