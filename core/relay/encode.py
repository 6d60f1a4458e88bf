"""Requests as bytes for the wire. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct, structs

from core.errors import RelayInvalid
from core.ports.ledger import Kind
from core.relay.bodies import (
    StreamOptions,
    batch_body,
    chat_body,
    completion_body,
    edit_body,
    embedding_body,
    fine_tune_body,
    image_body,
    speech_body,
)
from core.relay.dialect import Call, Dialect
from core.relay.limits import (
    check_best,
    check_count,
    check_language,
    check_limits,
    check_window,
    fit_window,
)
from core.relay.multipart import encode_multipart, plain_filename, safe_filename
from core.relay.shape import shape_chat
from core.relay.terms import TermBook, Terms
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

RoutedRequest: TypeAlias = (
    ChatRequest | ImageRequest | SpeechRequest | TranscriptionRequest | TranslationRequest
)
"""The requests that go by a route."""

Routed = TypeVar("Routed", bound=RoutedRequest)

_CALLS: Mapping[type[Request], Call] = {
    ChatRequest: "chat",
    CompletionRequest: "completion",
    EditRequest: "edit",
    EmbeddingRequest: "embedding",
    ImageRequest: "image",
    SpeechRequest: "speech",
    TranscriptionRequest: "transcription",
    TranslationRequest: "translation",
    FileUploadRequest: "file_upload",
    FileContentRequest: "file_content",
    BatchCreateRequest: "batch_create",
    BatchStatusRequest: "batch_status",
    FineTuneCreateRequest: "fine_tune_create",
    FineTuneStatusRequest: "fine_tune_status",
    ModelsRequest: "models",
    UserStatRequest: "user_stat",
    KeyQuotaRequest: "key_quota",
}
_KINDS: dict[type[RoutedRequest], Kind] = {
    ChatRequest: "chat",
    ImageRequest: "image",
    SpeechRequest: "speech",
    TranscriptionRequest: "transcription",
    TranslationRequest: "translation",
}


class Outbound(Struct, frozen=True):
    """One HTTP request, but for address and key. `id` goes into the path.

    `request` is the one that is sent: with its model, its history as far as it is allowed.
    `reduced`: the stream is asked for in bare deltas. `path` is another than the call's own.
    """

    call: Call
    method: Literal["GET", "POST"]
    request: Request
    content_type: str = ""
    body: bytes = b""
    id: str = ""
    reduced: bool = False
    path: str = ""


def call_of(request: Request) -> Call:
    return _CALLS[type(request)]


def kind_of(request: RoutedRequest) -> Kind:
    return _KINDS[type(request)]


def with_model(request: Routed, model: str) -> Routed:
    """The request with `model`, if it names none itself."""
    return request if request.model else structs.replace(request, model=model)


class Encoder:
    """Applies one relay's dialect."""

    def __init__(self, dialect: Dialect, relay: str) -> None:
        self._dialect = dialect
        self._relay = relay
        self._terms = TermBook(dialect, relay)
        self._ways: Mapping[type[Request], Callable[[Any, str], Outbound]] = {
            EditRequest: self._edit,
            EmbeddingRequest: self._embedding,
            ImageRequest: self._image,
            SpeechRequest: self._speech,
            TranscriptionRequest: self._audio,
            TranslationRequest: self._audio,
            FileUploadRequest: self._file,
            FileContentRequest: lambda asked, _: self._question(asked, asked.file_id),
            BatchCreateRequest: self._batch,
            BatchStatusRequest: lambda asked, _: self._question(asked, asked.batch_id),
            FineTuneCreateRequest: self._fine_tune,
            FineTuneStatusRequest: lambda asked, _: self._question(asked, asked.job_id),
            ModelsRequest: lambda asked, _: Outbound("models", "GET", asked),
            UserStatRequest: lambda asked, _: Outbound("user_stat", "GET", asked),
            KeyQuotaRequest: lambda asked, _: Outbound("key_quota", "GET", asked),
        }

    def encode(self, request: Request, *, stream: bool = False, boundary: str = "") -> Outbound:
        """`boundary` parts the fields of an upload; `stream` is for chat and completions.

        Raises RelayInvalid, RelayTooLarge or RelayUnsupported for what would be refused.
        """
        match request:
            case ChatRequest():
                return self._chat(request, stream)
            case CompletionRequest():
                return self._completion(request, stream)
            case _:
                return self._ways[type(request)](request, boundary)

    def _chat(self, request: ChatRequest, stream: bool) -> Outbound:
        request, terms = self._terms.settle(request, "chat")
        check_count(request.n, self._relay)
        request = shape_chat(request, self._dialect, self._relay)
        check_limits(request, self._dialect.limits, self._relay)
        request = fit_window(request, terms.overlay.window_tokens)
        check_window(request, terms.overlay.window_tokens, self._relay)
        body = chat_body(request, self._options(stream), stream=stream)
        return self._json(request, body, terms, stream=stream)

    def _completion(self, request: CompletionRequest, stream: bool) -> Outbound:
        request, terms = self._terms.settle(request, "completion")
        check_count(request.n, self._relay)
        check_best(request, self._relay, stream=stream)
        check_window(request, terms.overlay.window_tokens, self._relay)
        body = completion_body(request, self._options(stream), stream=stream)
        return self._json(request, body, terms, stream=stream)

    def _edit(self, request: EditRequest, _: str) -> Outbound:
        request, terms = self._terms.settle(request, "edit")
        check_count(request.n, self._relay)
        return self._json(request, edit_body(request), terms)

    def _embedding(self, request: EmbeddingRequest, _: str) -> Outbound:
        request, terms = self._terms.settle(request, "embedding")
        check_limits(request, self._dialect.limits, self._relay)
        return self._json(request, embedding_body(request), terms)

    def _image(self, request: ImageRequest, _: str) -> Outbound:
        request, terms = self._terms.settle(request, "image")
        check_count(request.n, self._relay)
        check_limits(request, self._dialect.limits, self._relay)
        return self._json(request, image_body(request), terms)

    def _speech(self, request: SpeechRequest, _: str) -> Outbound:
        request, terms = self._terms.settle(request, "speech")
        check_limits(request, self._dialect.limits, self._relay)
        voice = terms.overlay.voice or self._dialect.voice
        return self._json(request, speech_body(request, voice), terms)

    def _batch(self, request: BatchCreateRequest, _: str) -> Outbound:
        return self._json(request, batch_body(request), self._terms.of("batch_create", ""))

    def _fine_tune(self, request: FineTuneCreateRequest, _: str) -> Outbound:
        request, terms = self._terms.settle(request, "fine_tune_create")
        check_limits(request, self._dialect.limits, self._relay)
        return self._json(request, fine_tune_body(request), terms)

    def _audio(self, request: TranscriptionRequest | TranslationRequest, boundary: str) -> Outbound:
        call = call_of(request)
        request, terms = self._terms.settle(request, call)
        check_limits(request, self._dialect.limits, self._relay)
        language = request.language if isinstance(request, TranscriptionRequest) else ""
        check_language(language, self._relay)
        fields: dict[str, Any] = {
            "model": request.model,
            "language": language,
            "prompt": request.prompt,
            "response_format": request.response_format,
            "temperature": request.temperature,
        }
        given = {name: value for name, value in fields.items() if value not in ("", None)}
        sent = terms.rules.applied(given) if terms.rules else given
        filename = safe_filename(request.filename)
        return _upload(request, sent, filename, request.audio, boundary)

    def _file(self, request: FileUploadRequest, boundary: str) -> Outbound:
        check_limits(request, self._dialect.limits, self._relay)
        rules = self._terms.of("file_upload", "").rules
        given = {"purpose": request.purpose}
        fields = rules.applied(given) if rules else given
        return _upload(request, fields, plain_filename(request.filename), request.content, boundary)

    def _question(self, request: Request, id_: str) -> Outbound:
        call = call_of(request)
        if not id_.strip("."):
            raise RelayInvalid(
                f'relay "{self._relay}": {call}: expected an id, got "{id_}". Name it.'
            )
        return Outbound(call, "GET", request, id=id_)

    def _json(
        self, request: Request, body: Struct, terms: Terms, *, stream: bool = False
    ) -> Outbound:
        fields = terms.rules.applied(msgspec.to_builtins(body)) if terms.rules else body
        return Outbound(
            call_of(request),
            "POST",
            request,
            "application/json",
            msgspec.json.encode(fields),
            reduced=stream and self._dialect.stream_form == "reduced",
        )

    def _options(self, stream: bool) -> StreamOptions | None:
        return StreamOptions() if stream and self._dialect.stream_usage else None


def _upload(
    request: Request, fields: Mapping[str, Any], filename: str, content: bytes, boundary: str
) -> Outbound:
    texts = {name: said if isinstance(said, str) else f"{said:g}" for name, said in fields.items()}
    body = encode_multipart(texts, filename, content, boundary)
    kind = f"multipart/form-data; boundary={boundary}"
    return Outbound(call_of(request), "POST", request, kind, body)
