"""The sandbox's calls as one relay has them: judged, answered, and told in its form."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bots.sandbox.call import Call, Endpoint, Handler
from bots.sandbox.dialects.dialect import Asked, Dialect, Row, Rules
from bots.sandbox.dialects.wording import Worded
from bots.sandbox.failure import Refusal
from bots.sandbox.models import MODELS

STAND_INS = {
    "POST /v1/chat/completions": "sandbox-chat",
    "POST /v1/completions": "sandbox-completion",
    "POST /v1/edits": "sandbox-edit",
    "POST /v1/embeddings": "sandbox-embedding",
    "POST /v1/images/generations": "sandbox-image",
    "POST /v1/audio/speech": "sandbox-speech",
    "POST /v1/fine_tuning/jobs": "sandbox-chat",
}
"""Who answers for a model that the sandbox does not have by its name."""

_PARAMETER = re.compile(r"\{[^}]*\}")


def spoken(routes: Sequence[BaseRoute], dialect: Dialect) -> Sequence[BaseRoute]:
    """The routes that the relay has, where it has them; the sandbox's own stay as they are."""
    every = [_spoken(route, dialect) for route in routes]
    return [route for route in every if route is not None]


def _spoken(route: BaseRoute, dialect: Dialect) -> BaseRoute | None:
    if not isinstance(route, Route) or not isinstance(route.endpoint, Endpoint):
        return route
    if route.path.startswith("/sandbox/"):
        return route
    method = next(iter((route.methods or set()) - {"HEAD"}))
    row = f"{method} {_PARAMETER.sub('{id}', route.path)}"
    rules = dialect.calls.get(row)
    if rules is None:
        return None
    path = dialect.base_path + dialect.elsewhere.get(row, route.path)

    def judged(handler: Handler) -> Handler:
        return Judged(row, rules, dialect, handler)

    return Route(path, route.endpoint.through(judged), methods=[method])


class Judged:
    """A handler behind the relay's rules."""

    def __init__(self, row: Row, rules: Rules, dialect: Dialect, handler: Handler) -> None:
        self._row = row
        self._rules = rules
        self._dialect = dialect
        self._handler = handler

    async def __call__(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        self._dialect.admit(call.key)
        asked = self._read(call)
        model = self._model(asked)
        for check in self._rules.checks:
            check(asked)
        if call.body and asked.file is None:
            call.body = self._adapted(asked, model)
        return Worded(await self._handler(call), asked, self._rules, model)

    def _read(self, call: Call) -> Asked:
        headers = call.request.headers
        if headers.get("content-type", "").startswith("multipart/"):
            fields, file = call.form()
            return Asked(row=self._row, fields=fields, file=file, headers=headers, key=call.key)
        fields = _json(call.body) if call.body else {}
        return Asked(row=self._row, fields=fields, headers=headers, key=call.key)

    def _model(self, asked: Asked) -> str:
        """The name that is asked for, or the relay's usual one. Raises Refusal."""
        usual = self._rules.model
        name = asked.fields.get("model") or usual
        if usual is None:
            return name or ""
        if not isinstance(name, str) or not name:
            raise Refusal(400, "The request lacks a required parameter: 'model'.", param="model")
        if self._rules.models and name not in self._rules.models:
            raise Refusal(
                404,
                f"The model '{name}' does not exist here, or is off.",
                code="model_not_found",
                param="model",
            )
        return name

    def _adapted(self, asked: Asked, model: str) -> bytes:
        fields = self._rules.adapt(dict(asked.fields))
        if self._row in STAND_INS:
            fields["model"] = model if model in MODELS else STAND_INS[self._row]
        return msgspec.json.encode(fields)


def _json(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"Expected a JSON object as the body: {error}.") from error
    if not isinstance(told, dict):
        raise Refusal(400, "Expected a JSON object as the body.")
    return told
