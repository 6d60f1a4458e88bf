"""From a call's options to its request."""

import argparse
import mimetypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from core.errors import ConfigError
from core.request import (
    BatchCreateRequest,
    BatchStatusRequest,
    ChatMessage,
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
    Picture,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.sound import sniff

Options = argparse.Namespace


def request_of(options: Options, user: str = "") -> Request:
    """What the options ask for; files and standard input are read. Raises ConfigError."""
    return REQUESTS[options.call](options, user)


def _chat(options: Options, user: str) -> Request:
    messages = [ChatMessage(role="system", content=options.system)] if options.system else []
    messages += _listed(options.messages) if options.messages else []
    messages += [ChatMessage(role=role, content=content) for role, content in options.turns]
    if options.text:
        messages.append(ChatMessage(role="user", content=_typed(options.text)))
    if not messages:
        raise ConfigError("chat: expected words, got none. Give TEXT, --user or --messages.")
    if options.picture:
        pictures = tuple(_picture(path) for path in options.picture)
        messages[-1] = msgspec.structs.replace(messages[-1], pictures=pictures)
    return ChatRequest(
        messages=tuple(messages),
        max_tokens=options.max_tokens,
        stop=tuple(options.stop),
        presence_penalty=options.presence_penalty,
        frequency_penalty=options.frequency_penalty,
        user=user,
        **_sampling(options),
    )


def _sampling(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("model", "temperature", "top_p", "n")}


def _completion(options: Options, user: str) -> Request:
    return CompletionRequest(
        prompt=_typed(options.text),
        suffix=options.suffix,
        best_of=options.best_of,
        logprobs=options.logprobs,
        echo=options.echo,
        max_tokens=options.max_tokens,
        stop=tuple(options.stop),
        presence_penalty=options.presence_penalty,
        frequency_penalty=options.frequency_penalty,
        user=user,
        **_sampling(options),
    )


def _edit(options: Options, _: str) -> Request:
    text = _typed(options.input)
    return EditRequest(instruction=options.text, input=text, **_sampling(options))


def _embedding(options: Options, user: str) -> Request:
    texts = options.texts
    if texts == ["-"]:
        texts = [line for line in _typed("-").splitlines() if line.strip()]
    return EmbeddingRequest(
        inputs=tuple(texts), model=options.model, dimensions=options.dimensions, user=user
    )


def _image(options: Options, user: str) -> Request:
    return ImageRequest(
        prompt=_typed(options.text),
        model=options.model,
        n=options.n,
        size=options.size,
        response_format=options.format,
        user=user,
    )


def _speech(options: Options, _: str) -> Request:
    return SpeechRequest(
        text=_typed(options.text),
        model=options.model,
        voice=options.voice,
        response_format=options.format,
        speed=options.speed,
    )


def _transcription(options: Options, _: str) -> Request:
    return TranscriptionRequest(language=options.language, **_heard(options))


def _translation(options: Options, _: str) -> Request:
    return TranslationRequest(**_heard(options))


def _heard(options: Options) -> dict[str, Any]:
    name, audio = _file(options.file)
    if not Path(name).suffix:
        name = f"{name}.{sniff(audio) or 'ogg'}"
    return {
        "audio": audio,
        "filename": name,
        "model": options.model,
        "prompt": options.prompt,
        "response_format": options.format,
        "temperature": options.temperature,
    }


def _file_upload(options: Options, _: str) -> Request:
    name, content = _file(options.file)
    name = name if Path(name).suffix else f"{name}.jsonl"
    return FileUploadRequest(content=content, filename=name, purpose=options.purpose)


def _batch_create(options: Options, _: str) -> Request:
    return BatchCreateRequest(
        input_file_id=options.id, endpoint=options.endpoint, completion_window=options.window
    )


def _fine_tune_create(options: Options, _: str) -> Request:
    return FineTuneCreateRequest(
        training_file=options.id,
        model=options.model,
        validation_file=options.validation_file,
        hyperparameters=dict(options.hyperparameter),
        suffix=options.suffix,
    )


REQUESTS: dict[str, Callable[[Options, str], Request]] = {
    "chat": _chat,
    "completion": _completion,
    "edit": _edit,
    "embedding": _embedding,
    "image": _image,
    "speech": _speech,
    "transcription": _transcription,
    "translation": _translation,
    "file_upload": _file_upload,
    "file_content": lambda options, _: FileContentRequest(file_id=options.id),
    "batch_create": _batch_create,
    "batch_status": lambda options, _: BatchStatusRequest(batch_id=options.id),
    "fine_tune_create": _fine_tune_create,
    "fine_tune_status": lambda options, _: FineTuneStatusRequest(job_id=options.id),
    "models": lambda *_: ModelsRequest(),
    "user_stat": lambda *_: UserStatRequest(),
    "key_quota": lambda *_: KeyQuotaRequest(),
}


# -- what is read -----------------------------------------------------------------


class _Turn(Struct):
    role: Literal["system", "user", "assistant"]
    content: str
    name: str = ""


def _listed(place: str) -> list[ChatMessage]:
    _, content = _file(place)
    try:
        turns = msgspec.json.decode(content, type=list[_Turn])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(
            f'--messages {place}: expected a list as in [{{"role": "user", "content": "hello"}}], '
            f"got something else: {error}. Mend the file."
        ) from error
    return [ChatMessage(role=turn.role, content=turn.content, name=turn.name) for turn in turns]


def _typed(given: str) -> str:
    """- is standard input, without its last line end."""
    if given != "-":
        return given
    _, content = _file("-")
    try:
        return content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"standard input: expected text in UTF-8, got other bytes: {error}."
        ) from error


def _file(place: str) -> tuple[str, bytes]:
    """A name and the bytes; - is standard input."""
    if place == "-":
        return "input", sys.stdin.buffer.read()
    path = Path(place)
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{place}: expected a file to read, got: {error.strerror}. Correct the path."
        ) from error


def _picture(path: Path) -> Picture:
    _, content = _file(str(path))
    return Picture(content=content, mime=mimetypes.guess_type(path.name)[0] or "")
