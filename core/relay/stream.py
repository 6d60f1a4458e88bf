"""A streamed answer from bytes, as relays send it in practice. Pure."""

from collections.abc import Iterable, Iterator
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


class _Delta(Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(Struct, gc=False):
    """A chat tells its text in `delta`, or like a whole answer in `message`; a completion in
    `text`."""

    delta: _Delta | None = None
    message: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    usage: TokenCount | None = None
    index: int | None = None


class _Event(Struct, gc=False):
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
        self._texts: list[str] = []
        self._reasonings: list[str] = []
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

    def feed(self, data: bytes) -> Iterable[Chunk]:
        """What these bytes complete, as one chunk at most: each costs its reader a step.

        Raises RelayError, after the text that came before the error.
        """
        try:
            for line in self._lines.split(data):
                if line or self._held:
                    self._read(line)
            if self._lines.overlong:
                raise self._too_long("a line")
        except RelayError as error:
            return _raising(error, self._fresh())
        return self._fresh()

    def finish(self) -> Iterator[Chunk]:
        """What was left in the last line, then the closing chunk with reason and usage.

        Raises RelayCut if nothing proved the answer whole, RelayGarbage if it
        was no stream at all.
        """
        self._read_rest(self._lines.rest())
        yield from self._fresh()
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

    def _read(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            data = line[5:].strip()
            if self._held:
                self._keep(data, self._held)
            elif data == b"[DONE]":
                self._end()
            elif data and not self.done:
                try:
                    self._take(data)
                except UNREADABLE as error:
                    self._hold(data, error)
        elif not line:
            self._take_held()
        elif not self._events and not self.done and not line.startswith(_FIELDS):
            self._keep(line, self._strange)

    def _hold(self, data: bytes, error: Exception) -> None:
        """What is no JSON alone may be the first of several lines."""
        if _is_json(data):
            raise self._unreadable(data) from error
        self._keep(data, self._held)

    def _take_held(self) -> None:
        """An event of several lines of data."""
        data = b"\n".join(self._held)
        self._held.clear()
        self._kept_bytes = 0
        try:
            self._take(data)
        except UNREADABLE as error:
            raise self._unreadable(data) from error

    def _read_rest(self, tail: bytes) -> None:
        """A last line or event without its end is whole if it can be read, else it was cut."""
        if tail:
            self._read(tail)
        if not self._held:
            return
        try:
            self._take(b"\n".join(self._held))
        except UNREADABLE as error:
            if not self.whole:
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

    def _take(self, data: bytes) -> None:
        """Raises what msgspec raises for bytes that are no event."""
        if self._reduced and data.startswith(b"["):
            self._take_reduced(read_reduced(data))
            return
        event = _EVENT.decode(data)
        self._events += 1
        self._bare = False
        if event.error or event.code or event.choices is None:
            self._refuse(data, event)
        if not self._model:
            self._model = event.model or ""
        if event.usage:
            self._count = event.usage
        for choice in event.choices or ():
            if not choice.index:
                self._choose(choice)
                return

    def _take_reduced(self, event: Reduced) -> None:
        self._events += 1
        self._texts.append(event.text)
        if event.complaint:
            raise refusal(self._origin, 200, event.complaint)
        if event.ends:
            self._finish_reason = "stop"

    def _choose(self, choice: _Choice) -> None:
        if choice.usage:
            self._count = choice.usage
        if choice.finish_reason:
            self._finish_reason = choice.finish_reason
        delta = choice.delta or choice.message or _NOTHING
        if text := delta.content or choice.text:
            self._texts.append(text)
        if delta.reasoning_content:
            self._reasonings.append(delta.reasoning_content)

    def _fresh(self) -> tuple[Chunk, ...]:
        """What was said since the last chunk."""
        text = "".join(self._texts)
        reasoning = "".join(self._reasonings) if self._reasonings else ""
        if not text and not reasoning:
            return ()
        self._said.append(text)
        self._texts.clear()
        self._reasonings.clear()
        return (Chunk(text=text, reasoning=reasoning, model=self._model),)

    def _usage(self) -> Usage:
        count, answer = self._count, "".join(self._said)
        if count:
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
        """Raises for an event that tells of an error, unless the answer was proved whole before."""
        complaint = complaint_of(msgspec.json.decode(data), envelope=self._origin.envelope)
        if complaint is None and event.error:
            complaint = Complaint()
        if complaint is not None and not self.whole:
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
            complaint = complaint_of(msgspec.json.decode(body), envelope=self._origin.envelope)
        except UNREADABLE:
            complaint = None
        if complaint is not None:
            return refusal(self._origin, 200, complaint)
        return self._origin.garbage("no event stream", self._origin.excerpt(body))


def _raising(error: RelayError, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    yield from chunks
    raise error


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except UNREADABLE:
        return False
    return True
