"""What was heard in pieces reads as if it had been heard at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.sandbox.ears import Heard, Word
from bots.sandbox.transcript import as_srt, as_vtt
from core.relay.subtitles import Cue, format_cues, parse_cues
from core.relay.transcript import join, words_of
from core.response import Segment, Transcription
from core.sound.split import Piece

PIECES = [
    Piece(content=b"", form="mp3", start_s=0.0, duration_s=3_599.5),
    Piece(content=b"", form="mp3", start_s=3_599.5, duration_s=60.0),
]


def heard(*words: str) -> Heard:
    every = [Word(word=word, start=at + 0.25, end=at + 0.75) for at, word in enumerate(words)]
    return Heard(duration_s=len(words), words=every)


def joined(*texts: str, form="json") -> str:
    return join(PIECES, [Transcription(text=text) for text in texts], form).text


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("Hello there.", " How are you?", "Hello there. How are you?"),
        ("今天天气很好。", "我们去河边。", "今天天气很好。我们去河边。"),
        ("今天", "fine", "今天 fine"),
        ("안녕하세요", "여러분", "안녕하세요 여러분"),
        ("", "Only here.", "Only here."),
        ("Only here.\n", "", "Only here."),
    ],
)
def test_texts_are_joined_with_a_space_but_for_chinese(first, second, whole) -> None:
    assert joined(first, second) == joined(first, second, form="text") == whole


def test_srt_goes_on_in_time_and_number() -> None:
    first, second = as_srt(heard("one", "two")), as_srt(heard("three", "four"))
    assert joined(first, second, form="srt") == (
        "1\n00:00:00,250 --> 00:00:00,750\none\n\n"
        "2\n00:00:01,250 --> 00:00:01,750\ntwo\n\n"
        "3\n00:59:59,750 --> 01:00:00,250\nthree\n\n"
        "4\n01:00:00,750 --> 01:00:01,250\nfour\n\n"
    )


def test_vtt_has_one_head_and_keeps_where_cues_stand() -> None:
    head = "WEBVTT Kind: captions\n\nNOTE made by ear\n\n"
    first = f"{head}intro\n00:01.500 --> 00:02.500 align:start\none\n"
    second = as_vtt(heard("two")).replace("\n", "\r\n")
    assert joined(first, second, form="vtt") == (
        "WEBVTT\n\n"
        "00:00:01.500 --> 00:00:02.500 align:start\none\n\n"
        "00:59:59.750 --> 01:00:00.250\ntwo\n\n"
    )


def test_plain_text_where_subtitles_were_asked_for_is_one_cue() -> None:
    assert joined("", "all of it", form="srt") == "1\n00:59:59,500 --> 01:00:59,500\nall of it\n\n"
    assert joined("WEBVTT\n\n", "WEBVTT\n", form="vtt") == "WEBVTT\n\n"


def test_segments_go_on_and_lengths_are_summed() -> None:
    said = Segment(start_s=1.0, end_s=2.5, text="said")
    parts = [
        Transcription(text="said", duration_s=3_600.0, segments=(said,)),
        Transcription(text="said", language="english", segments=(said, said)),
    ]
    whole = join(PIECES, parts, "verbose_json")
    assert [(s.start_s, s.end_s) for s in whole.segments] == [
        (1.0, 2.5),
        (3_600.5, 3_602.0),
        (3_600.5, 3_602.0),
    ]
    assert (whole.text, whole.language, whole.duration_s) == ("said said", "english", 3_660.0)


def test_one_piece_is_as_the_relay_told_it_but_for_a_length_that_it_kept_to_itself() -> None:
    part = Transcription(text=" one ", language="en")
    assert join(PIECES[1:], [part], "json") == Transcription(
        text=" one ", language="en", duration_s=60.0
    )


def test_the_words_of_subtitles_are_without_times() -> None:
    for form, text in (("srt", as_srt(heard("one", "two"))), ("vtt", as_vtt(heard("one", "two")))):
        assert words_of(Transcription(text=text), form) == "one two"


@given(
    st.lists(
        st.builds(
            Cue,
            start_s=st.integers(0, 10**8).map(lambda ms: ms / 1000),
            end_s=st.integers(0, 10**8).map(lambda ms: ms / 1000),
            text=st.sampled_from(["one", "two\nlines", "一、二。", "1", "-->"]),
        )
    ),
    st.sampled_from(["srt", "vtt"]),
)
def test_cues_that_were_written_are_read_again(cues, form) -> None:
    assert list(parse_cues(format_cues(cues, form))) == cues
