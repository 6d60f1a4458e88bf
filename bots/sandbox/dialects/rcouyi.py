"""rcouyi, as its pages have it (November 2026).

A stream's usage stands in its last choice, unasked. GPT-4's window stands for the others: the
page gives it as its example.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from bots.sandbox.dialects.checks import (
    a_key,
    chars,
    figure_of,
    given,
    heard,
    number,
    one_of,
    refusal,
    roles,
)
from bots.sandbox.dialects.dialect import Asked, Dialect, Rules, Told
from bots.sandbox.dialects.listing import listed
from bots.sandbox.failure import Refusal
from bots.sandbox.tokens import count_tokens

CHAT_MODELS = (
    "gpt-3.5-turbo",
    "gpt-4",
    "gpt-4-1106-preview",
    "gpt-4-all",
    "gpt-4-vision-preview",
    "bing",
    "claude-2.1",
    "gemini-pro",
    "chatglm_pro",
    "SparkDesk",
    "qwen-plus",
    "ERNIE-Bot-4",
)
SPEECH_MODELS = ("tts-1", "tts-1-hd")
VOICES = ("alloy", "echo", "fable", "onyx", "nova", "shimmer")
SPEECH_FORMATS = ("mp3", "opus", "aac", "flac")
SPEECH_CHARS = 4_096
WINDOWS_TOKENS = {"gpt-4": 8_192}
NEAR_0 = 0.05
"""Its page says "near 0" and no number."""


def several_need_warmth(asked: Asked) -> None:
    """More than one answer at a temperature near 0 would be the same one."""
    several = (figure_of(asked.fields.get("n")) or 1) > 1
    temperature = figure_of(asked.fields.get("temperature"))
    if several and temperature is not None and temperature < NEAR_0:
        raise refusal("n", "1 with a temperature near 0", asked.fields["n"])


def within_window(asked: Asked) -> None:
    """Input and `max_tokens` together."""
    window = WINDOWS_TOKENS.get(asked.fields.get("model", ""))
    limit = figure_of(asked.fields.get("max_tokens"))
    if window is None or limit is None:
        return
    tokens = sum(count_tokens(_text(message)) for message in asked.fields["messages"])
    if tokens + limit > window:
        raise Refusal(
            400,
            f"This model's maximum context length is {window} tokens, and you asked for "
            f"{tokens + limit:g}: {tokens} in the messages, {limit:g} in the completion.",
            code="context_length_exceeded",
            param="messages",
        )


def _text(message: Mapping[str, Any]) -> str:
    match message["content"]:
        case str(text):
            return text
        case parts:
            return "\n".join(part.get("text", "") for part in parts)


def with_usage(fields: Told) -> Told:
    """Streams tell their usage, asked or not."""
    return {**fields, "stream_options": {"include_usage": True}} if fields.get("stream") else fields


class UsageInChoice:
    """Holds the closing choice back until its usage is there, and sends both as one."""

    def __init__(self, asked: Asked) -> None:
        del asked
        self._last: Told | None = None

    def __call__(self, chunk: Told | None) -> list[object]:
        held, self._last = self._last, None
        if chunk is None:
            return [held] if held else []
        usage = chunk.pop("usage", None)
        if usage and held:
            held["choices"][0]["usage"] = usage
            return [held]
        before: list[object] = [held] if held else []
        if chunk["choices"] and chunk["choices"][0]["finish_reason"]:
            self._last = chunk
            return before
        return [*before, chunk]


CHAT = Rules(
    models=CHAT_MODELS,
    checks=(
        roles("system", "user", "assistant"),
        number("temperature", 0, 1),
        number("n", 1, 5),
        several_need_warmth,
        within_window,
    ),
    adapt=with_usage,
    events=UsageInChoice,
)

DIALECT = Dialect(
    name="rcouyi",
    admit=a_key,
    calls={
        "GET /v1/models": listed(*CHAT_MODELS, *SPEECH_MODELS, "whisper-1"),
        "POST /v1/chat/completions": CHAT,
        "POST /v1/audio/speech": Rules(
            models=SPEECH_MODELS,
            checks=(
                given("input", "voice"),
                chars("input", SPEECH_CHARS),
                one_of("voice", VOICES),
                one_of("response_format", SPEECH_FORMATS),
                number("speed", 0.25, 4.0),
            ),
        ),
        "POST /v1/audio/transcriptions": Rules(models=("whisper-1",), checks=heard()),
    },
)


def without_usage() -> Dialect:
    """As some of its vendors have it: no usage, whole or streamed."""
    chat = structs.replace(CHAT, adapt=_asking_none, answer=_telling_none, events=None)
    return structs.replace(DIALECT, calls={**DIALECT.calls, "POST /v1/chat/completions": chat})


def _asking_none(fields: Told) -> Told:
    return {name: value for name, value in fields.items() if name != "stream_options"}


def _telling_none(asked: Asked, told: Told) -> Told:
    del asked
    return {name: value for name, value in told.items() if name != "usage"}
