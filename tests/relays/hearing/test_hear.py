"""A recording's way to a relay over real sockets: what is sent, again, and in which order."""

import pytest

from core import sound
from core.errors import (
    RelayError,
    RelayInvalid,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
)
from core.relay.dialect import Limits
from core.relay.hearing import hear, refuses_format
from core.relay.transport import Transport
from core.request import TranscriptionRequest, TranslationRequest
from tests.relays.hearing.ears import Sent, hearing, refused, said
from tests.relays.hearing.recordings import clip, flac, wav

THREE = ("garden.ogg", "letter.ogg", "market.ogg")
CUT = {"limits": Limits(audio_s=5)}

REFUSALS = [
    (400, "Invalid file format. Supported formats: ['mp3', 'wav']"),
    (400, "The audio file could not be decoded or its format is not supported."),
    (400, "不支持的音频格式"),
    (415, "No."),
]


def spoken(audio: bytes, name: str = "voice.ogg", **more) -> TranscriptionRequest:
    return TranscriptionRequest(audio=audio, filename=name, **more)


def only(*forms: str):
    """A relay that takes these formats; its refusal is OpenAI's."""

    def say(sent: Sent) -> tuple[int, bytes]:
        taken = sound.sniff(sent.audio) in forms
        return said("heard") if taken else refused("Invalid file format.")

    return say


async def test_a_short_recording_is_sent_once_as_it_is(transport: Transport) -> None:
    async with hearing(transport, lambda _: said("heard")) as (relay, sent):
        audio = clip()
        assert (await hear(relay, spoken(audio, language="en"))).text == "heard"
    assert [(one.filename, one.audio) for one in sent] == [("audio.ogg", audio)]
    assert sent[0].fields["language"] == "en"
    assert "prompt" not in sent[0].fields


@pytest.mark.parametrize("write", [sound.to_amr, sound.to_silk])
async def test_the_voices_of_qq_and_wechat_arrive_as_mp3(transport: Transport, write) -> None:
    async with hearing(transport, only("mp3")) as (relay, sent):
        heard = await hear(relay, spoken(write(clip()), "voice.amr"))
    assert heard.text == "heard"
    assert [one.filename for one in sent] == ["audio.mp3"]
    assert heard.duration_s == pytest.approx(2.2, abs=0.1)


@pytest.mark.parametrize(("status", "words"), REFUSALS)
@pytest.mark.parametrize("form", ["ogg", "flac"])
async def test_a_format_that_is_refused_goes_again_as_mp3_and_is_remembered(
    transport: Transport, form: str, status: int, words: str
) -> None:
    audio = clip() if form == "ogg" else flac("garden.ogg")

    def say(sent: Sent) -> tuple[int, bytes]:
        if sound.sniff(sent.audio) == "mp3":
            return said("heard")
        return refused(words, status)

    async with hearing(transport, say) as (relay, sent):
        assert (await hear(relay, spoken(audio))).text == "heard"
        assert relay.dialect.audio_refused == (form,)
        await hear(relay, spoken(audio))
    assert [one.filename for one in sent] == [f"audio.{form}", *["audio.mp3"] * 2]


async def test_a_recording_that_is_refused_as_mp3_too_teaches_nothing(
    transport: Transport,
) -> None:
    async with hearing(transport, only()) as (relay, sent):
        with pytest.raises(RelayInvalid, match="Invalid file format"):
            await hear(relay, spoken(clip()))
    assert len(sent) == 2
    assert relay.dialect.audio_refused == ()


async def test_an_mp3_that_goes_again_is_made_anew_and_teaches_nothing(
    transport: Transport,
) -> None:
    broken = sound.to_mp3(clip())

    def say(sent: Sent) -> tuple[int, bytes]:
        return refused("Invalid file format.") if sent.audio == broken else said("heard")

    async with hearing(transport, say) as (relay, sent):
        assert (await hear(relay, spoken(broken))).text == "heard"
    assert [one.filename for one in sent] == ["audio.mp3"] * 2
    assert relay.dialect.audio_refused == ()


async def test_a_recording_that_only_looks_like_one_ends_with_the_relays_own_words(
    transport: Transport,
) -> None:
    async with hearing(transport, only()) as (relay, sent):
        with pytest.raises(RelayInvalid, match="Invalid file format"):
            await hear(relay, spoken(b"OggS and nothing more"))
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused("Invalid response_format 'srt'"), RelayInvalid),
        (refused("Your prompt is against the rules."), RelayInvalid),
        (refused("The file is too large.", 413), RelayTooLarge),
        (refused("The file needs a key.", 401), RelayUnauthorized),
        (refused("The file server is down.", 503), RelayUnavailable),
    ],
)
async def test_a_refusal_of_something_else_is_not_asked_again(
    transport: Transport, answer: tuple[int, bytes], error: type[RelayError]
) -> None:
    async with hearing(transport, lambda _: answer) as (relay, sent):
        with pytest.raises(error) as caught:
            await hear(relay, spoken(clip()))
    assert caught.value.certain
    assert len(sent) == 1


def test_what_is_too_large_is_of_no_wrong_format() -> None:
    said = "400 from /v1/audio/transcriptions: the file is too large"
    assert refuses_format(RelayInvalid(said, status=400))
    assert not refuses_format(RelayTooLarge(said, status=400))


async def test_pieces_go_in_order_and_each_is_told_what_was_heard_before(
    transport: Transport,
) -> None:
    before = "a word " * 40

    def say(sent: Sent) -> tuple[int, bytes]:
        return said(before + "end") if "prompt" not in sent.fields else said("more")

    told: list[tuple[int, int]] = []
    async with hearing(transport, say, **CUT) as (relay, sent):
        heard = await hear(
            relay, spoken(wav(*THREE)), told=lambda done, total: told.append((done, total))
        )
    assert len(sent) == 3
    assert told == [(0, 3), (1, 3), (2, 3)]
    assert [one.fields.get("prompt") for one in sent] == [
        None,
        f"{before}end"[-199:],
        "more",
    ]
    assert heard.text == f"{before}end more more"
    whole_s = sound.duration_s(wav(*THREE))
    assert sum(sound.duration_s(one.audio) for one in sent) == pytest.approx(whole_s, abs=0.3)
    assert heard.duration_s == pytest.approx(whole_s, abs=0.01)


async def test_the_callers_own_prompt_goes_with_every_piece(transport: Transport) -> None:
    asked = TranslationRequest(audio=wav(*THREE), filename="a.wav", prompt="A garden.")
    async with hearing(transport, lambda _: said("heard"), **CUT) as (relay, sent):
        assert (await hear(relay, asked)).text == "heard heard heard"
    assert [one.fields["prompt"] for one in sent] == ["A garden."] * 3


async def test_chinese_is_told_on_by_its_last_200_characters(transport: Transport) -> None:
    text = "".join(chr(0x4E00 + at) for at in range(500))
    async with hearing(transport, lambda _: said(text), **CUT) as (relay, sent):
        assert (await hear(relay, spoken(wav(*THREE)))).text == text * 3
    assert sent[1].fields["prompt"] == text[-200:]


@pytest.mark.parametrize(("failing", "certain"), [(1, True), (2, False), (3, False)])
async def test_a_piece_that_fails_fails_all_and_what_came_before_is_not_forgotten(
    transport: Transport, failing: int, certain: bool
) -> None:
    count = 0

    def say(sent: Sent) -> tuple[int, bytes]:
        nonlocal count
        count += 1
        return refused("down", 503) if count == failing else said("heard")

    async with hearing(transport, say, **CUT) as (relay, sent):
        with pytest.raises(RelayUnavailable, match="503") as caught:
            await hear(relay, spoken(wav(*THREE)))
    assert len(sent) == failing
    assert caught.value.certain is certain
    assert RelayUnavailable.certain
