"""What the sandbox keeps to when it stands for one relay."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

from msgspec import Struct
from starlette.datastructures import Headers

from bots.sandbox.dialects import NAMES
from bots.sandbox.form import Field
from core.errors import ConfigError

Row: TypeAlias = str
"""A call as OpenAI's reference names it: "GET /v1/files/{id}/content"."""

Told: TypeAlias = dict[str, Any]
"""JSON: an answer, a stream's chunk, an error."""


class Asked(Struct, frozen=True, kw_only=True):
    """A request as it came; `fields` are its JSON body's or its form's, a form's as text."""

    row: Row
    fields: Mapping[str, Any]
    headers: Headers
    key: str = ""
    file: Field | None = None

    @property
    def streams(self) -> bool:
        return bool(self.fields.get("stream"))


Check: TypeAlias = Callable[[Asked], None]
"""Raises Refusal for what the relay refuses."""

Events: TypeAlias = Callable[[Told | None], list[object]]
"""From a chunk to the events that are sent for it; None is the end, before `[DONE]`."""


class Complaint(Struct, frozen=True, kw_only=True):
    """An error on its way out; `body` is in OpenAI's form so far: {"error": {"message", …}}."""

    status: int
    path: str
    body: Told
    headers: Mapping[str, str] = {}

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    @property
    def code(self) -> str | None:
        code: str | None = self.body["error"]["code"]
        return code


def as_it_is(asked: Asked, told: Told) -> Told:
    del asked
    return told


def any_key(key: str) -> None:
    del key


def no_change(fields: Told) -> Told:
    return fields


def unchanged(complaint: Complaint) -> Complaint:
    return complaint


class Rules(Struct, frozen=True, kw_only=True):
    """Of one call. `models` are what it knows, empty for whatever the sandbox has itself.

    `model` is taken where none is given; "" demands one, None asks for none.
    `adapt` changes a checked JSON body before the sandbox answers it, `answer` a whole
    JSON answer, `events` a stream's.
    """

    checks: tuple[Check, ...] = ()
    models: tuple[str, ...] = ()
    model: str | None = ""
    adapt: Callable[[Told], Told] = no_change
    answer: Callable[[Asked, Told], Told] = as_it_is
    events: Callable[[Asked], Events] | None = None


class Dialect(Struct, frozen=True, kw_only=True):
    """`calls` are the ones that it serves; any other answers 404.

    `base_path` comes before all paths, `elsewhere` holds those that are not OpenAI's.
    `admit` refuses keys; `complain` gives an error the relay's form.
    """

    name: str
    calls: Mapping[Row, Rules]
    base_path: str = ""
    elsewhere: Mapping[Row, str] = {}
    admit: Callable[[str], None] = any_key
    complain: Callable[[Complaint], Complaint] = unchanged


def dialect_named(name: str) -> Dialect:
    """Raises ConfigError for one that there is not."""
    if name not in NAMES:
        raise ConfigError(
            f'dialect: expected one of {", ".join(NAMES)}, got "{name}". Name one of these.'
        )
    dialect: Dialect = import_module(f"bots.sandbox.dialects.{name.replace('-', '_')}").DIALECT
    return dialect
