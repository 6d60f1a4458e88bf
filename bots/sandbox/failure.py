"""Errors in OpenAI's form: {"error": {"message", "type", "param", "code"}}."""

import re
from typing import Any, TypeVar

import msgspec
from starlette.responses import Response

Asked = TypeVar("Asked")

_PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")


class Refusal(Exception):
    """A call that is answered by an error. `param` is the field at fault, if one is."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, object]:
        error = {
            "message": self.message,
            "type": error_type(self.status),
            "param": self.param,
            "code": self.code,
        }
        return {"error": error}

    def response(self) -> Response:
        headers = {}
        if self.retry_after_s is not None:
            headers["retry-after"] = f"{self.retry_after_s:g}"
        return json_response(self.body(), self.status, headers)


def error_type(status: int) -> str:
    match status:
        case 429:
            return "rate_limit_error"
        case _ if status >= 500:
            return "server_error"
        case _:
            return "invalid_request_error"


def json_response(
    content: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(msgspec.json.encode(content), status, headers, "application/json")


def decode(body: bytes, decoder: msgspec.json.Decoder[Asked]) -> Asked:
    """The typed request. Raises Refusal naming the field at fault."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"Expected a JSON object as the body: {error}.") from error


def convert(fields: dict[str, Any], kind: type[Asked]) -> Asked:
    """The typed request from form fields. Raises Refusal naming the field at fault."""
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error


def _invalid(told: str) -> Refusal:
    place = _PLACE.search(told)
    path = place["path"] if place else ""
    reason = _PLACE.sub("", told)
    missing = _MISSING.search(reason)
    unknown = _UNKNOWN.search(reason)
    field = missing or unknown
    param = ".".join(filter(None, (path, field["name"] if field else "")))
    if missing:
        message = f"The request lacks a required parameter: '{param}'."
        return Refusal(400, message, code="missing_required_parameter", param=param)
    code = "unknown_parameter" if unknown else "invalid_value"
    message = f"The value of '{param}' is wrong: {reason}." if param else f"{reason}."
    return Refusal(400, message, code=code, param=param or None)
