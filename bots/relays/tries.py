"""The cheapest sensible request of each call, and what it took."""

from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import TypeAlias

import msgspec
from msgspec import Struct, structs

from bots.relays.answer import quota_figure
from bots.relays.cost import Spent
from bots.relays.outcome import Tried
from core.errors import RelayError
from core.relay.client import Relay
from core.relay.dialect import Dialect
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
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.response import (
    Usage,
)

WORD = "Hi"
ANSWER_TOKENS = 5
SPOKEN = "Good morning."
CLIP_S = 2.0
"""How long clip.mp3 is, rounded up; what is spoken comes to less."""
SHOWN_CHARS = 30
NO_FILE, NO_BATCH, NO_JOB = "file-parleytest0", "batch_parleytest0", "ftjob-parleytest0"
"""Ids that no relay gave, in OpenAI's form: asking for them costs nothing."""
EDIT_MODEL = "text-davinci-edit-001"
"""OpenAI's while it had edits, where a profile names none."""
LESSONS = 10
"""As many lines as OpenAI's fine-tuning takes at least (its guide, November 2026)."""


class Told(Struct, frozen=True, kw_only=True):
    """A served call, in a few words."""

    words: str
    spent: Spent = Spent()


class Tries:
    """One relay's tries, one after another: later ones use what earlier ones were given."""

    def __init__(self, relay: Relay, profile: Dialect, *, costly: bool) -> None:
        self._relay = relay
        self._dialect = profile
        self._costly = costly
        self.asked_for = ""
        self._speech = b""
        self._file = ""
        self._batch = ""
        self._job = ""

    async def make(self, call: Tried) -> Told:
        """Raises RelayError, ConfigError; `asked_for` is the id in the request then, or ""."""
        self.asked_for = ""
        return await _TRIES[call](self)

    async def chat(self) -> Told:
        answer = await self._relay.call(_hello())
        return Told(words=f"{answer.model} {_quoted(answer.text)}".strip(), spent=_of(answer.usage))

    async def stream(self) -> Told:
        pieces, usage = 0, Usage()
        async for chunk in self._relay.stream(_hello()):
            pieces += bool(chunk.text)
            usage = chunk.usage or usage
        return Told(words=f"{pieces} pieces", spent=_of(usage))

    async def completion(self) -> Told:
        request = CompletionRequest(prompt=WORD, max_tokens=ANSWER_TOKENS)
        answer = await self._relay.call(request)
        return Told(words=_quoted("".join(answer.texts)), spent=_of(answer.usage))

    async def edit(self) -> Told:
        model = self._dialect.models.edit or EDIT_MODEL
        request = EditRequest(input="Helo", instruction="Fix the spelling.", model=model)
        answer = await self._relay.call(request)
        return Told(words=_quoted("".join(answer.texts)), spent=_of(answer.usage))

    async def embedding(self) -> Told:
        answer = await self._relay.call(EmbeddingRequest(inputs=(WORD,)))
        floats = len(answer.vectors[0]) if answer.vectors else 0
        return Told(words=f"{floats} floats", spent=_of(answer.usage))

    async def image(self) -> Told:
        request = ImageRequest(prompt="a dot", size=smallest_size(self._dialect))
        answer = await self._relay.call(request)
        sizes = ", ".join(f"{one.mime}, {len(one.content)} bytes" for one in answer.images)
        return Told(words=sizes, spent=Spent(images=len(answer.images)))

    async def speech(self) -> Told:
        answer = await self._relay.call(SpeechRequest(text=SPOKEN))
        self._speech = answer.content
        words = f"{answer.mime}, {len(answer.content)} bytes"
        return Told(words=words, spent=Spent(characters=len(SPOKEN)))

    async def transcription(self) -> Told:
        request = TranscriptionRequest(audio=self._heard(), filename="test.mp3")
        return await self._hear(request)

    async def translation(self) -> Told:
        return await self._hear(TranslationRequest(audio=self._heard(), filename="test.mp3"))

    async def _hear(self, request: TranscriptionRequest | TranslationRequest) -> Told:
        answer = await self._relay.call(request)
        seconds = answer.duration_s or CLIP_S
        return Told(words=_quoted(answer.text), spent=Spent(seconds=seconds))

    def _heard(self) -> bytes:
        """What the relay itself spoke, else a short clip."""
        return self._speech or files("bots.relays").joinpath("clip.mp3").read_bytes()

    async def models(self) -> Told:
        answer = await self._relay.call(ModelsRequest())
        return Told(words=f"{len(answer.models)} models")

    async def user_stat(self) -> Told:
        answer = await self._relay.call(UserStatRequest())
        return Told(words=f"{len(answer.tokens)} tokens")

    async def key_quota(self) -> Told:
        answer = await self._relay.call(KeyQuotaRequest())
        return Told(words=f"{quota_figure(answer, 'remaining')} left, by {answer.source}")

    async def file_upload(self) -> Told:
        request = _one_line(self._dialect) if self._has_batches() else _training_file()
        answer = await self._relay.call(request)
        self._file = answer.id
        return Told(words=f"{answer.id}, which stays there")

    async def file_content(self) -> Told:
        self.asked_for = self._file or NO_FILE
        answer = await self._relay.call(FileContentRequest(file_id=self.asked_for))
        return Told(words=f"{len(answer.content)} bytes")

    def _has_batches(self) -> bool:
        """Whether files are for these: some relays take them for fine-tuning alone."""
        said = self._dialect.capabilities
        return said.batch_create in ("yes", "off") or said.fine_tune_create != "yes"

    def _batch_file(self) -> str:
        return self._file if self._costly and self._has_batches() else ""

    async def batch_create(self) -> Told:
        self.asked_for = self._batch_file() or NO_FILE
        answer = await self._relay.call(BatchCreateRequest(input_file_id=self.asked_for))
        self._batch = answer.id
        return Told(words=f"{answer.id}, {answer.state}", spent=Spent(jobs=1))

    async def batch_status(self) -> Told:
        self.asked_for = self._batch or NO_BATCH
        answer = await self._relay.call(BatchStatusRequest(batch_id=self.asked_for))
        return Told(words=f"{answer.id}, {answer.state}")

    async def fine_tune_create(self) -> Told:
        self.asked_for = file = await self._lessons() or NO_FILE
        request = FineTuneCreateRequest(training_file=file, model=self._dialect.models.chat)
        answer = await self._relay.call(request)
        self._job = answer.id
        return Told(words=f"{answer.id}, {answer.state}", spent=Spent(jobs=1))

    async def _lessons(self) -> str:
        """An uploaded training file; "" where none is wanted, or none is taken."""
        if not self._costly:
            return ""
        try:
            return (await self._relay.call(_training_file())).id
        except RelayError:
            return ""

    async def fine_tune_status(self) -> Told:
        self.asked_for = self._job or NO_JOB
        answer = await self._relay.call(FineTuneStatusRequest(job_id=self.asked_for))
        return Told(words=f"{answer.id}, {answer.state}")


Try: TypeAlias = Callable[[Tries], Awaitable[Told]]

_TRIES: Mapping[Tried, Try] = {
    "models": Tries.models,
    "user_stat": Tries.user_stat,
    "key_quota": Tries.key_quota,
    "chat": Tries.chat,
    "stream": Tries.stream,
    "completion": Tries.completion,
    "edit": Tries.edit,
    "embedding": Tries.embedding,
    "image": Tries.image,
    "speech": Tries.speech,
    "transcription": Tries.transcription,
    "translation": Tries.translation,
    "file_upload": Tries.file_upload,
    "file_content": Tries.file_content,
    "batch_create": Tries.batch_create,
    "batch_status": Tries.batch_status,
    "fine_tune_create": Tries.fine_tune_create,
    "fine_tune_status": Tries.fine_tune_status,
}
ORDER = tuple(_TRIES)
"""The calls as they are tried."""


def smallest_size(dialect: Dialect) -> str:
    """Of those that the profile names; "" leaves it to the relay."""

    def area(size: str) -> int:
        wide, _, high = size.partition("x")
        return int(wide) * int(high) if wide.isdecimal() and high.isdecimal() else 2**62

    sizes = dialect.choices.get("image", {}).get("size", ())
    return min(sizes, key=area, default="")


def _hello() -> ChatRequest:
    return ChatRequest(messages=(ChatMessage(role="user", content=WORD),), max_tokens=ANSWER_TOKENS)


def _one_line(dialect: Dialect) -> FileUploadRequest:
    """A batch of one request."""
    body = {
        "model": dialect.models.chat,
        "messages": [{"role": "user", "content": WORD}],
        "max_tokens": ANSWER_TOKENS,
    }
    line = {
        "custom_id": "parley-test",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body,
    }
    content = msgspec.json.encode(line) + b"\n"
    return FileUploadRequest(content=content, filename="parley-test.jsonl", purpose="batch")


def _training_file() -> FileUploadRequest:
    turns = [{"role": "user", "content": WORD}, {"role": "assistant", "content": "Hello."}]
    content = (msgspec.json.encode({"messages": turns}) + b"\n") * LESSONS
    return FileUploadRequest(content=content, filename="parley-test.jsonl", purpose="fine-tune")


def _of(usage: Usage) -> Spent:
    return Spent(**structs.asdict(usage))


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= SHOWN_CHARS else f'"{line[:SHOWN_CHARS]}…"'
