"""Requests as relays' own pages print them."""

import email
import email.policy
import json
from base64 import b64encode
from typing import Any

import pytest

from core.errors import RelayInvalid
from core.relay.dialect import Dialect, Limits
from core.relay.encode import Encoder, Outbound, with_model
from core.relay.limits import check_limits
from core.relay.multipart import safe_filename
from core.relay.profile import load_dialect
from core.request import (
    ChatMessage,
    ChatRequest,
    ImageRequest,
    KeyQuotaRequest,
    ModelsRequest,
    Picture,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from tests.relays.stage import PNG, ask, dialect, payload

BURNHAIR = load_dialect("burnhair")


def encode(request: Request, profile: Dialect = BURNHAIR, **more: Any) -> Outbound:
    return Encoder(profile, "main").encode(request, **more)


def sent(request: Request, **more: Any) -> Any:
    return json.loads(encode(request, more.pop("profile", BURNHAIR), **more).body)


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        (
            "burnhair_chat_request.json",
            ask("重复我说的话：我，V，谨庄严宣誓。", model="gpt-3.5-turbo", temperature=0.7),
        ),
        (
            "rcouyi_chat_request.json",
            ask("Say this is a test!", model="gpt-3.5-turbo", temperature=0.7),
        ),
        (
            "burnhair_images_request.json",
            ImageRequest(prompt="a white siamese cat", model="dall-e-3", size="1024x1024"),
        ),
        ("burnhair_speech_request.json", SpeechRequest(text="Hello world")),
        ("rcouyi_speech_request.json", SpeechRequest(text="你好啊")),
    ],
)
def test_the_documented_requests_are_sent_as_documented(name: str, request_: Request) -> None:
    shown = json.loads(payload(name))
    assert sent(request_) == {
        field: shown[field] for field in shown if (field, shown[field]) != ("n", 1)
    }


def test_only_what_was_given_is_sent() -> None:
    body = sent(ask("hi", max_tokens=5, user="hash"))
    assert body == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 5,
        "user": "hash",
    }


def test_a_stream_asks_for_its_usage_where_the_relay_may_be_asked() -> None:
    assert sent(ask(), stream=True)["stream_options"] == {"include_usage": True}
    silent = sent(ask(), stream=True, profile=dialect(stream_usage=False))
    assert silent["stream"] is True
    assert "stream_options" not in silent


def test_pictures_travel_as_data_urls_behind_the_text() -> None:
    question = ChatMessage(
        role="user", content="What?", pictures=(Picture(content=PNG, mime="image/png"),)
    )
    (message,) = sent(ChatRequest(messages=(question,)))["messages"]
    url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert message["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]


def test_a_persona_travels_as_a_system_message_or_folded() -> None:
    request = ChatRequest(
        messages=(
            ChatMessage(role="system", content="Be brief. "),
            ChatMessage(role="user", content="one"),
            ChatMessage(role="assistant", content="two"),
            ChatMessage(role="user", content="three"),
        )
    )
    assert [m["role"] for m in sent(request)["messages"]][:2] == ["system", "user"]
    folded = sent(request, profile=dialect(persona="fold"))["messages"]
    assert [m["role"] for m in folded] == ["user", "assistant", "user"]
    assert folded[0]["content"] == "Be brief. one"


def test_models_that_do_not_know_the_usual_voice_get_their_own() -> None:
    assert sent(SpeechRequest(text="hi", model="tts-az-1"))["voice"].startswith("zh-CN-Xiaoxiao")
    assert sent(SpeechRequest(text="hi", model="tts-az-1", voice="mine"))["voice"] == "mine"


def test_speech_says_format_and_speed_where_they_differ() -> None:
    body = sent(SpeechRequest(text="hi", response_format="opus", speed=1.5))
    assert (body["response_format"], body["speed"]) == ("opus", 1.5)


def parts(request: Request) -> dict[str, Any]:
    """The upload as Python's own MIME parser reads it."""
    out = encode(request, boundary="0123456789abcdef")
    head = f"Content-Type: {out.content_type}\r\n\r\n".encode()
    parsed = email.message_from_bytes(head + out.body, policy=email.policy.HTTP)
    return {part.get_param("name", header="content-disposition"): part for part in parsed.walk()}


def test_an_upload_is_read_back_by_another_parser() -> None:
    audio = bytes(range(256)) * 4 + b"\r\n--0123\r\n"
    told = parts(
        TranscriptionRequest(
            audio=audio, filename="voice.OGG", language="zh", prompt="名字：\r\n小明"
        )
    )
    assert told["file"].get_payload(decode=True) == audio
    assert told["file"].get_filename() == "audio.ogg"
    del told["file"], told[None]
    fields = {name: part.get_payload(decode=True).decode() for name, part in told.items()}
    assert fields["model"] == "whisper-1"
    assert fields["language"] == "zh"
    assert fields["prompt"] == "名字：\r\n小明"
    assert fields["response_format"] == "json"


def test_translation_sends_no_language() -> None:
    told = parts(TranslationRequest(audio=b"a", filename="a.mp3"))
    assert set(told) == {None, "model", "response_format", "file"}


@pytest.mark.parametrize(
    ("given", "sent_"),
    [
        ("a.mp3", "audio.mp3"),
        ('x"; name="evil.wav', "audio.wav"),
        ("语音.m4a", "audio.m4a"),
        ("none", "audio"),
        ("line.mp3\r\nX: y", "audio"),
    ],
)
def test_filenames_carry_their_ending_and_nothing_else(given: str, sent_: str) -> None:
    assert safe_filename(given) == sent_


@pytest.mark.parametrize(
    ("request_", "call", "method"),
    [
        (ModelsRequest(), "models", "GET"),
        (UserStatRequest(), "user_stat", "GET"),
        (KeyQuotaRequest(), "key_quota", "GET"),
    ],
)
def test_questions_without_a_body(request_: Request, call: str, method: str) -> None:
    out = encode(request_)
    assert (out.call, out.method, out.body) == (call, method, b"")


def test_a_request_keeps_the_model_it_names() -> None:
    assert with_model(ask(), "routes").model == "routes"
    assert with_model(ask(model="own"), "routes").model == "own"


@pytest.mark.parametrize(
    ("request_", "got", "limit"),
    [
        (ImageRequest(prompt="𝄞" * 11), 11, 10),
        (ImageRequest(prompt="cat", n=3), 3, 2),
        (SpeechRequest(text="abcdef"), 6, 5),
        (TranscriptionRequest(audio=bytes(9), filename="a.mp3"), 9, 8),
        (TranslationRequest(audio=bytes(9), filename="a.mp3"), 9, 8),
    ],
)
def test_what_a_relay_would_not_take_is_refused_with_both_numbers(
    request_: Request, got: int, limit: int
) -> None:
    limits = Limits(image_prompt_chars=10, images=2, speech_chars=5, audio_bytes=8)
    with pytest.raises(RelayInvalid, match=f"at most {limit} .* got {got}") as caught:
        check_limits(request_, limits, "main")
    assert caught.value.params == {"got": got, "limit": limit}


def test_what_is_just_within_the_limits_passes() -> None:
    limits = Limits(image_prompt_chars=10, images=2, speech_chars=5, audio_bytes="unlimited")
    check_limits(ImageRequest(prompt="𝄞" * 10, n=2), limits, "main")
    check_limits(SpeechRequest(text="12345"), limits, "main")
    check_limits(TranscriptionRequest(audio=bytes(99), filename="a"), limits, "main")
