"""ai-whistle, as its pages have it (November 2026).

`Reduce-Stream: true` beside `stream: true` makes a stream bare. gpt-4 and gpt-4-0314 are
announced, and off: they are answered as models that do not exist.
"""

import re

from msgspec import structs

from bots.sandbox.dialects.checks import a_key, given, number, refusal, roles
from bots.sandbox.dialects.dialect import Asked, Dialect, Events, Rules, Told

EDITS = "POST /v1/edits"

_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")


def names(asked: Asked) -> None:
    for message in asked.fields["messages"]:
        name = message.get("name")
        if name is not None and not _NAME.fullmatch(str(name)):
            raise refusal("messages", "a name of 1 to 64 of a-z, A-Z, 0-9 and _", name)


def reduces(asked: Asked) -> bool:
    return asked.headers.get("reduce-stream", "").lower() == "true"


def chat_events(asked: Asked) -> Events:
    return bare_chat if reduces(asked) else every


def completion_events(asked: Asked) -> Events:
    return bare_completion if reduces(asked) else every


def every(chunk: Told | None) -> list[object]:
    return [] if chunk is None else [chunk]


def bare_chat(chunk: Told | None) -> list[object]:
    """Each chunk's delta alone, in an array; an empty one ends the answer."""
    deltas = [choice["delta"] for choice in chunk["choices"]] if chunk else []
    filled = [{name: value for name, value in delta.items() if value} for delta in deltas]
    return [filled] if filled else []


def bare_completion(chunk: Told | None) -> list[object]:
    """Each chunk's text alone, in an array; nothing but `[DONE]` ends the answer."""
    texts = [choice["text"] for choice in chunk["choices"] if choice["text"]] if chunk else []
    return [texts] if texts else []


DIALECT = Dialect(
    name="aiwhistle",
    admit=a_key,
    calls={
        "POST /v1/chat/completions": Rules(
            models=("gpt-3.5-turbo", "gpt-3.5-turbo-0301"),
            checks=(roles("system", "user", "assistant"), names, number("n", 1, 1)),
            events=chat_events,
        ),
        "POST /v1/completions": Rules(
            models=(
                "text-ada-001",
                "text-babbage-001",
                "text-curie-001",
                "text-davinci-002",
                "text-davinci-003",
            ),
            checks=(given("prompt"), number("n", 1, 1)),
            events=completion_events,
        ),
        EDITS: Rules(
            models=("code-davinci-edit-001", "text-davinci-edit-001"),
            checks=(given("instruction"), number("n", 1, 1)),
        ),
        "POST /v1/embeddings": Rules(
            models=(
                "text-embedding-ada-002",
                "text-similarity-ada-001",
                "text-similarity-curie-001",
            ),
            checks=(given("input"),),
        ),
    },
)


def with_doubled_edits() -> Dialect:
    """Its page's path taken at its word: the usual one answers 404."""
    return structs.replace(DIALECT, elsewhere={EDITS: "/v1/edits/v1/edits"})
