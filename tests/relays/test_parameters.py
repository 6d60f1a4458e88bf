"""A call's parameters as a profile has them: left out, renamed, bounded, chosen among."""

import json
from typing import Any

import pytest

from core.errors import RelayInvalid, RelayTooLarge
from core.relay.dialect import Dialect, Overlay, Range
from core.relay.encode import Encoder
from core.relay.profile import load_dialect
from core.request import (
    CompletionRequest,
    EmbeddingRequest,
    ImageRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
)
from tests.relays.stage import ask, dialect


def sent(request: Request, profile: Dialect) -> Any:
    return json.loads(Encoder(profile, "main").encode(request).body)


def test_a_forbidden_parameter_is_left_out() -> None:
    profile = dialect(forbidden={"embedding": ("dimensions",)})
    body = sent(EmbeddingRequest(inputs=("a",), dimensions=8), profile)
    assert body == {"model": "text-embedding-3-small", "input": "a"}


def test_a_parameter_goes_by_its_other_name() -> None:
    profile = dialect(renames={"chat": {"max_tokens": "max_completion_tokens"}})
    body = sent(ask(max_tokens=5), profile)
    assert body["max_completion_tokens"] == 5
    assert "max_tokens" not in body


def test_a_models_own_rules_lie_upon_its_relays() -> None:
    profile = dialect(
        renames={"chat": {"max_tokens": "tokens"}},
        ranges={"chat": {"temperature": Range(max=1)}},
        overlays={
            "o*": Overlay(
                renames={"max_tokens": "max_completion_tokens"},
                forbidden=("top_p",),
                ranges={"temperature": Range(min=1, max=1, clamp=True)},
            )
        },
    )
    asked = {"max_tokens": 5, "top_p": 0.5, "temperature": 0.5}
    plain, own = sent(ask(model="m", **asked), profile), sent(ask(model="o9", **asked), profile)
    assert (plain["tokens"], plain["top_p"], plain["temperature"]) == (5, 0.5, 0.5)
    assert (own["max_completion_tokens"], own["temperature"]) == (5, 1)
    assert not {"tokens", "max_tokens", "top_p"} & set(own)


@pytest.mark.parametrize(("given", "goes"), [(1.7, 1.0), (-0.5, 0.0), (0.4, 0.4)])
def test_a_number_is_brought_to_the_nearest_bound_where_the_profile_says_so(
    given: float, goes: float
) -> None:
    assert sent(ask(temperature=given), load_dialect("rcouyi"))["temperature"] == goes


def test_a_clamped_whole_number_stays_whole_and_a_clamped_list_keeps_its_beginning() -> None:
    ranges = {"n": Range(max=3, clamp=True), "stop": Range(max=2, clamp=True)}
    body = sent(ask(n=9, stop=("a", "b", "c")), dialect(ranges={"chat": ranges}))
    assert (body["n"], body["stop"]) == (3, ["a", "b"])
    assert isinstance(body["n"], int)


@pytest.mark.parametrize(
    ("request_", "profile", "words", "params"),
    [
        (ask(n=2), "aiwhistle", "n: expected at most 1, got 2", ("2", "1")),
        (ask(n=6), "rcouyi", "n: expected at most 5, got 6", ("6", "5")),
        (
            ask(temperature=2.5),
            "zhizengzeng",
            r"temperature: expected at most 2, got 2\.5",
            ("2.5", "2"),
        ),
        (
            ask(stop=("a", "b", "c", "d", "e")),
            "zhizengzeng",
            "stop: expected at most 4 entries, got 5",
            ("5", "4"),
        ),
        (
            CompletionRequest(prompt="a", logprobs=6),
            "zhizengzeng",
            "logprobs: expected at most 5, got 6",
            ("6", "5"),
        ),
        (
            SpeechRequest(text="a", speed=4.5),
            "rcouyi",
            r"speed: expected at most 4, got 4\.5",
            ("4.5", "4"),
        ),
        (
            TranscriptionRequest(audio=b"a", filename="a.mp3", temperature=1.5),
            "zhizengzeng",
            r"temperature: expected at most 1, got 1\.5",
            ("1.5", "1"),
        ),
    ],
)
def test_what_is_over_a_relays_bound_is_refused_with_limit_value_and_remedy(
    request_: Request, profile: str, words: str, params: tuple[str, str]
) -> None:
    with pytest.raises(RelayTooLarge, match=f'relay "main": .*{words}. Lower it') as caught:
        sent(request_, load_dialect(profile))
    assert (caught.value.params["got"], caught.value.params["limit"]) == params


def test_what_is_under_a_relays_bound_is_refused() -> None:
    with pytest.raises(RelayInvalid, match="penalty: expected at least -2, got -3"):
        sent(ask(presence_penalty=-3), load_dialect("zhizengzeng"))


@pytest.mark.parametrize(
    ("request_", "profile", "words"),
    [
        (
            ImageRequest(prompt="cat", size="1792x1024"),
            "zhizengzeng",
            "size: expected one of 256x256, 512x512, 1024x1024, got 1792x1024",
        ),
        (
            SpeechRequest(text="a", voice="zh-CN-XiaoxiaoMultilingualNeural"),
            "rcouyi",
            "voice: expected one of alloy, .*shimmer, got zh-CN-X",
        ),
        (
            SpeechRequest(text="a", response_format="wav"),
            "rcouyi",
            "response_format: expected one of mp3, opus, aac, flac, got wav",
        ),
    ],
)
def test_what_is_not_among_a_relays_choices_is_refused_with_them(
    request_: Request, profile: str, words: str
) -> None:
    with pytest.raises(RelayInvalid, match=words):
        sent(request_, load_dialect(profile))


def test_what_a_relay_takes_goes_as_it_is() -> None:
    body = sent(ask(temperature=2, n=1, stop=("a", "b", "c", "d")), load_dialect("zhizengzeng"))
    assert (body["temperature"], body["stop"]) == (2, ["a", "b", "c", "d"])
    assert sent(ImageRequest(prompt="cat", size="512x512"), load_dialect("zhizengzeng")) == {
        "prompt": "cat",
        "size": "512x512",
    }


def test_every_parameter_of_a_chat_goes_by_openais_name() -> None:
    body = sent(
        ask(
            n=2,
            stop=("x",),
            top_p=0.9,
            presence_penalty=0.1,
            frequency_penalty=-0.1,
            temperature=0,
        ),
        dialect(),
    )
    del body["messages"], body["model"]
    assert body == {
        "n": 2,
        "stop": ["x"],
        "top_p": 0.9,
        "presence_penalty": 0.1,
        "frequency_penalty": -0.1,
        "temperature": 0,
    }
