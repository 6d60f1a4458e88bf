"""Where a relay's form is OpenAI's, the official client is content with the sandbox's."""

from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from bots.sandbox.dialects.dialect import dialect_named
from tests.sandbox.dialects import AT_A_LOOK
from tests.sandbox.server import Sandbox, sandbox

HEARERS = ("burnhair", "burnhair-2024", "rcouyi", "oneapi")
TALKERS = (*HEARERS, "aiwhistle")


@pytest.fixture(scope="module", params=TALKERS)
def relay(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with sandbox(dialect=dialect_named(request.param), jobs=AT_A_LOOK) as made:
        yield made


def client_of(relay: Sandbox, key: str = "sk-any-key") -> OpenAI:
    return OpenAI(base_url=relay.base_url, api_key=key, max_retries=0, timeout=20)


def test_a_chat_whole_and_streamed_says_the_same(relay: Sandbox) -> None:
    with client_of(relay) as client:
        whole = client.chat.completions.create(
            model="gpt-3.5-turbo", messages=[{"role": "user", "content": "count to 5"}]
        )
        stream = client.chat.completions.create(
            model="gpt-3.5-turbo", messages=[{"role": "user", "content": "count to 5"}], stream=True
        )
        chunks = list(stream)
    assert whole.choices[0].message.content == "1 2 3 4 5"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "1 2 3 4 5"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert whole.usage is not None


def test_a_model_that_is_not_there_is_an_error_of_the_client(relay: Sandbox) -> None:
    with client_of(relay) as client, pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(
            model="gpt-99", messages=[{"role": "user", "content": "count to 5"}]
        )
    assert caught.value.status_code in (404, 503)


@pytest.mark.parametrize("name", HEARERS)
def test_models_are_listed_and_texts_spoken(name: str) -> None:
    with sandbox(dialect=dialect_named(name)) as relay, client_of(relay) as client:
        assert "tts-1" in {model.id for model in client.models.list()}
        sound = client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")
        assert len(sound.content) > 1_000


def test_a_key_that_is_used_up_is_told_as_one_api_tells_it() -> None:
    with (
        sandbox(dialect=dialect_named("oneapi")) as relay,
        client_of(relay, "sk-used-up") as client,
        pytest.raises(openai.AuthenticationError, match="该令牌额度已用尽"),
    ):
        client.models.list()
