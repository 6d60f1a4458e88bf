"""The sandbox's own pages: the journal to read, the faults to set."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.faults import AnyFault, Armed, Faults
from bots.sandbox.journal import Journal

ABOUT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Parley sandbox relay</title>
<body style="font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem">
<h1>Parley sandbox relay</h1>
<p>This is an OpenAI-style relay on your own machine, for trying Parley without an account
and for tests. It takes any key or none, and calls nobody. Its base URL is <code>{base}v1</code>;
it serves chat and completions (whole and streamed), edits, embeddings, images, speech,
English transcription and translation, files, batches, fine-tuning jobs, models, and
<code>/api/user/stat</code>. What it was asked stands in
<a href="sandbox/journal">its journal</a>; faults are set by POST to
<code>/sandbox/faults</code>, for example <code>{{"kind": "status", "status": 503}}</code>.</p>
</body></html>
"""


class Control:
    def __init__(self, journal: Journal, faults: Faults) -> None:
        self._journal = journal
        self._faults = faults
        self._decoder: msgspec.json.Decoder[AnyFault] = msgspec.json.Decoder(AnyFault)

    def routes(self) -> Sequence[BaseRoute]:
        """All but `about`, which stands where the app wants it."""
        return [
            Route("/sandbox/journal", self.read_journal),
            Route("/sandbox/journal", self.clear_journal, methods=["DELETE"]),
            Route("/sandbox/faults", self.read_faults),
            Route("/sandbox/faults", self.add_fault, methods=["POST"]),
            Route("/sandbox/faults", self.clear_faults, methods=["DELETE"]),
            Route("/sandbox/faults/{number:int}/release", self.release_fault, methods=["POST"]),
        ]

    async def about(self, request: Request) -> Response:
        return HTMLResponse(ABOUT.format(base=request.base_url))

    async def read_journal(self, request: Request) -> Response:
        """`?call=chat` for one kind of call."""
        entries = self._journal.entries(request.query_params.get("call", ""))
        return json_response({"entries": [entry.shown() for entry in entries]})

    async def clear_journal(self, request: Request) -> Response:
        del request
        self._journal.clear()
        return Response(status_code=204)

    async def read_faults(self, request: Request) -> Response:
        del request
        return json_response({"faults": [armed.shown() for armed in self._faults.all()]})

    async def add_fault(self, request: Request) -> Response:
        """A fault as `bots.sandbox.faults` has them, by its `kind`. Raises Refusal."""
        # A web page elsewhere can post forms and plain text here, but not this type.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Refusal(415, "Expected a body of type application/json.")
        armed = self._faults.add(decode(await request.body(), self._decoder))
        return json_response(armed.shown(), 201)

    async def clear_faults(self, request: Request) -> Response:
        del request
        self._faults.clear()
        return Response(status_code=204)

    async def release_fault(self, request: Request) -> Response:
        """POST /sandbox/faults/{number}/release. Raises Refusal."""
        armed = self._found(request.path_params["number"])
        armed.release()
        return json_response(armed.shown())

    def _found(self, number: int) -> Armed:
        armed = self._faults.find(number)
        if armed is None:
            raise Refusal(404, f"There is no fault {number}.")
        return armed
