"""What a request may hold, checked before it is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RelayInvalid, RelayTooLarge, RelayUnsupported
from core.relay.dialect import DefaultModels, Limits, Overlay
from core.relay.encode import Encoder
from core.relay.limits import (
    LEAST_ANSWER_TOKENS,
    check_limits,
    check_window,
    fit_window,
    wrong_line,
)
from core.relay.profile import load_dialect
from core.request import (
    CompletionRequest,
    EditRequest,
    EmbeddingRequest,
    FileUploadRequest,
    FineTuneCreateRequest,
    ImageRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
)
from core.tokens import estimate_tokens
from tests.relays.stage import ask, dialect

LINE = b'{"custom_id":"1"}\n'


def encode(request: Request, profile: str, **more: bool) -> None:
    Encoder(load_dialect(profile), "main").encode(request, boundary="b", **more)


@pytest.mark.parametrize("language", ["chinese", "ZH", "zh-CN", "中文"])
def test_a_language_that_is_no_iso_639_1_code_is_refused(language: str) -> None:
    heard = TranscriptionRequest(audio=b"RIFF", filename="a.wav", language=language)
    with pytest.raises(RelayInvalid, match='two letters of ISO-639-1, as in "zh"'):
        encode(heard, "openai")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ask("hi", n=0), "1 or more, got 0"),
        (CompletionRequest(prompt="hi", n=0), "1 or more, got 0"),
        (ImageRequest(prompt="cat", n=-1), "1 or more, got -1"),
        (ImageRequest(prompt=" "), "a picture's prompt, got no words"),
        (SpeechRequest(text="\n"), "a text to speak, got no words"),
    ],
    ids=str,
)
def test_nothing_is_not_asked_for(request_: Request, expected: str) -> None:
    with pytest.raises(RelayInvalid, match=expected):
        encode(request_, "openai")


def test_a_relay_that_takes_no_batches_refuses_their_file_before_it_is_sent() -> None:
    file = FileUploadRequest(content=LINE, filename="a.jsonl", purpose="batch")
    with pytest.raises(RelayInvalid, match="one of fine-tune"):
        encode(file, "zhizengzeng")


# -- windows -------------------------------------------------------------------


def test_a_prompt_and_its_answer_must_fit_the_models_window_together() -> None:
    within = ask("字" * 4096, model="gpt-4", max_tokens=4096)
    encode(within, "rcouyi")
    over = ask("字" * 4096, model="gpt-4", max_tokens=4097)
    with pytest.raises(
        RelayTooLarge, match=r"at most 8192 .*4096 .* and 4097 of max_tok"
    ) as caught:
        encode(over, "rcouyi")
    assert caught.value.params == {"got": 8193, "limit": 8192}
    encode(ask("字" * 9000, model="bing"), "rcouyi")


@given(text=st.text(max_size=300), window=st.integers(300, 5000), most=st.integers(1, 5000))
def test_an_answer_that_may_be_shorter_is_as_long_as_the_window_lets_it(
    text: str, window: int, most: int
) -> None:
    request = ask(text, max_tokens=most, lower=True)
    fitted = fit_window(request, window)
    assert fitted.max_tokens is not None
    assert min(most, LEAST_ANSWER_TOKENS) <= fitted.max_tokens <= most
    if estimate_tokens(text) + LEAST_ANSWER_TOKENS <= window:
        check_window(fitted, window, "main")
    assert fit_window(ask(text, max_tokens=most), window).max_tokens == most
    assert fit_window(request, "unlimited") == request


def test_a_completions_window_holds_prompt_and_suffix() -> None:
    request = CompletionRequest(prompt="字" * 3000, suffix="字" * 1000, max_tokens=97)
    with pytest.raises(RelayTooLarge, match=r"gpt-3.5-turbo-instruct"):
        encode(request, "openai")


@given(text=st.text(max_size=60), room=st.integers(0, 90), asked=st.none() | st.integers(0, 90))
def test_a_window_is_kept_by_the_estimate_whatever_the_text(
    text: str, room: int, asked: int | None
) -> None:
    request = ask(text, max_tokens=asked)
    fits = estimate_tokens(text) + (asked or 0) <= room
    try:
        check_window(request, room, "main")
    except RelayTooLarge:
        assert not fits
    else:
        assert fits


def test_a_window_is_kept_where_a_text_has_more_tokens_than_characters() -> None:
    with pytest.raises(RelayTooLarge, match="got 23"):
        check_window(ask("字a" * 10), 20, "main")


# -- embeddings ----------------------------------------------------------------


def test_each_text_to_embed_has_its_own_limit() -> None:
    encode(EmbeddingRequest(inputs=("字" * 8191, "字" * 8191)), "openai")
    with pytest.raises(RelayTooLarge, match=r"at most 8191 tokens .* got 8192") as caught:
        encode(EmbeddingRequest(inputs=("a", "字" * 8192)), "openai")
    assert caught.value.params == {"got": 8192, "limit": 8191}


def test_nothing_and_too_many_texts_are_not_embedded() -> None:
    with pytest.raises(RelayInvalid, match="at least one input"):
        encode(EmbeddingRequest(inputs=()), "openai")
    with pytest.raises(RelayTooLarge, match="at most 2048 inputs to embed, got 2049"):
        encode(EmbeddingRequest(inputs=("a",) * 2049), "openai")


# -- files ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (LINE * 3, 0),
        (LINE * 2 + b'{"a":1}', 0),
        (b'{"a":1}\r\n{"b":2}\r\n', 0),
        ('{"a":"\u2028"}\n'.encode() * 2, 0),
        (b"", 1),
        (b"\n", 1),
        (LINE + b"[1]\n", 2),
        (LINE + b"\n" + LINE, 2),
        (LINE + b'{"a":\n1}\n', 2),
        (LINE * 2 + b"{'a': 1}\n", 3),
        (LINE + b'{"a":"\xff"}\n', 2),
        (b"\xef\xbb\xbf" + LINE, 1),
        (b"[" * 100_000, 1),
    ],
)
def test_the_first_line_that_is_no_json_object_is_told(content: bytes, line: int) -> None:
    assert wrong_line(content) == line


def test_a_file_that_is_no_json_lines_is_refused_by_its_line() -> None:
    request = FileUploadRequest(content=LINE + b"oh\n", filename="in.jsonl", purpose="batch")
    with pytest.raises(RelayInvalid, match=r"in.jsonl: expected JSON Lines.* in line 2"):
        encode(request, "openai")


def test_a_batchs_file_has_a_limit_of_its_own() -> None:
    limits = Limits(batch_bytes=2 * len(LINE), file_bytes=3 * len(LINE))

    def check(lines: int, purpose: str) -> None:
        request = FileUploadRequest(content=LINE * lines, filename="a", purpose=purpose)  # type: ignore[arg-type]
        check_limits(request, limits, "main")

    check(2, "batch")
    check(3, "fine-tune")
    with pytest.raises(RelayTooLarge, match="at most 36 bytes of a batch's file, got 54"):
        check(3, "batch")
    with pytest.raises(RelayTooLarge, match="at most 54 bytes of a file, got 72"):
        check(4, "fine-tune")


def test_burnhairs_batch_has_ten_megabytes() -> None:
    content = b'{"a":"' + b"x" * 10_485_760 + b'"}'
    with pytest.raises(RelayTooLarge, match="at most 10485760 bytes"):
        encode(FileUploadRequest(content=content, filename="a", purpose="batch"), "burnhair-2024")


def test_a_fine_tuned_models_suffix_has_a_length() -> None:
    encode(FineTuneCreateRequest(training_file="f", model="m", suffix="x" * 40), "zhizengzeng")
    with pytest.raises(RelayTooLarge, match="at most 40 characters of suffix, got 41"):
        encode(FineTuneCreateRequest(training_file="f", model="m", suffix="x" * 41), "zhizengzeng")


# -- best_of -------------------------------------------------------------------


@pytest.mark.parametrize(("n", "best_of", "fine"), [(1, 2, True), (2, 2, False), (3, 2, False)])
def test_the_best_are_taken_of_more_than_are_asked_for(n: int, best_of: int, fine: bool) -> None:
    request = CompletionRequest(prompt="a", n=n, best_of=best_of)
    if fine:
        encode(request, "zhizengzeng")
        return
    with pytest.raises(RelayInvalid, match=f"more than n, which is {n}, got 2"):
        encode(request, "zhizengzeng")


def test_the_best_are_not_streamed() -> None:
    with pytest.raises(RelayInvalid, match="none in a stream"):
        encode(CompletionRequest(prompt="a", best_of=2), "zhizengzeng", stream=True)


# -- models --------------------------------------------------------------------


def sent_model(request: Request, **profile: object) -> bytes:
    return Encoder(dialect(**profile), "main").encode(request).body


def test_a_call_takes_its_profiles_model_unless_it_names_one() -> None:
    assert b'"model":"gpt-4o-mini"' in sent_model(ask())
    assert b'"model":"own"' in sent_model(ask(model="own"))


def test_a_model_that_may_be_left_out_is_left_out() -> None:
    body = sent_model(ask(), models=DefaultModels(chat=""), model_optional=("chat",))
    assert b"model" not in body


def test_a_model_that_must_be_named_is_asked_for_by_its_setting() -> None:
    with pytest.raises(RelayInvalid, match=r"chat: expected a model.*\[routes\].*models\.chat"):
        sent_model(ask(), models=DefaultModels(chat=""))
    with pytest.raises(RelayInvalid, match=r"edit: expected a model, got none.*models\.edit"):
        sent_model(EditRequest(instruction="a"), models=DefaultModels(edit=""))
    with pytest.raises(RelayInvalid, match=r"fine_tune_create: .*Name it in the call"):
        sent_model(FineTuneCreateRequest(training_file="f", model=""))


def test_a_model_that_is_announced_and_off_is_not_asked() -> None:
    with pytest.raises(RelayUnsupported, match="gpt-4 is announced and not available") as caught:
        encode(ask(model="gpt-4"), "aiwhistle")
    assert caught.value.params["call"] == "chat"
    encode(ask(model="gpt-3.5-turbo"), "aiwhistle")


def test_an_exact_name_counts_before_every_glob() -> None:
    overlays = {"gpt*": Overlay(off=True), "gpt-4o": Overlay()}
    assert sent_model(ImageRequest(prompt="cat", model="gpt-4o"), overlays=overlays)
    with pytest.raises(RelayUnsupported):
        sent_model(ImageRequest(prompt="cat", model="gpt-image-1"), overlays=overlays)
