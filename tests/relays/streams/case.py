"""One stream as bytes, and what must be made of it however they are cut."""

from dataclasses import dataclass

import msgspec

from core.errors import RelayError
from core.relay.stream import StreamDecoder, Streamed, StreamForm
from core.request import ChatMessage, ChatRequest, CompletionRequest
from core.response import Usage
from tests.relays.stage import ORIGIN

CHAT = ChatRequest(messages=(ChatMessage(role="user", content="two words"),))
COMPLETION = CompletionRequest(prompt="two words")


@dataclass(frozen=True, kw_only=True)
class Heard:
    """`error` is the error's class and a word of its message, both empty for a whole answer."""

    text: str = ""
    reasoning: str = ""
    reason: str = ""
    usage: Usage | None = None
    model: str = ""
    error: type[RelayError] | None = None
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    stream: bytes
    heard: Heard
    request: Streamed = CHAT
    form: StreamForm = "events"

    def hear(self, *pieces: bytes) -> Heard:
        decoder = StreamDecoder(self.request, ORIGIN, 4000, form=self.form)
        texts: list[str] = []
        reasonings: list[str] = []
        try:
            for piece in pieces:
                for chunk in decoder.feed(piece):
                    texts.append(chunk.text)
                    reasonings.append(chunk.reasoning)
            *rest, last = decoder.finish()
        except RelayError as error:
            told = self.heard.told if self.heard.told in str(error) else str(error)
            return Heard(
                text="".join(texts), reasoning="".join(reasonings), error=type(error), told=told
            )
        return Heard(
            text="".join(texts) + "".join(chunk.text for chunk in rest),
            reasoning="".join(reasonings) + "".join(chunk.reasoning for chunk in rest),
            reason=last.finish_reason,
            usage=last.usage,
            model=last.model,
        )


def estimated(answer_tokens: int) -> Usage:
    """The prompt of both requests has two words: 2.6 tokens, rounded up."""
    return Usage(prompt_tokens=3, completion_tokens=answer_tokens, estimated=True)


TOLD = Usage(prompt_tokens=7, completion_tokens=9)
USAGE = {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16}


def said(
    text: str,
    tokens: int | None = None,
    *,
    reason: str = "stop",
    model: str = "m",
    usage: Usage | None = None,
) -> Heard:
    """A whole answer; `tokens` is its length where the relay told no usage."""
    counted = estimated(tokens) if tokens is not None else usage or TOLD
    return Heard(text=text, reason=reason, usage=counted, model=model)


def failed(error: type[RelayError], told: str = "", *, after: str = "") -> Heard:
    return Heard(text=after, error=error, told=told)


def line(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def chat(**choice: object) -> bytes:
    """One chunk of a chat whose first choice is as given."""
    return line({"model": "m", "choices": [{"index": 0, **choice}]})


def completion(text: str | None, reason: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
    return line({"model": "m", "choices": [choice], **more})
