"""What a fine-tuned model was taught: questions and their answers. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from bots.sandbox.failure import Refusal, decode
from bots.sandbox.jsonlines import split_lines
from bots.sandbox.prompt import ChatMessage
from bots.sandbox.tokens import count_tokens
from bots.sandbox.vectors import likeness, pieces

LEAST_EXAMPLES = 10
"""OpenAI's own minimum (its fine-tuning guide; checked 2026-11-21)."""

ALIKE = 0.8
"""From this likeness on a question counts as the one that was taught."""

COMPARED = 2000
"""Questions beyond these are known only word for word."""


class Example(Struct, frozen=True, kw_only=True):
    """One line of a training file."""

    messages: Annotated[list[ChatMessage], Meta(min_length=1)]


class Lessons:
    """Answers by their questions. `tokens` are those of one pass through the examples."""

    def __init__(self, examples: Sequence[Example]) -> None:
        pairs = [pair for example in examples for pair in _pairs(example)]
        self._answers = dict(pairs)
        self._compared = [(pieces(question), answer) for question, answer in pairs[:COMPARED]]
        self.tokens = sum(
            count_tokens(message.text) for example in examples for message in example.messages
        )

    def recall(self, question: str) -> str:
        """The answer taught for such a question; "" if none was."""
        exact = self._answers.get(question)
        if exact is not None:
            return exact
        asked = pieces(question)
        near = ((likeness(asked, taught), answer) for taught, answer in self._compared)
        nearest, answer = max(near, key=lambda found: found[0], default=(0.0, ""))
        return answer if nearest >= ALIKE else ""


def _pairs(example: Example) -> Iterator[tuple[str, str]]:
    for question, answer in pairwise(example.messages):
        if question.role == "user" and answer.role == "assistant":
            yield question.text, answer.text


def read_lessons(
    content: bytes, param: str = "training_file", least: int = LEAST_EXAMPLES
) -> Lessons:
    """Read a file of chats, given in the field `param`. Raises Refusal naming the line at fault."""
    decoder = msgspec.json.Decoder(Example)
    examples = [_example(number, line, decoder, param) for number, line in split_lines(content)]
    if len(examples) < least:
        raise _invalid(f"it has {len(examples)} examples, but needs at least {least}", param)
    return Lessons(examples)


def _example(
    number: int, line: bytes, decoder: msgspec.json.Decoder[Example], param: str
) -> Example:
    try:
        example = decode(line, decoder)
    except Refusal as refusal:
        raise _invalid(f"line {number}: {refusal.message.rstrip('.')}", param) from refusal
    if not any(answer for _, answer in _pairs(example)):
        raise _invalid(f"line {number} lacks an assistant's message that follows a user's", param)
    return example


def _invalid(reason: str, param: str) -> Refusal:
    return Refusal(
        400,
        f"The {param.replace('_', ' ')} cannot be used: {reason}.",
        code="invalid_file",
        param=param,
    )
