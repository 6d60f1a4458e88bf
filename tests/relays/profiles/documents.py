"""A profile's folder under tests/relays/payloads: the relay's documented bodies, and what each
means. `calls.toml` in it lists them:

    judge = "acme"        # in bots/sandbox/dialects: judges what we send; "" is OpenAI's own way

    [[requests]]          # a body that the relay's page shows, and our request for the same
    file = "chat_request.json"
    call = "chat"
    typed = { messages = [{ role = "user", content = "Hi" }] }
    besides = { model = "acme-1" }      # what we say and the page leaves out

    [[answers]]           # a body that the relay answers with, and what it is read as
    file = "chat.json"
    call = "chat"         # or "stream", "completion_stream"
    typed = { text = "Hello.", finish_reason = "stop" }
    request = { … }       # what was asked, where it matters
    dialect = { … }       # the profile's switches, where one differs
    besides = { "/api/status" = "status.json" }     # of a call that asks several paths

"@name" is the content of a file beside it, "@picture" a small picture, "never" no time at all.
Where a page gives no sample of a call that is served, OpenAI's form stands in.
"""

import tomllib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import msgspec
import pytest
from msgspec import Struct

from core.relay.dialect import Call, Dialect
from core.relay.profile import load_dialect, profile_names
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
from tests.relays.stage import PAYLOADS, PNG

Tried: TypeAlias = Call | Literal["stream", "completion_stream"]
"""A call, or the stream of a chat or a completion."""

CALLS: tuple[Call, ...] = tuple(
    call for part in get_args(Call) for call in (get_args(part) or (part,))
)
TRIED: tuple[Tried, ...] = (*CALLS, "stream", "completion_stream")
PROFILES = profile_names()

KINDS: Mapping[Tried, tuple[type, type]] = {
    "chat": (ChatRequest, Chat),
    "stream": (ChatRequest, Chat),
    "completion_stream": (CompletionRequest, Chat),
    "completion": (CompletionRequest, Completion),
    "edit": (EditRequest, Completion),
    "embedding": (EmbeddingRequest, Embeddings),
    "image": (ImageRequest, Images),
    "speech": (SpeechRequest, Speech),
    "transcription": (TranscriptionRequest, Transcription),
    "translation": (TranslationRequest, Transcription),
    "file_upload": (FileUploadRequest, File),
    "file_content": (FileContentRequest, FileContent),
    "batch_create": (BatchCreateRequest, Batch),
    "batch_status": (BatchStatusRequest, Batch),
    "fine_tune_create": (FineTuneCreateRequest, FineTune),
    "fine_tune_status": (FineTuneStatusRequest, FineTune),
    "models": (ModelsRequest, Models),
    "user_stat": (UserStatRequest, UserStat),
    "key_quota": (KeyQuotaRequest, KeyQuota),
}


class DocumentedRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    file: str
    call: Tried
    typed: dict[str, Any]
    besides: dict[str, Any] = {}


class DocumentedAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    file: str
    call: Tried
    typed: dict[str, Any]
    request: dict[str, Any] = {}
    dialect: dict[str, Any] = {}
    besides: dict[str, str] = {}


class Documents(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    judge: str
    requests: tuple[DocumentedRequest, ...] = ()
    answers: tuple[DocumentedAnswer, ...] = ()


def documents(profile: str) -> Documents:
    """Fails the test where a profile comes without any."""
    path = PAYLOADS / profile / "calls.toml"
    if not path.exists():
        pytest.fail(
            f"core/relay/dialects/{profile}.toml has no documents: add {path.relative_to(PAYLOADS)}"
            " under tests/relays/payloads, with its relay's documented bodies beside it and at "
            'least a line judge = "…". docs/relays.md tells how.'
        )
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Documents)


def listed(profile: str) -> Documents:
    """As `documents`, but nothing where there is none: so that tests can be collected."""
    if not (PAYLOADS / profile / "calls.toml").exists():
        return Documents(judge="")
    return documents(profile)


def served(dialect: Dialect, call: Tried) -> bool:
    """Whether the profile says yes to it."""
    if call == "completion_stream":
        return served(dialect, "completion") and served(dialect, "stream")
    capability: str = getattr(dialect.capabilities, call)
    return capability == "yes"


def answers_of(profile: str) -> list[tuple[str, DocumentedAnswer]]:
    """(folder, answer) for each call that is served: the relay's own samples, else OpenAI's."""
    own = [] if profile == "openai" else [(profile, told) for told in listed(profile).answers]
    told = {answer.call for _, answer in own}
    openai = [("openai", answer) for answer in listed("openai").answers if answer.call not in told]
    dialect = load_dialect(profile)
    return [*own, *(found for found in openai if served(dialect, found[1].call))]


def typed_request(told: Mapping[str, Any], call: Tried, folder: str) -> Request:
    request: Request = msgspec.convert(_read(told, PAYLOADS / folder), KINDS[call][0])
    return request


def typed_answer(told: Mapping[str, Any], call: Tried, folder: str) -> Any:
    return msgspec.convert(_read(told, PAYLOADS / folder), KINDS[call][1])


def _read(value: Any, folder: Path) -> Any:
    match value:
        case dict():
            return {name: _read(inner, folder) for name, inner in value.items()}
        case list():
            return [_read(inner, folder) for inner in value]
        case "never":
            return None
        case "@picture":
            return b64encode(PNG).decode()
        case str() if value.startswith("@"):
            return b64encode((folder / value[1:]).read_bytes()).decode()
        case _:
            return value
