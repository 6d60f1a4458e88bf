"""One call of the API on its way in."""

from typing import TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from bots.sandbox.failure import Refusal
from bots.sandbox.form import Field, parse_form
from bots.sandbox.wechat.refusal import Denied

Body = TypeVar("Body")


class Asked(Struct, frozen=True, kw_only=True):
    request: Request
    body: bytes

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    @property
    def host(self) -> str:
        return self.request.client.host if self.request.client else ""

    def json(self, kind: type[Body]) -> Body:
        """Raises Denied."""
        if not self.body:
            raise Denied(44002)
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Denied(47001, str(error)) from error

    def file(self) -> Field:
        """The form's `media`. Raises Denied."""
        try:
            fields = parse_form(self.body, self.request.headers.get("content-type", ""))
        except Refusal as refusal:
            raise Denied(41005, refusal.message) from refusal
        for field in fields:
            if field.name == "media" and field.filename is not None:
                return field
        raise Denied(41005)
