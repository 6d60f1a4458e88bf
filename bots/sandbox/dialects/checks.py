"""Rules that several relays have, each a check of one field. What is null or left out passes."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from bots.sandbox.dialects.dialect import Asked, Check
from bots.sandbox.failure import Refusal


def refusal(param: str, expected: str, got: object) -> Refusal:
    message = f"'{param}': expected {expected}, got {str(got)[:60]!r}."
    return Refusal(400, message, code="invalid_value", param=param)


def a_key(key: str) -> None:
    """Any will do."""
    if not key:
        raise Refusal(401, "Expected a key: Authorization: Bearer sk-…", code="invalid_api_key")


def given(*names: str) -> Check:
    def check(asked: Asked) -> None:
        for name in names:
            if asked.fields.get(name) in (None, "", []):
                raise Refusal(
                    400,
                    f"The request lacks a required parameter: '{name}'.",
                    code="missing_required_parameter",
                    param=name,
                )

    return check


def absent(*names: str) -> Check:
    """Parameters that the relay does not have."""

    def check(asked: Asked) -> None:
        for name in names:
            if name in asked.fields:
                raise Refusal(
                    400,
                    f"There is no parameter '{name}' here.",
                    code="unknown_parameter",
                    param=name,
                )

    return check


def number(name: str, low: float | None = None, high: float | None = None) -> Check:
    """A form's number is text."""

    def check(asked: Asked) -> None:
        value = asked.fields.get(name)
        if value is None:
            return
        figure = figure_of(value)
        if (
            figure is None
            or (low is not None and figure < low)
            or (high is not None and figure > high)
        ):
            raise refusal(name, f"a number from {low} to {high}", value)

    return check


def figure_of(value: Any) -> float | None:
    """None for what is no number."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def one_of(name: str, choices: Collection[str]) -> Check:
    def check(asked: Asked) -> None:
        value = asked.fields.get(name)
        if value is not None and value not in choices:
            raise refusal(name, f"one of {', '.join(choices)}", value)

    return check


def chars(name: str, most: int) -> Check:
    """A text of 1 to `most` code points."""

    def check(asked: Asked) -> None:
        value = asked.fields.get(name)
        if value is None:
            return
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            size = len(value) if isinstance(value, str) else value
            raise refusal(name, f"a text of 1 to {most} characters", size)

    return check


def sequences(name: str, most: int) -> Check:
    """A text, or a list of at most `most` of them."""

    def check(asked: Asked) -> None:
        value = asked.fields.get(name)
        if isinstance(value, list) and len(value) > most:
            raise refusal(name, f"at most {most} sequences", len(value))

    return check


FORMATS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
FILE_BYTES = 25 * 2**20


def recording(formats: Collection[str] = FORMATS) -> Check:
    """A file of 25 MB at most, its format told by its name's ending."""

    def check(asked: Asked) -> None:
        if asked.file is None:
            raise Refusal(400, "The form lacks its 'file'.", param="file")
        ending = (asked.file.filename or "").rpartition(".")[2]
        if ending not in formats:
            raise refusal("file", f"a format among {', '.join(formats)}", ending)
        if len(asked.file.content) > FILE_BYTES:
            raise Refusal(413, f"The file is over {FILE_BYTES} bytes.", param="file")

    return check


def language(asked: Asked) -> None:
    """ISO-639-1: two letters."""
    value = asked.fields.get("language")
    if value is not None and not (len(value) == 2 and value.isascii() and value.islower()):
        raise refusal("language", "ISO-639-1, as in zh", value)


TEXT_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")


def heard(formats: Collection[str] = FORMATS) -> tuple[Check, ...]:
    """What a transcription and a translation keep to."""
    return (
        recording(formats),
        one_of("response_format", TEXT_FORMATS),
        number("temperature", 0, 1),
        language,
    )


def messages_of(asked: Asked) -> list[Mapping[str, Any]]:
    """The chat's messages, each with a role and something in it. Raises Refusal."""
    messages = asked.fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise refusal("messages", "at least one message", messages)
    for message in messages:
        if not isinstance(message, dict) or not message.get("content"):
            raise refusal("messages", "a message whose content is not empty", message)
    return messages


def roles(*names: str) -> Check:
    def check(asked: Asked) -> None:
        for message in messages_of(asked):
            if message.get("role") not in names:
                raise refusal("messages", f"the roles {', '.join(names)}", message.get("role"))

    return check


def json_lines(asked: Asked) -> None:
    """A file with a JSON object on each line."""
    content = asked.file.content if asked.file else b""
    try:
        lines = [msgspec.json.decode(line) for line in content.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"The file is not JSON Lines: {error}.", param="file") from error
    if not lines or not all(isinstance(line, dict) for line in lines):
        raise Refusal(400, "Expected a file with a JSON object on each line.", param="file")
