"""The ring of pictures shown to groups: bounded, and only what its sender may come back to."""

from datetime import UTC, datetime

from core.model import Address, Media, Message, Text
from core.overheard import KEPT_S, MOST, PEOPLE, Overheard

PICTURE = Media(kind="image", remote="r")


def place(sender: str = "amy") -> Address:
    return Address(platform="p", bot="b", chat="c", sender=sender, group=True)


def shown(name: str, sender: str = "amy", *more: Text | Media, album: str = "") -> Message:
    return Message(
        id=name,
        key=name,
        address=place(sender),
        parts=more or (PICTURE,),
        sent_at=datetime(2026, 11, 3, tzinfo=UTC),
        album=album,
    )


def names(messages: object) -> list[str]:
    assert isinstance(messages, list | tuple)
    return [message.id for message in messages]


def test_pictures_are_given_out_once_in_their_order() -> None:
    overheard = Overheard()
    for name in "abc":
        overheard.note(shown(name), 0.0)
    assert names(overheard.take(place(), KEPT_S)) == ["a", "b", "c"]
    assert names(overheard.take(place(), KEPT_S)) == []


def test_each_is_kept_for_its_own_minute() -> None:
    overheard = Overheard()
    overheard.note(shown("a"), 0.0)
    overheard.note(shown("b"), 30.0)
    assert names(overheard.take(place(), KEPT_S + 1)) == ["b"]


def test_a_picture_with_words_and_words_without_a_picture_are_not_kept() -> None:
    overheard = Overheard()
    overheard.note(shown("a", "amy", PICTURE, Text(text="my cat")), 0.0)
    overheard.note(shown("b", "amy", Text(text="hello")), 0.0)
    overheard.note(shown("c", "amy", Media(kind="file", remote="r")), 0.0)
    assert names(overheard.take(place(), 0.0)) == []


def test_what_the_platform_repeats_is_kept_once() -> None:
    overheard = Overheard()
    overheard.note(shown("a"), 0.0)
    overheard.note(shown("a"), 1.0)
    assert names(overheard.take(place(), 1.0)) == ["a"]


def test_of_an_album_its_own_are_given_out() -> None:
    overheard = Overheard()
    for name, album in (("a", "x"), ("b", ""), ("c", "y"), ("d", "x")):
        overheard.note(shown(name, album=album), 0.0)
    assert names(overheard.take(place(), 0.0, "x")) == ["a", "d"]


def test_a_flood_of_pictures_or_people_takes_no_more_room() -> None:
    overheard = Overheard()
    for number in range(3 * MOST):
        overheard.note(shown(str(number)), 0.0)
    assert names(overheard.take(place(), 0.0)) == [str(n) for n in range(2 * MOST, 3 * MOST)]
    for number in range(2 * PEOPLE):
        overheard.note(shown("a", f"person {number}"), 0.0)
    assert names(overheard.take(place("person 0"), 0.0)) == []
    assert names(overheard.take(place(f"person {2 * PEOPLE - 1}"), 0.0)) == ["a"]
    assert len(overheard._heard) < PEOPLE
