"""One method call, however it was written: query, urlencoded, JSON or multipart."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from bots.sandbox.failure import Refusal
from bots.sandbox.form import parse_form
from bots.sandbox.telegram.failure import Refused, bad

ATTACH = "attach://"
TRUE = ("true", "yes", "1")


class Upload(Struct, frozen=True, kw_only=True):
    """A file that came with the call."""

    content: bytes
    name: str = ""
    mime: str = ""


class Call(Struct, kw_only=True):
    """`method` is as the documentation spells it. Values are text, or what JSON made of them."""

    method: str
    values: dict[str, Any]
    files: dict[str, Upload] = {}

    def text(self, name: str) -> str:
        """The parameter as text, "" if it was not given."""
        value = self.values.get(name)
        match value:
            case None:
                return ""
            case str():
                return value
            case bool():
                return "true" if value else "false"
            case int() | float():
                return str(value)
            case _:
                return msgspec.json.encode(value).decode()

    def integer(self, name: str, default: int = 0) -> int:
        """What is no number counts as the default, as the server has it."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in TRUE

    def json(self, name: str) -> Any:
        """The parameter decoded; None if it was not given. Raises Refused."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from error

    def upload(self, name: str, told: str) -> Upload | None:
        """The file that a value means: "attach://<name>"; with no value, under its own name."""
        if told.startswith(ATTACH):
            return self.files.get(told.removeprefix(ATTACH))
        return None if told else self.files.get(name)

    def shown(self) -> Mapping[str, object]:
        """The parameters for the journal, a file as its name, type and size."""
        files = {
            name: {
                "filename": upload.name,
                "content_type": upload.mime,
                "size_bytes": len(upload.content),
            }
            for name, upload in self.files.items()
        }
        return {**self.values, **files} if files else self.values


def read_call(method: str, query: bytes, body: bytes, content_type: str) -> Call:
    """The call in a request. Raises Refused."""
    call = Call(method=method, values=_pairs(query))
    if not body:
        return call
    kind = content_type.partition(";")[0].strip().lower()
    match kind:
        case "application/json":
            call.values |= _object(body)
        case "multipart/form-data":
            call.files = {}
            _fill_from_form(call, body, content_type)
        case _:
            call.values |= _pairs(body)
    return call


def _pairs(encoded: bytes) -> dict[str, Any]:
    if not encoded:
        return {}
    return dict(parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True))


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad("can't parse JSON object") from error


def _fill_from_form(call: Call, body: bytes, content_type: str) -> None:
    try:
        fields = parse_form(body, content_type)
    except Refusal as error:
        raise Refused(400, f"Bad Request: {error.message}") from error
    for field in fields:
        if field.filename is None:
            call.values[field.name] = field.content.decode("utf-8", "replace")
            continue
        call.files[field.name] = Upload(
            content=field.content, name=field.filename, mime=field.content_type
        )
