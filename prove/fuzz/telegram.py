"""What the Bot API sends: updates, and the answers to calls."""

from collections.abc import Sequence
from functools import cache

import msgspec

from adapters.telegram import wire
from adapters.telegram.edits import Edits
from adapters.telegram.intake import Intake
from adapters.telegram.parse import Reader
from adapters.telegram.places import Languages, Moves
from adapters.telegram.words import Me
from prove.fuzz.kept import Forgetful, keep
from prove.fuzz.target import Target, recorded


@cache
def _intake() -> Intake:
    return Intake(
        reader=Reader(bot="t", me=Me(id=7000000001, username="parley_bot")),
        edits=Edits(since=0),
        moves=Moves(Forgetful()),
        languages=Languages("en"),
        new_id=lambda: "0" * 26,
        tell=lambda *_: None,
    )


def _update(data: bytes) -> None:
    number, message = _intake().read(data)
    msgspec.json.encode({"offset": number + 1})
    if message:
        keep(message)


def _updates(data: bytes) -> None:
    for one in wire.decode_updates(data):
        _update(one)


def _answers(data: bytes) -> None:
    wire.decode_failed(data)
    wire.decode_sent(data)


def _seeds() -> Sequence[bytes]:
    return recorded("telegram/payloads/*.json")


def _polled() -> Sequence[bytes]:
    return [b'{"ok":true,"result":[' + b",".join(_seeds()[:4]) + b"]}"]


def _answered() -> Sequence[bytes]:
    return [
        b'{"ok":true,"result":{"message_id":12,"date":1,"chat":{"id":3}}}',
        b'{"ok":false,"description":"Flood control exceeded","parameters":{"retry_after":5}}',
    ]


TARGETS = (
    Target(name="telegram-update", run=_update, seeds=_seeds),
    Target(name="telegram-updates", run=_updates, seeds=_polled, raises=(ValueError,)),
    Target(name="telegram-answer", run=_answers, seeds=_answered, raises=(ValueError,)),
)
