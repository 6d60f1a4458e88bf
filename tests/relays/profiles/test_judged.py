"""Every call that a profile says yes to, made with our client and judged by the sandbox standing
for that relay: taken as it is, and its answer read right."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from core.relay.client import Relay
from core.relay.profile import load_dialect
from core.relay.transport import Transport
from core.request import (
    BatchCreateRequest,
    BatchStatusRequest,
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    FileContentRequest,
    FileUploadRequest,
    FineTuneCreateRequest,
    FineTuneStatusRequest,
    ImageRequest,
    KeyQuotaRequest,
    ModelsRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.response import Batch, File
from tests.relays.profiles.asking import LINE, REQUESTS, answered, relay_of
from tests.relays.profiles.documents import PROFILES, TRIED, Tried, served
from tests.relays.profiles.judges import Judges

CLIP = (Path(__file__).parents[2] / "clips" / "river.ogg").read_bytes()

YES = [
    (profile, call) for profile in PROFILES for call in TRIED if served(load_dialect(profile), call)
]

TALK = ChatRequest(
    messages=(
        ChatMessage(role="system", content="You are brief."),
        ChatMessage(role="user", content="你好"),
        ChatMessage(role="assistant", content="你好！"),
        ChatMessage(role="user", content="count to 12"),
    ),
    temperature=0.5,
    user="6f9a1c02d4",
)
COUNTED = " ".join(str(number) for number in range(1, 13))


async def chat(relay: Relay) -> None:
    answer = await relay.call(TALK)
    assert (answer.text, answer.finish_reason) == (COUNTED, "stop")
    assert answer.usage.prompt_tokens > 5
    assert answer.usage.completion_tokens >= 12


async def stream(relay: Relay) -> None:
    answer = await answered(relay, "stream", TALK)
    assert (answer.text, answer.finish_reason) == (COUNTED, "stop")
    assert answer.usage.completion_tokens >= 12


async def completion(relay: Relay) -> None:
    answer = await relay.call(CompletionRequest(prompt="count to 5", max_tokens=3))
    assert answer.texts == ("1 2 3",)
    assert answer.finish_reason == "length"


async def completion_stream(relay: Relay) -> None:
    request = CompletionRequest(prompt="count to 5", max_tokens=3)
    answer = await answered(relay, "completion_stream", request)
    assert (answer.text, answer.finish_reason) == ("1 2 3", "length")


async def edit(relay: Relay) -> None:
    answer = await answered(relay, "edit", REQUESTS["edit"])
    assert len(answer.texts) == 1
    assert answer.texts[0]


async def embedding(relay: Relay) -> None:
    answer = await answered(relay, "embedding", REQUESTS["embedding"])
    assert len(answer.vectors) == 1
    assert len(answer.vectors[0]) in (1_536, 3_072)


async def image(relay: Relay) -> None:
    answer = await relay.call(ImageRequest(prompt="a tree", size="1024x1024"))
    assert [picture.mime for picture in answer.images] == ["image/png"]


async def speech(relay: Relay) -> None:
    answer = await relay.call(SpeechRequest(text="Hello."))
    assert answer.mime == "audio/mpeg"
    assert len(answer.content) > 1_000


async def transcription(relay: Relay) -> None:
    request = TranscriptionRequest(audio=CLIP, filename="a.ogg", language="en")
    assert "river" in (await relay.call(request)).text


async def translation(relay: Relay) -> None:
    request = TranslationRequest(audio=CLIP, filename="a.ogg")
    assert "river" in (await relay.call(request)).text


async def models(relay: Relay) -> None:
    names = {model.id for model in (await relay.call(ModelsRequest())).models}
    assert relay.dialect.default_model("chat") in names


async def user_stat(relay: Relay) -> None:
    await relay.call(TALK)
    stat = await relay.call(UserStatRequest())
    assert [token.own for token in stat.tokens] == [True]
    assert stat.account.request_count >= 1


async def key_quota(relay: Relay) -> None:
    await relay.call(TALK)
    quota = await relay.call(KeyQuotaRequest())
    assert quota.granted_usd == 1_000
    assert quota.used_usd
    assert quota.remaining_usd == pytest.approx(1_000 - quota.used_usd)


async def uploaded(relay: Relay) -> File:
    """A batch's file where the relay takes batches, else one to learn from."""
    batch = served(relay.dialect, "batch_create")
    pair = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    lesson = msgspec.json.encode({"messages": pair})
    return await relay.call(
        FileUploadRequest(
            content=LINE if batch else b"\n".join([lesson] * 12),
            filename="lines.jsonl",
            purpose="batch" if batch else "fine-tune",
        )
    )


async def file_upload(relay: Relay) -> None:
    file = await uploaded(relay)
    assert file.id
    assert file.size_bytes > 100
    assert file.created_at is not None


async def batch_create(relay: Relay) -> None:
    await begun(relay)


async def begun(relay: Relay) -> Batch:
    file = await uploaded(relay)
    batch = await relay.call(BatchCreateRequest(input_file_id=file.id))
    assert (batch.state, batch.output_file_id) == ("validating", "")
    assert batch.input_file_id == file.id
    return batch


async def finished(relay: Relay) -> Batch:
    batch = await begun(relay)
    for _ in range(5):
        batch = await relay.call(BatchStatusRequest(batch_id=batch.id))
    assert (batch.state, batch.total, batch.completed) == ("completed", 1, 1)
    return batch


async def batch_status(relay: Relay) -> None:
    await finished(relay)


async def file_content(relay: Relay) -> None:
    batch = await finished(relay)
    content = await relay.call(FileContentRequest(file_id=batch.output_file_id))
    answer = msgspec.json.decode(content.content)
    assert answer["custom_id"] == "a"
    assert answer["response"]["body"]["choices"][0]["message"]["content"] == "1 2 3"


async def learning(relay: Relay) -> str:
    pair = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    content = b"\n".join([msgspec.json.encode({"messages": pair})] * 12)
    file = await relay.call(
        FileUploadRequest(content=content, filename="lessons.jsonl", purpose="fine-tune")
    )
    job = await relay.call(
        FineTuneCreateRequest(training_file=file.id, model="gpt-3.5-turbo", suffix="s" * 18)
    )
    assert job.state in ("pending", "validating_files", "queued")
    assert job.training_file == file.id
    return job.id


async def fine_tune_create(relay: Relay) -> None:
    await learning(relay)


async def fine_tune_status(relay: Relay) -> None:
    name = await learning(relay)
    for _ in range(6):
        job = await relay.call(FineTuneStatusRequest(job_id=name))
    assert job.state == "succeeded"
    assert job.fine_tuned_model


Try: TypeAlias = Callable[[Relay], Awaitable[None]]

TRIES: Mapping[Tried, Try] = {
    "chat": chat,
    "stream": stream,
    "completion": completion,
    "completion_stream": completion_stream,
    "edit": edit,
    "embedding": embedding,
    "image": image,
    "speech": speech,
    "transcription": transcription,
    "translation": translation,
    "file_upload": file_upload,
    "file_content": file_content,
    "batch_create": batch_create,
    "batch_status": batch_status,
    "fine_tune_create": fine_tune_create,
    "fine_tune_status": fine_tune_status,
    "models": models,
    "user_stat": user_stat,
    "key_quota": key_quota,
}


@pytest.mark.parametrize(("profile", "call"), YES)
async def test_what_the_profile_says_yes_to_is_taken_by_its_relay(
    profile: str, call: Tried, judge: Judges, transport: Transport
) -> None:
    standing = judge.of(profile)
    await TRIES[call](relay_of(profile, standing.origin, transport))
    refused = [entry.path for entry in standing.journal.entries() if entry.status != 200]
    assert not refused
    assert standing.journal.entries()
