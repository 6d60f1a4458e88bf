"""A chat request as it comes, and what can be seen in it."""

import base64
import binascii
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

from bots.sandbox.failure import Refusal
from bots.sandbox.header import Seen, look
from bots.sandbox.tokens import count_tokens

TOKENS_PER_MESSAGE = 4
TOKENS_PER_PICTURE = 85


class ImageUrl(Struct, frozen=True):
    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class TextPart(Struct, frozen=True, tag_field="type", tag="text"):
    text: str


class ImagePart(Struct, frozen=True, tag_field="type", tag="image_url"):
    image_url: ImageUrl


ContentPart: TypeAlias = TextPart | ImagePart


class ChatMessage(Struct, frozen=True):
    """One message; `content` may be null only where the assistant called a tool."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        match self.content:
            case str():
                return self.content
            case None:
                return ""
            case parts:
                return "\n".join(part.text for part in parts if isinstance(part, TextPart))

    @property
    def pictures(self) -> list[str]:
        """The picture parts' addresses."""
        if not isinstance(self.content, list):
            return []
        return [part.image_url.url for part in self.content if isinstance(part, ImagePart)]


class StreamOptions(Struct, frozen=True):
    include_usage: bool = False


class ChatRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/chat/completions; ranges as in OpenAI's API reference. The rest is ignored."""

    model: str
    messages: Annotated[list[ChatMessage], Meta(min_length=1)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=8)] | None = 1
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    user: str | None = None
    logit_bias: dict[str, float] | None = None
    response_format: dict[str, Any] | None = None

    @property
    def token_limit(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> list[str]:
        match self.stop:
            case None:
                return []
            case str():
                return [self.stop]
            case several:
                return several


class View(Struct, frozen=True, kw_only=True):
    """What the model is shown: the last question, how much came before it, the persona."""

    question: str
    turns: int
    characters: int
    first: str
    last: str
    persona: str
    pictures: tuple[Seen, ...]
    tokens: int


def view(request: ChatRequest) -> View:
    """Look at a request. Raises Refusal for a part that cannot be read."""
    talk = [message for message in request.messages if message.role in ("user", "assistant")]
    texts = [message.text for message in request.messages]
    _check(request.messages)
    addresses = [url for message in request.messages for url in message.pictures]
    asked = [message.text for message in talk if message.role == "user"]
    told = TOKENS_PER_MESSAGE * len(texts) + TOKENS_PER_PICTURE * len(addresses)
    return View(
        question=asked[-1] if asked else "",
        turns=len(talk),
        characters=sum(map(len, texts)),
        first=talk[0].text if talk else "",
        last=talk[-1].text if talk else "",
        persona="\n".join(
            message.text for message in request.messages if message.role in ("system", "developer")
        ),
        pictures=tuple(_picture(url) for url in addresses),
        tokens=told + sum(map(count_tokens, texts)),
    )


def view_of(prompt: str) -> View:
    """A bare prompt, seen as the one message of a talk."""
    return View(
        question=prompt,
        turns=1,
        characters=len(prompt),
        first=prompt,
        last=prompt,
        persona="",
        pictures=(),
        tokens=count_tokens(prompt),
    )


def _check(messages: list[ChatMessage]) -> None:
    for index, message in enumerate(messages):
        if message.content is None and message.role != "assistant":
            raise Refusal(
                400,
                f"'messages[{index}].content' of a {message.role} must be text or parts, got null.",
                code="invalid_value",
                param=f"messages[{index}].content",
            )


def _picture(url: str) -> Seen:
    """A linked picture is not fetched: the sandbox calls nobody."""
    if not url.startswith("data:"):
        return Seen(kind="link")
    _, _, encoded = url.partition(";base64,")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unreadable("its base64 is wrong") from error
    seen = look(content)
    if seen is None:
        raise _unreadable("expected a PNG, JPEG, GIF, WebP or BMP file")
    return seen


def _unreadable(reason: str) -> Refusal:
    return Refusal(
        400, f"A picture could not be read: {reason}.", code="invalid_image", param="messages"
    )
