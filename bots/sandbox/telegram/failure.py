"""Errors in the Bot API's form: {"ok": false, "error_code", "description", "parameters"}."""

from collections.abc import Mapping

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
}


class Refused(Exception):
    """A call that is answered by an error. `parameters` are ResponseParameters' fields."""

    def __init__(
        self, code: int, description: str, parameters: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = dict(parameters or {})

    def envelope(self) -> dict[str, object]:
        told: dict[str, object] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        return told | ({"parameters": self.parameters} if self.parameters else {})


def refused(code: int, why: str = "") -> Refused:
    """The description as the server words it: the status' title, and why."""
    title = TITLES.get(code, "Internal Server Error")
    return Refused(code, f"{title}: {why}" if why else title)


def bad(why: str) -> Refused:
    return refused(400, why)


def too_many(retry_after_s: int) -> Refused:
    """The flood limit's answer; whole seconds, as the server counts."""
    return Refused(
        429,
        f"Too Many Requests: retry after {retry_after_s}",
        {"retry_after": retry_after_s},
    )
