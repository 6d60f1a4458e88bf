"""A streamed answer from bytes, as relays send it in practice (relays/README). Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from core.errors import RelayCut, RelayError
from core.relay.decode import TokenCount
from core.relay.failure import UNREADABLE, Complaint, Origin, complaint_of, read_complaint, refusal
from core.request import ChatRequest
from core.response import Chunk
from core.tokens import estimated_usage


class _Delta(Struct):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None
    usage: TokenCount | None = None
    index: int = 0


class _Event(Struct):
    choices: list[_Choice] | None = None
    model: str | None = None
    usage: TokenCount | None = None
    error: Any = None


_EVENT = msgspec.json.Decoder(_Event, strict=False)
_BOM = b"\xef\xbb\xbf"


class StreamDecoder:
    """Fed with bytes cut anywhere, gives chunks of text or reasoning.

    A line that starts with `data:` is an event of its own, whether or not a
    blank line follows it; other lines are keep-alives or fields of no use here.
    `line_bytes` bounds what is held while a line is not at its end.
    """

    def __init__(self, request: ChatRequest, origin: Origin, line_bytes: int = 2**20) -> None:
        self._request = request
        self._origin = origin
        self._line_bytes = line_bytes
        self._tail = b""
        self._said: list[str] = []
        self._model = ""
        self._finish_reason = ""
        self._count: TokenCount | None = None
        self._events = 0
        self._strange = b""
        self.done = False
        """`[DONE]` was read: nothing of use follows."""

    @property
    def whole(self) -> bool:
        """Whether the answer is proved whole. `[DONE]` proves nothing: middlemen send it too."""
        return bool(self._finish_reason)

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """The chunks that these bytes complete, to be taken to the end. Raises RelayError."""
        *lines, self._tail = (self._tail + data).split(b"\n")
        for line in lines:
            self._measure(line)
            chunk = self._read(line)
            if chunk is not None:
                yield chunk
        self._measure(self._tail)

    def finish(self) -> Iterator[Chunk]:
        """What was left in the last line, then the closing chunk with reason and usage.

        Raises RelayCut if nothing proved the answer whole, RelayGarbage if it
        was no stream at all.
        """
        tail, self._tail = self._tail, b""
        rest = self._read_rest(tail) if tail and not self.whole else None
        if rest is not None:
            yield rest
        if not self._events and not self.done:
            raise self._no_stream()
        if not self.whole:
            raise self.cut()
        count = self._count
        usage = count.usage() if count else estimated_usage(self._request, "".join(self._said))
        yield Chunk(finish_reason=self._finish_reason, model=self._model, usage=usage)

    def cut(self) -> RelayCut:
        got = f"the stream from {self._origin.path} ended before its finish_reason"
        return RelayCut(self._origin.message(got, "Ask again; what came was billed."))

    def _measure(self, line: bytes) -> None:
        if len(line) > self._line_bytes:
            raise self._origin.garbage(f"a line of over {self._line_bytes} bytes")

    def _read(self, line: bytes) -> Chunk | None:
        if line.startswith(b"data:"):
            event = line[5:].strip()
            if event == b"[DONE]":
                self.done = True
            elif event and not self.done:
                return self._take(event)
        elif not self._events and not self._strange and line.strip():
            return self._read_strange(line)
        return None

    def _read_strange(self, line: bytes) -> Chunk | None:
        if line.startswith(_BOM):
            return self._read(line.removeprefix(_BOM))
        if not line.startswith((b":", b"event:", b"id:", b"retry:")):
            self._strange = line
        return None

    def _read_rest(self, tail: bytes) -> Chunk | None:
        """A last line without its end is whole if it can be read, else the stream was cut."""
        event = tail[5:].strip()
        if tail.startswith(b"data:") and event != b"[DONE]" and not _is_json(event):
            raise self.cut()
        return self._read(tail)

    def _take(self, data: bytes) -> Chunk | None:
        try:
            event = _EVENT.decode(data)
        except UNREADABLE as error:
            raise self._origin.garbage(
                "an event that is no JSON of a chunk", self._origin.excerpt(data)
            ) from error
        self._events += 1
        if event.error:
            raise refusal(self._origin, 200, complaint_of({"error": event.error}) or Complaint())
        self._model = self._model or event.model or ""
        self._count = event.usage or self._count
        first = next((choice for choice in event.choices or () if choice.index == 0), None)
        return self._choose(first) if first else None

    def _choose(self, choice: _Choice) -> Chunk | None:
        self._count = choice.usage or self._count
        self._finish_reason = choice.finish_reason or self._finish_reason
        text = choice.delta.content or ""
        reasoning = choice.delta.reasoning_content or ""
        if text:
            self._said.append(text)
        if not text and not reasoning:
            return None
        return Chunk(text=text, reasoning=reasoning, model=self._model)

    def _no_stream(self) -> RelayError:
        complaint = read_complaint(self._strange)
        if _is_json(self._strange) and complaint.message:
            return refusal(self._origin, 200, complaint)
        return self._origin.garbage("no event stream", self._origin.excerpt(self._strange))


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
