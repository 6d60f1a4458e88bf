"""Whatever shows a value does not show a secret."""

import copy
import dataclasses
import inspect
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable

import msgspec
import pytest

from bots.logs import LineFormatter
from core.secret import Secret

CANARY = "c4n4ry-0123456789"


class Entry(msgspec.Struct):
    key: Secret


@dataclasses.dataclass
class Settings:
    key: Secret


def fail(secret: Secret, *, inside: bool) -> None:
    local = [secret, Entry(secret), {"key": secret}]
    if inside:
        secret.matches(3)  # type: ignore[arg-type]
    raise ValueError(secret, local)


def raised(secret: Secret, *, inside: bool) -> str:
    """A traceback that shows the locals of each step, as error reporters do."""
    try:
        fail(secret, inside=inside)
    except (ValueError, AttributeError) as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(shown.format()) + repr(error)


def logged(secret: Secret) -> str:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "with %s and %r", (secret, secret), None)
    record.fields = {"key": secret, "deep": {"keys": [secret]}}
    return LineFormatter("json", ()).format(record) + repr(record.__dict__)


def slots(value: object) -> list[object]:
    return [getattr(value, name) for name in type(value).__slots__]


SHOWN: dict[str, Callable[[Secret], object]] = {
    "an f-string": lambda s: f"{s} {s!r} {s!s} {s!a}",
    "percent": lambda s: "%s %r %a" % (s, s, s),  # noqa: UP031 - as logging does
    "format": lambda s: "{} {!r}".format(s, s),  # noqa: UP032 - as libraries do
    "a list": lambda s: str([s, (s,), {"key": s}]),
    "pprint": pprint.pformat,
    "a struct": lambda s: repr(Entry(s)),
    "a struct as a dict": lambda s: repr(msgspec.structs.asdict(Entry(s))),
    "a dataclass": lambda s: repr(Settings(s)),
    "JSON by its words": lambda s: json.dumps(s, default=str),
    "an error's arguments": lambda s: "".join(traceback.format_exception(ValueError(s, [s]))),
    "locals": lambda s: raised(s, inside=False),
    "locals inside": lambda s: raised(s, inside=True),
    "a log": logged,
    "members": inspect.getmembers,
    "slots": slots,
    "state": lambda s: s.__getstate__(),
}
REFUSED: dict[str, Callable[[Secret], object]] = {
    "a width": lambda s: f"{s:>40}",
    "msgspec JSON": lambda s: msgspec.json.encode(Entry(s)),
    "msgpack": lambda s: msgspec.msgpack.encode([s]),
    "builtins": lambda s: msgspec.to_builtins(Entry(s)),
    "JSON": lambda s: json.dumps({"key": s}),
    "JSON by attributes": lambda s: json.dumps(s, default=vars),
    "pickle": lambda s: [pickle.dumps(s, protocol) for protocol in range(6)],
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "a dataclass as a dict": lambda s: dataclasses.asdict(Settings(s)),
    "vars": vars,
    "a sum": lambda s: "key: " + s,  # type: ignore[operator]
    "a join": lambda s: "".join([s]),  # type: ignore[list-item]
    "iteration": list,  # type: ignore[dict-item]
    "bytes": bytes,  # type: ignore[dict-item]
    "length": len,  # type: ignore[dict-item]
    "order": lambda s: s < s,  # type: ignore[operator]  # noqa: PLR0124
    "search": lambda s: "c4n" in s,  # type: ignore[operator]
}


@pytest.mark.parametrize("way", SHOWN)
def test_what_shows_values_shows_no_secret(way: str) -> None:
    shown = str(SHOWN[way](Secret(CANARY)))
    assert shown
    assert CANARY not in shown


@pytest.mark.parametrize("way", REFUSED)
def test_what_would_carry_the_text_on_is_refused_without_it(way: str) -> None:
    with pytest.raises((TypeError, AttributeError)) as caught:
        REFUSED[way](Secret(CANARY))
    assert CANARY not in f"{caught.value!r}"


def test_only_reveal_gives_the_text() -> None:
    assert Secret(CANARY).reveal() == CANARY
    assert repr(Secret(CANARY)) != repr(Secret())


@pytest.mark.parametrize("given", ["", CANARY[:-1], f"{CANARY} ", CANARY.upper(), "\ud800", "钥匙"])
def test_nothing_but_the_text_matches(given: str) -> None:
    assert Secret(CANARY).matches(CANARY)
    assert not Secret(CANARY).matches(given)


@pytest.mark.parametrize("given", ["", "\0", CANARY])
def test_an_empty_secret_matches_nothing(given: str) -> None:
    assert not Secret().matches(given)
    assert not Secret()


def test_a_secret_with_half_a_pair_of_surrogates_is_compared_like_any() -> None:
    odd = Secret(f"{CANARY}\udcff")
    assert odd.matches(f"{CANARY}\udcff")
    assert not odd.matches(CANARY)


def test_a_secret_is_no_text_even_of_the_same_words() -> None:
    assert (Secret(CANARY) == CANARY) is False
