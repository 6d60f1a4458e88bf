"""Files: the configuration, batches, and what recordings and pictures begin with."""

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from adapters.web.kind import kind_of, recording_of
from bots.config.load import parse
from core.errors import ConfigError, MediaError, RelayInvalid
from core.jobs import lines, output
from core.picture import picture_mime
from core.relay.magic import audio_mime
from core.sound import pcm, sniff
from prove.fuzz.target import ROOT, Broken, Target, recorded

SHORT = 2**14
"""Bytes of a recording: enough for headers and some frames of each."""


def _config(data: bytes) -> None:
    parse(data.decode(errors="replace"), _folder(), environ={})


@cache
def _folder() -> Path:
    return Path(tempfile.gettempdir()) / "no such folder of parley"


def _batch(data: bytes) -> None:
    asked = lines.read_batch(data, "batch.jsonl")
    matched = output.match(asked, data)
    output.as_jsonl(matched.answers)
    if len(matched.answers) != len(asked):
        raise Broken("not an answer a line")


@cache
def _asked() -> tuple[lines.Line, ...]:
    return lines.read_batch(recorded("jobs/payloads/*input.jsonl")[0], "batch.jsonl")


def _output(data: bytes) -> None:
    output.as_jsonl(output.match(_asked(), data).answers)


def _examples(data: bytes) -> None:
    lines.read_examples(data, "examples.jsonl")


def _prompts(data: bytes) -> None:
    lines.batch_of(data, "prompts.txt", model="m", system="s")


def _magic(data: bytes) -> None:
    picture_mime(data)
    audio_mime(data)
    kind_of(data)
    recording_of(data)


def _sound(data: bytes) -> None:
    """Read whole, as all platforms' recordings are. FFmpeg's and SILK's own code is in it."""
    sniff(data)
    for _ in pcm.decoded(data, limit_s=60):
        pass
    pcm.quick_duration_s(data)


def _pictures() -> Sequence[bytes]:
    heads = (b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"\xff\xd8\xff\xe0", b"\x1a\x45\xdf\xa3")
    return [recorded("clips/picture.png")[0][:SHORT], *(head + bytes(40) for head in heads)]


@cache
def _recordings() -> Sequence[bytes]:
    from core.sound.encode import AMR_NB, MP3, OGG_OPUS, encode  # noqa: PLC0415

    tone = pcm.Pcm(rate_hz=8000, samples=bytes(range(0, 250, 2)) * 40)
    made = [encode(tone, codec) for codec in (AMR_NB, MP3, OGG_OPUS)]
    return [pcm.write_wav(tone), *made]


def _examples_of_config() -> Sequence[bytes]:
    return [(ROOT / "config.example.toml").read_bytes()]


TARGETS = (
    Target(
        name="config",
        run=_config,
        seeds=_examples_of_config,
        form="text",
        raises=(ConfigError,),
        most_bytes=2**12,
    ),
    Target(
        name="batch-input",
        run=_batch,
        seeds=lambda: recorded("jobs/payloads/*input.jsonl"),
        raises=(RelayInvalid,),
    ),
    Target(name="batch-output", run=_output, seeds=lambda: recorded("jobs/payloads/*output.jsonl")),
    Target(
        name="batch-examples",
        run=_examples,
        seeds=lambda: recorded("jobs/payloads/*input.jsonl"),
        raises=(RelayInvalid,),
    ),
    Target(
        name="batch-prompts",
        run=_prompts,
        seeds=lambda: [b"one\ntwo\r\n\nthree"],
        form="text",
        raises=(RelayInvalid,),
    ),
    Target(name="media-head", run=_magic, seeds=_pictures, form="binary"),
    Target(name="media-sound", run=_sound, seeds=_recordings, form="binary", raises=(MediaError,)),
)
