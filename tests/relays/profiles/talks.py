"""Talks as a bot has them, and a judge's word on what is sent of them."""

from typing import Any

import msgspec
from hypothesis import strategies as st
from starlette.datastructures import Headers

from bots.sandbox.dialects.dialect import Asked, Dialect
from core.request import ChatMessage, ChatRequest

ROW = "POST /v1/chat/completions"

SIGNS = st.text(alphabet="问答你好世界 aZ9😀👩‍👩‍👧🇨🇳é，。\n", min_size=1, max_size=6)
TEXTS = st.builds(lambda signs, times: signs * times, SIGNS, st.integers(1, 250)).filter(
    lambda text: bool(text.strip())
)

PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=8)


def talk(
    persona: str,
    pairs: list[tuple[str, str]],
    question: str,
    temperature: float | None = None,
) -> ChatRequest:
    """As the bot puts it together: a persona or none, pairs, a question."""
    system = [ChatMessage(role="system", content=persona)] if persona else []
    said = [
        message
        for asked, answer in pairs
        for message in (
            ChatMessage(role="user", content=asked),
            ChatMessage(role="assistant", content=answer),
        )
    ]
    messages = (*system, *said, ChatMessage(role="user", content=question))
    return ChatRequest(messages=messages, temperature=temperature)


def judged(body: bytes, judge: Dialect) -> list[dict[str, Any]]:
    """The messages, if the judge takes them. Raises Refusal."""
    fields = msgspec.json.decode(body)
    asked = Asked(row=ROW, fields=fields, headers=Headers(), key="sk-1")
    for check in judge.calls[ROW].checks:
        check(asked)
    messages: list[dict[str, Any]] = fields["messages"]
    return messages
