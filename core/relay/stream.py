"""A streamed answer from bytes, as relays send it in practice (relays/README). Pure."""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from core.errors import RelayCut, RelayError
from core.relay.decode import TokenCount
from core.relay.events import EventLines
from core.relay.failure import UNREADABLE, Complaint, Origin, complaint_of, refusal
from core.relay.reduced import Reduced, read_reduced
from core.request import ChatRequest, CompletionRequest
from core.response import Chunk, Usage
from core.tokens import estimate_tokens, estimated_usage

StreamForm: TypeAlias = Literal["events", "reduced"]
Streamed: TypeAlias = ChatRequest | CompletionRequest


class _Delta(Struct):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(Struct):
    """A chat tells its text in `delta`, a completion in `text`."""

    delta: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    usage: TokenCount | None = None
    index: int | None = None


class _Event(Struct):
    choices: list[_Choice] | None = None
    model: str | None = None
    usage: TokenCount | None = None
    error: Any = None
    code: Any = None


_NOTHING = _Delta()
_EVENT = msgspec.json.Decoder(_Event, strict=False)
_FIELDS = (b":", b"event:", b"id:", b"retry:")


class StreamDecoder:
    """Fed with bytes cut anywhere, gives chunks of text or reasoning.

    A line that starts with `data:` is an event of its own, whether or not a
    blank line follows it, unless it is no JSON alone: then the data lines up to
    the next blank one are. Other lines are keep-alives or fields of no use here.
    `line_bytes` bounds what is held of a line or an event before its end.
    `form` "reduced" takes both forms: a relay may not heed what it was asked for.
    """

    def __init__(
        self,
        request: Streamed,
        origin: Origin,
        line_bytes: int = 2**20,
        form: StreamForm = "events",
    ) -> None:
        self._request = request
        self._origin = origin
        self._line_bytes = line_bytes
        self._lines = EventLines(line_bytes)
        self._reduced = form == "reduced"
        self._bare = self._reduced
        self._held: list[bytes] = []
        self._kept_bytes = 0
        self._said: list[str] = []
        self._model = ""
        self._finish_reason = ""
        self._count: TokenCount | None = None
        self._events = 0
        self._strange: list[bytes] = []
        self.done = False
        """`[DONE]` was read: nothing of use follows."""

    @property
    def whole(self) -> bool:
        """Whether the answer is proved whole. `[DONE]` proves nothing: middlemen send it too.

        Only a reduced completion has no other proof.
        """
        return bool(self._finish_reason)

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """The chunks that these bytes complete, to be taken to the end. Raises RelayError."""
        for line in self._lines.split(data):
            chunk = self._read(line)
            if chunk is not None:
                yield chunk
        if self._lines.overlong:
            raise self._too_long("a line")

    def finish(self) -> Iterator[Chunk]:
        """What was left in the last line, then the closing chunk with reason and usage.

        Raises RelayCut if nothing proved the answer whole, RelayGarbage if it
        was no stream at all.
        """
        rest = self._read_rest(self._lines.rest())
        if rest is not None:
            yield rest
        if not self.whole:
            raise self.cut() if self._events or self.done else self._no_stream()
        yield Chunk(finish_reason=self._finish_reason, model=self._model, usage=self._usage())

    def cut(self) -> RelayCut:
        proof = "finish_reason"
        if self._bare:
            proof = "[{}]" if isinstance(self._request, ChatRequest) else "[DONE]"
        got = f"the stream from {self._origin.path} ended before its {proof}"
        return RelayCut(self._origin.message(got, "Ask again; what came was billed."))

    # -- lines -----------------------------------------------------------------

    def _read(self, line: bytes) -> Chunk | None:
        if line.startswith(b"data:"):
            return self._read_data(line[5:].strip())
        if not line:
            return self._take_held() if self._held else None
        if not self._events and not self.done and not line.startswith(_FIELDS):
            self._keep(line, self._strange)
        return None

    def _read_data(self, data: bytes) -> Chunk | None:
        if self.done or not data:
            return None
        if self._held:
            self._keep(data, self._held)
            return None
        if data == b"[DONE]":
            self._end()
            return None
        try:
            return self._take(data)
        except UNREADABLE as error:
            if _is_json(data):
                raise self._unreadable(data) from error
            self._keep(data, self._held)
            return None

    def _take_held(self) -> Chunk | None:
        """An event of several lines of data."""
        data = b"\n".join(self._held)
        self._held.clear()
        self._kept_bytes = 0
        try:
            return self._take(data)
        except UNREADABLE as error:
            raise self._unreadable(data) from error

    def _read_rest(self, tail: bytes) -> Chunk | None:
        """A last line or event without its end is whole if it can be read, else it was cut."""
        chunk = self._read(tail) if tail else None
        if not self._held:
            return chunk
        try:
            return self._take(b"\n".join(self._held))
        except UNREADABLE as error:
            if self.whole:
                return None
            raise self.cut() from error

    def _keep(self, line: bytes, among: list[bytes]) -> None:
        among.append(line)
        self._kept_bytes += len(line)
        if self._kept_bytes > self._line_bytes:
            raise self._too_long("an event")

    def _end(self) -> None:
        self.done = True
        if self._bare and isinstance(self._request, CompletionRequest):
            self._finish_reason = self._finish_reason or "stop"

    # -- events ----------------------------------------------------------------

    def _take(self, data: bytes) -> Chunk | None:
        """Raises what msgspec raises for bytes that are no event."""
        if self._reduced and data.startswith(b"["):
            return self._take_reduced(read_reduced(data))
        event = _EVENT.decode(data)
        self._events += 1
        self._bare = False
        if event.error or event.code or event.choices is None:
            self._refuse(data, event)
        self._model = self._model or event.model or ""
        self._count = event.usage or self._count
        for choice in event.choices or ():
            if not choice.index:
                return self._choose(choice)
        return None

    def _take_reduced(self, event: Reduced) -> Chunk | None:
        self._events += 1
        if event.complaint:
            raise refusal(self._origin, 200, event.complaint)
        if event.ends:
            self._finish_reason = "stop"
        return self._say(event.text, "")

    def _choose(self, choice: _Choice) -> Chunk | None:
        self._count = choice.usage or self._count
        self._finish_reason = choice.finish_reason or self._finish_reason
        delta = choice.delta or _NOTHING
        return self._say(delta.content or choice.text or "", delta.reasoning_content or "")

    def _say(self, text: str, reasoning: str) -> Chunk | None:
        if text:
            self._said.append(text)
        elif not reasoning:
            return None
        return Chunk(text=text, reasoning=reasoning, model=self._model)

    def _usage(self) -> Usage:
        count, answer = self._count, "".join(self._said)
        if count is not None and count != TokenCount():
            return count.usage()
        if isinstance(self._request, ChatRequest):
            return estimated_usage(self._request, answer)
        return Usage(
            prompt_tokens=estimate_tokens(self._request.prompt),
            completion_tokens=estimate_tokens(answer),
            estimated=True,
        )

    # -- errors ----------------------------------------------------------------

    def _refuse(self, data: bytes, event: _Event) -> None:
        """Raises for an event that tells of an error."""
        complaint = complaint_of(msgspec.json.decode(data))
        if complaint is None and event.error:
            complaint = Complaint()
        if complaint is not None:
            raise refusal(self._origin, 200, complaint)

    def _unreadable(self, data: bytes) -> RelayError:
        return self._origin.garbage(
            "an event that is no JSON of a chunk", self._origin.excerpt(data)
        )

    def _too_long(self, what: str) -> RelayError:
        return self._origin.garbage(f"{what} of over {self._line_bytes} bytes")

    def _no_stream(self) -> RelayError:
        """A body without events: an error as a whole where it is one."""
        body = b"\n".join(self._strange)
        try:
            complaint = complaint_of(msgspec.json.decode(body))
        except UNREADABLE:
            complaint = None
        if complaint is not None:
            return refusal(self._origin, 200, complaint)
        return self._origin.garbage("no event stream", self._origin.excerpt(body))


def together(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """What one read brought as one chunk: each further step of a stream costs its reader.

    An error that follows text in the same read comes after it.
    """
    texts: list[str] = []
    reasons: list[str] = []
    model = ""
    failure: RelayError | None = None
    try:
        for chunk in chunks:
            texts.append(chunk.text)
            reasons.append(chunk.reasoning)
            model = chunk.model
    except RelayError as error:
        failure = error
    if texts:
        yield Chunk(text="".join(texts), reasoning="".join(reasons), model=model)
    if failure:
        raise failure


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except UNREADABLE:
        return False
    return True
