"""The answer to each kind of request, from bytes. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from msgspec import structs

from core.relay.decode import (
    decode_chat,
    decode_completion,
    decode_edit,
    decode_embeddings,
    decode_models,
)
from core.relay.decode_jobs import (
    decode_batch,
    decode_file,
    decode_file_content,
    decode_fine_tune,
)
from core.relay.decode_media import decode_speech, decode_transcription
from core.relay.failure import Origin
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
    ModelsRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
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
    Images,
    KeyQuota,
    Models,
    Speech,
    Transcription,
    UserStat,
)

Response: TypeAlias = (
    Chat
    | Completion
    | Embeddings
    | Images
    | Speech
    | Transcription
    | File
    | FileContent
    | Batch
    | FineTune
    | Models
    | UserStat
    | KeyQuota
)

Answered = TypeVar("Answered", bound=Response | Chunk)

_DECODERS: Mapping[type[Request], Callable[[Any, bytes, str, Origin], Response]] = {
    ChatRequest: lambda asked, body, _, origin: decode_chat(body, asked, origin),
    CompletionRequest: lambda asked, body, _, origin: decode_completion(body, asked, origin),
    EditRequest: lambda asked, body, _, origin: decode_edit(body, asked, origin),
    EmbeddingRequest: lambda asked, body, _, origin: decode_embeddings(body, asked, origin),
    SpeechRequest: lambda _, body, told, origin: decode_speech(body, told, origin),
    TranscriptionRequest: lambda asked, body, _, origin: decode_transcription(
        body, origin, asked.response_format
    ),
    TranslationRequest: lambda asked, body, _, origin: decode_transcription(
        body, origin, asked.response_format
    ),
    FileUploadRequest: lambda _, body, __, origin: decode_file(body, origin),
    FileContentRequest: lambda _, body, told, origin: decode_file_content(body, told, origin),
    BatchCreateRequest: lambda _, body, __, origin: decode_batch(body, origin),
    BatchStatusRequest: lambda _, body, __, origin: decode_batch(body, origin),
    FineTuneCreateRequest: lambda _, body, __, origin: decode_fine_tune(body, origin),
    FineTuneStatusRequest: lambda _, body, __, origin: decode_fine_tune(body, origin),
    ModelsRequest: lambda _, body, __, origin: decode_models(body, origin),
}


def decode(request: Request, content_type: str, body: bytes, origin: Origin) -> Response:
    """Any answer but pictures, which may have to be fetched, and quotas. Raises RelayError."""
    return _DECODERS[type(request)](request, body, content_type, origin)


def marked(answer: Answered) -> Answered:
    """With its usage, if it has one, marked as estimated."""
    if not isinstance(answer, Chat | Completion | Embeddings | Chunk) or answer.usage is None:
        return answer
    return structs.replace(answer, usage=structs.replace(answer.usage, estimated=True))


def as_chunks(answer: Response) -> Iterator[Chunk]:
    """Some relays answer as a whole where a stream was asked for, or can nothing else."""
    match answer:
        case Chat(text=text, reasoning=reasoning):
            said = Chunk(text=text, reasoning=reasoning, model=answer.model)
        case Completion(texts=(text, *_)):
            said = Chunk(text=text, model=answer.model)
        case _:
            raise TypeError(f"expected a chat or a completion, got {type(answer).__name__}")
    if said.text or said.reasoning:
        yield said
    reason = answer.finish_reason or "stop"
    yield Chunk(finish_reason=reason, model=answer.model, usage=answer.usage)
