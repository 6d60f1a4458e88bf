"""Answers as relays' own pages print them, and as they come when things go wrong."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    RelayError,
    RelayForbidden,
    RelayGarbage,
    RelayUnavailable,
)
from core.picture import picture_mime
from core.relay.decode import decode_chat, decode_models
from core.relay.decode_media import (
    decode_images,
    decode_speech,
    decode_transcription,
    read_image,
)
from core.relay.magic import audio_mime
from core.relay.stat import decode_user_stat
from core.response import Usage
from tests.relays.stage import ORIGIN, PNG, WAV, ask, payload


@pytest.mark.parametrize(
    ("name", "text", "usage"),
    [
        ("rcouyi_chat.json", "This is a test!", Usage(prompt_tokens=13, completion_tokens=5)),
        ("aiwhistle_chat.json", "This is a test!", Usage(prompt_tokens=14, completion_tokens=5)),
        ("zhizengzeng_chat.json", "1+100=101", Usage(prompt_tokens=470, completion_tokens=198)),
    ],
)
def test_the_documented_chat_answers(name: str, text: str, usage: Usage) -> None:
    chat = decode_chat(payload(name), ask(), ORIGIN)
    assert (chat.text, chat.finish_reason, chat.usage) == (text, "stop", usage)


def chat_body(message: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"choices": [{"message": message, **more}]}).encode()


def test_usage_inside_the_choice_counts() -> None:
    body = chat_body({"content": "a"}, usage={"prompt_tokens": 4, "completion_tokens": None})
    assert decode_chat(body, ask(), ORIGIN).usage == Usage(prompt_tokens=4)


def test_usage_told_nowhere_is_estimated_from_both_sides() -> None:
    chat = decode_chat(chat_body({"content": "你好"}), ask("three small words"), ORIGIN)
    assert chat.usage == Usage(prompt_tokens=4, completion_tokens=2, estimated=True)


def test_reasoning_is_kept_apart_and_null_content_is_no_text() -> None:
    chat = decode_chat(chat_body({"content": None, "reasoning_content": "Hm."}), ask(), ORIGIN)
    assert (chat.text, chat.reasoning) == ("", "Hm.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"null",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{"message":{"content":["x"]}}]}',
        b'{"choices":[{"message":{"content":"\xff"}}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_chat_answer_is_garbage(body: bytes) -> None:
    with pytest.raises(RelayGarbage, match=r'relay "main".*/v1/chat/completions'):
        decode_chat(body, ask(), ORIGIN)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"message":"x","code":"insufficient_user_quota"}}', RelayForbidden),
        (b'{"error":{"message":"x","type":"server_error"},"choices":[]}', RelayUnavailable),
        (b'{"success":false,"message":"x"}', RelayUnavailable),
        (b'{"error":"x"}', RelayUnavailable),
    ],
)
def test_an_error_that_comes_as_success_is_an_error(body: bytes, kind: type[RelayError]) -> None:
    with pytest.raises(kind, match=r"\(x\)"):
        decode_chat(body, ask(), ORIGIN)
    with pytest.raises(kind):
        decode_speech(body, "application/json", ORIGIN)


def test_the_documented_models() -> None:
    models = decode_models(payload("burnhair_models.json"), ORIGIN).models
    assert [model.id for model in models][:2] == ["gpt-3.5-turbo", "gpt-4-32k-0613"]
    assert models[0].owned_by == "system"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("burnhair_transcription.json", "so that they know"),
        ("rcouyi_transcription.json", "Imagine the wildest"),
        ("zhizengzeng_translation.json", "Hello, my name is Wolfgang"),
    ],
)
def test_the_documented_transcriptions(name: str, start: str) -> None:
    assert decode_transcription(payload(name), ORIGIN).text.startswith(start)


def test_silence_is_an_empty_transcription_and_no_text_at_all_is_garbage() -> None:
    assert decode_transcription(b'{"text":""}', ORIGIN).text == ""
    with pytest.raises(RelayGarbage):
        decode_transcription(b'{"result":"x"}', ORIGIN)


def test_pictures_come_inline_as_links_or_as_data_urls() -> None:
    inline = b64encode(PNG).decode()
    body = json.dumps(
        {
            "data": [
                {"b64_json": inline, "revised_prompt": "a nicer cat"},
                {"url": "https://cdn.test/cat.png"},
                {"url": f"data:image/png;base64,{inline}"},
            ]
        }
    )
    pictures, revised = decode_images(body.encode(), ORIGIN)
    assert pictures == [PNG, "https://cdn.test/cat.png", PNG]
    assert revised == "a nicer cat"


@pytest.mark.parametrize("data", [[], [{"b64_json": "%%%"}]])
def test_pictures_that_are_none_are_garbage(data: list[Any]) -> None:
    with pytest.raises(RelayGarbage):
        decode_images(json.dumps({"data": data}).encode(), ORIGIN)


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89a rest", "image/gif"),
        (b"RIFF0000WEBPVP8 ", "image/webp"),
        (WAV, ""),
        (b"<svg onload=alert(1)>", ""),
        (b"", ""),
    ],
)
def test_a_pictures_type_is_told_by_its_first_bytes(content: bytes, mime: str) -> None:
    assert picture_mime(content) == mime


def test_a_page_in_place_of_a_picture_is_garbage() -> None:
    with pytest.raises(RelayGarbage, match="no PNG"):
        read_image(b"<html>expired</html>", ORIGIN)


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (WAV, "audio/wav"),
        (b"OggS\x00", "audio/ogg"),
        (b"fLaC\x00", "audio/flac"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf3\x40\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (PNG, ""),
        (b"\xff", ""),
    ],
)
def test_a_sounds_type_is_told_by_its_first_bytes(content: bytes, mime: str) -> None:
    assert audio_mime(content) == mime


def test_speech_without_a_mark_is_what_the_relay_calls_it() -> None:
    assert decode_speech(b"\x00\x01", "audio/pcm", ORIGIN).mime == "audio/pcm"
    assert decode_speech(WAV, "application/octet-stream", ORIGIN).mime == "audio/wav"
    with pytest.raises(RelayGarbage):
        decode_speech(b"\x00\x01", "text/html", ORIGIN)
    with pytest.raises(RelayGarbage):
        decode_speech(b"", "audio/mpeg", ORIGIN)


def test_the_documented_user_stat() -> None:
    stat = decode_user_stat(payload("burnhair_user_stat.json"), ["sk-bNd123475a"], b"k", ORIGIN)
    first, second = stat.tokens
    assert first.created_at == datetime(2024, 5, 7, 19, 5, 58, tzinfo=UTC)
    assert first.last_used_at == datetime(2024, 6, 24, 16, 0, 33, tzinfo=UTC)
    assert first.expires_at is None
    assert (first.name, first.status, first.last4) == ("status", "enabled", "466d")
    assert (first.remain_quota, first.used_quota, first.unlimited) == (2171914, 2828086, True)
    assert (second.name, second.remain_quota) == ("鸭梨", -6319582)
    assert [token.own for token in stat.tokens] == [False, True]
    account = stat.account
    assert account.free_quota + account.bonus_quota + account.paid_quota == account.total_quota
    assert (account.used_quota, account.request_count) == (967381, 108359)


def test_token_keys_are_kept_as_keyed_hashes_alone() -> None:
    body = payload("burnhair_user_stat.json")
    mine = decode_user_stat(body, [], b"my hash key", ORIGIN)
    yours = decode_user_stat(body, [], b"your hash key", ORIGIN)
    assert "YZ1213" not in str(mine)
    assert mine.tokens[0].key_hash != yours.tokens[0].key_hash
    assert not any(token.own for token in mine.tokens)


def test_an_own_key_is_known_with_and_without_its_prefix() -> None:
    body = payload("burnhair_user_stat.json")
    assert decode_user_stat(body, ["bNd123475a"], b"k", ORIGIN).tokens[1].own


@pytest.mark.parametrize(
    ("old", "new"), [(b"2024-05-07 19:05:58", b"yesterday"), (b'"user":', b'"account":')]
)
def test_a_stat_of_another_form_is_garbage(old: bytes, new: bytes) -> None:
    with pytest.raises(RelayGarbage):
        decode_user_stat(payload("burnhair_user_stat.json").replace(old, new), [], b"k", ORIGIN)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "error", "usage", "data", "text"]),
            inner,
            max_size=4,
        )
    ),
)


@given(ANYTHING.map(json.dumps).map(str.encode) | st.binary(max_size=50))
def test_any_body_is_an_answer_or_a_relay_error(body: bytes) -> None:
    readers = (
        lambda: decode_chat(body, ask(), ORIGIN),
        lambda: decode_images(body, ORIGIN),
        lambda: decode_models(body, ORIGIN),
        lambda: decode_transcription(body, ORIGIN),
        lambda: decode_speech(body, "application/json", ORIGIN),
        lambda: decode_user_stat(body, [], b"k", ORIGIN),
    )
    answers = 0
    for read in readers:
        try:
            read()
        except RelayError:
            continue
        answers += 1
    assert answers <= len(readers) - 1  # speech is never JSON
