"""Spoken words, as an app records them."""

from collections.abc import Iterator, Sequence

from bots.sandbox.encoding import encode_sound
from bots.sandbox.machine import Machine
from bots.sandbox.voice import speak

WORDS = (
    "good morning",
    "where is the station",
    "the river runs to the sea",
    "please water the garden",
    "a cup of tea",
    "it rains again",
)


def recordings(names: Sequence[str]) -> dict[str, bytes]:
    """One for each name, of one to two seconds, no two of them equally many bytes. Blocks.

    Raises ValueError for more names than there are words.
    """
    sounds = list(_spoken())
    if len(names) > len(sounds):
        raise ValueError(f"expected at most {len(sounds)} names, got {len(names)}: add WORDS")
    return dict(zip(names, sounds, strict=False))


def _spoken() -> Iterator[bytes]:
    """In OGG/Opus."""
    machine, sizes = Machine(), set[int]()
    for words in WORDS:
        spoken = speak(machine, words, "alloy", 1.0).sound
        sound, _ = encode_sound(machine, spoken, "opus")
        if len(sound) not in sizes:
            sizes.add(len(sound))
            yield sound
