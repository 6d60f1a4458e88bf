"""What a call may come to at most, before it is made. Pure."""

from math import ceil

from msgspec import structs

from core.amounts import Amounts
from core.model import Spend
from core.ports.ledger import amounts_of
from core.price import Price
from core.request import ChatRequest

MESSAGE_TOKENS = 8
"""What a message of a prompt may take besides its text: OpenAI's chat format takes 3 or 4."""

PICTURE_TOKENS = 6_000
"""More than a picture takes with OpenAI's models, the small ones excepted that count it dearer:
https://platform.openai.com/docs/guides/images-vision, as known in November 2026."""

HEARD_BYTES_PER_S = 750
"""The least that a second of speech takes in any format that is taken: 6 kbit/s."""


def text_tokens(text: str) -> int:
    """No tokenizer makes more than a token of a byte."""
    return len(text.encode(errors="surrogatepass"))


def prompt_tokens(request: ChatRequest) -> int:
    return sum(
        MESSAGE_TOKENS + text_tokens(m.content) + PICTURE_TOKENS * len(m.pictures)
        for m in request.messages
    )


def first_tokens(persona: str, text: str) -> int:
    """Of a prompt that begins a talk."""
    return text_tokens(persona) + text_tokens(text) + 2 * MESSAGE_TOKENS


def longest_s(audio: bytes) -> float:
    return len(audio) / HEARD_BYTES_PER_S


def most_of(asked: Spend, prompt: ChatRequest | None) -> Spend:
    """The most that a call can be: a chat by its prompt, a recording with what relays round up.

    The longest answer is the request's `max_tokens`.
    """
    if prompt:
        tokens, longest = prompt_tokens(prompt), prompt.max_tokens or 0
        return structs.replace(asked, prompt_tokens=tokens, completion_tokens=longest)
    return structs.replace(asked, audio_s=ceil(asked.audio_s) + 1) if asked.audio_s else asked


def amounts(spend: Spend, price: Price | None) -> Amounts:
    """Of a call as it was asked, at a price; dollars are left out where none is known."""
    known = price.nano_usd(spend) if price else None
    return amounts_of(structs.replace(spend, nano_usd=known))
