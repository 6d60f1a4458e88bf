"""The most that a call may come to: never less than what a relay can count."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from core.amounts import Amounts
from core.bot import Bot
from core.expense import expense
from core.model import Address, Media, Message, Spend, Text
from core.ports.ledger import Kind
from core.price import Price
from core.quota.estimate import (
    MESSAGE_TOKENS,
    PICTURE_TOKENS,
    amounts,
    first_tokens,
    longest_s,
    most_of,
    prompt_tokens,
    text_tokens,
)
from core.request import ChatMessage, ChatRequest, Picture
from core.route import Intent, Talk, Transcribe
from core.sound.encode import Codec, encode, to_amr
from core.sound.pcm import Pcm, duration_s
from core.tokens import estimate_tokens

CLIPS = sorted((Path(__file__).parents[1] / "clips").glob("*.ogg"))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
HEARD = Spend(kind="transcription", relay="", model="w", at=NOW)
NARROW = Codec(container="ogg", name="libopus", rate_hz=48_000, bits_per_s=6_000)
PICTURE = Picture(content=b"png", mime="image/png")


def chat(*texts: str, pictures: int = 0, max_tokens: int | None = None) -> ChatRequest:
    messages = (ChatMessage(role="user", content=text) for text in texts)
    seen = ChatMessage(role="user", content="", pictures=(PICTURE,) * pictures)
    return ChatRequest(messages=(*messages, seen), max_tokens=max_tokens)


@given(text=st.text())
def test_no_message_is_estimated_at_more_than_is_reserved_for_it(text: str) -> None:
    assert estimate_tokens(text) <= prompt_tokens(chat(text)) - MESSAGE_TOKENS


@pytest.mark.parametrize(("text", "tokens"), [("tea", 3), ("你好", 6), ("🎉", 4), ("\ud83c", 3)])
def test_what_is_not_latin_has_several_bytes_a_character(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


def test_a_prompt_is_its_texts_its_pictures_and_what_each_message_takes_besides() -> None:
    assert prompt_tokens(chat("tea", "你好")) == 3 + 6 + 3 * MESSAGE_TOKENS
    assert prompt_tokens(chat(pictures=2)) == 2 * PICTURE_TOKENS + MESSAGE_TOKENS


@given(persona=st.text(), text=st.text())
def test_a_talks_first_prompt_is_no_less_than_what_it_turns_out_to_be(
    persona: str, text: str
) -> None:
    said = (
        ChatMessage(role="system", content=persona),
        ChatMessage(role="user", content=text),
    )
    assert first_tokens(persona, text) >= prompt_tokens(ChatRequest(messages=said))


def test_the_longest_answer_is_what_was_asked_for() -> None:
    asked = Spend(kind="chat", relay="", model="m", at=NOW)
    assert most_of(asked, chat("tea", max_tokens=64)).completion_tokens == 64
    assert most_of(asked, chat("tea")).completion_tokens == 0


@pytest.mark.parametrize(("told", "most"), [(0.0, 0), (0.2, 2), (1.54, 3), (2.0, 3), (2.001, 4)])
def test_a_recording_may_be_a_second_longer_than_it_is_and_its_last_one_counts_whole(
    told: float, most: float
) -> None:
    """Relays bill whole seconds, and may see a frame more than there is."""
    assert most_of(structs.replace(HEARD, audio_s=told), None).audio_s == most


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.stem)
def test_no_recording_lasts_longer_than_its_size_lets_it(clip: Path) -> None:
    content = clip.read_bytes()
    assert longest_s(content) >= duration_s(content)
    assert longest_s(to_amr(content)) >= duration_s(content)


def test_nor_does_one_of_the_lowest_quality() -> None:
    sound = Pcm(rate_hz=16_000, samples=bytes(range(256)) * 1250)
    assert longest_s(encode(sound, NARROW)) >= sound.duration_s


CAT = Message(
    id="m",
    key="k",
    address=Address(platform="qq", bot="b", chat="c", sender="amy"),
    parts=(Text(text="/image a cat"),),
    sent_at=NOW,
)
PARROT = Bot(name="b", platform="qq", persona="You are a parrot.")
SPEECH = Transcribe(speech=Media(kind="voice", remote="v", mime="audio/ogg", duration_s=2.5))


@pytest.mark.parametrize(
    ("kind", "intent", "figures"),
    [
        ("image", Talk(text=""), {"images": 1}),
        ("speech", Talk(text=""), {"characters": len("/image a cat")}),
        ("transcription", SPEECH, {"audio_s": 2.5}),
        ("transcription", Talk(text=""), {"audio_s": 0}),
        (
            "chat",
            Talk(text=""),
            {
                "prompt_tokens": first_tokens(PARROT.persona, "/image a cat"),
                "completion_tokens": 64,
            },
        ),
    ],
)
def test_a_claim_reserves_the_first_call_as_it_would_be_with_nothing_before_it(
    kind: Kind, intent: Intent, figures: dict[str, float]
) -> None:
    asked = Spend(kind=kind, relay="", model="", at=NOW)
    assert expense(kind, intent, CAT, PARROT, 64, NOW) == structs.replace(asked, **figures)


def test_of_no_known_price_no_dollars_are_reserved_and_all_the_rest_is() -> None:
    asked = structs.replace(HEARD, prompt_tokens=3, completion_tokens=4, images=2, audio_s=1.5)
    rest = Amounts(tokens=7, images=2, audio_ms=1500)
    assert amounts(asked, None) == rest
    assert amounts(asked, Price(image=0.5)) == rest.plus(Amounts(nano_usd=10**9))
