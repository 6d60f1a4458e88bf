"""POST /v1/batches, and the calls on what was created."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.types import ASGIApp

from bots.sandbox.batch import COMPLETED, FINALIZING, KEPT, STATES, Batch
from bots.sandbox.batchfile import Answerer, Outcome, answer_line, read_batch
from bots.sandbox.call import Call, Desk
from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.filestore import FileStore
from bots.sandbox.jsonlines import join_lines
from bots.sandbox.page import page
from bots.sandbox.progress import Pace, Progress

PRICE_PERCENT = 40
"""Of the usual price, as burn.hair's page has it (checked 2026-11-21)."""

ROWS_A_PAGE = 20
LINES_AT_A_TIME = 50
"""Between two groups of lines other calls get their turn."""


class BatchRequest(Struct, frozen=True, kw_only=True):
    """As in OpenAI's API reference."""

    input_file_id: str
    endpoint: str
    completion_window: Literal["24h"]
    metadata: Annotated[dict[str, str], Meta(max_length=16)] | None = None


class Batches:
    """Runs batches with the `answerers` of their endpoints."""

    def __init__(
        self, desk: Desk, files: FileStore, answerers: Mapping[str, Answerer], pace: Pace
    ) -> None:
        self._desk = desk
        self._files = files
        self._answerers = answerers
        self._pace = pace
        self._batches: dict[str, Batch] = {}
        self._numbers = itertools.count(1)
        self._turn = asyncio.Lock()
        self._decoder = msgspec.json.Decoder(BatchRequest)

    async def create(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = decode(call.body, self._decoder)
        if request.endpoint not in self._answerers:
            raise Refusal(
                400,
                f"Expected an endpoint among {', '.join(self._answerers)}, "
                f"got '{request.endpoint}'.",
                code="invalid_value",
                param="endpoint",
            )
        file = self._files.meant_for(request.input_file_id, "batch", "input_file_id")
        lines, errors = await asyncio.to_thread(read_batch, file.content, request.endpoint)
        steps = 1 if errors else len(STATES) - 1
        batch = Batch(
            id=f"batch_sandbox_{next(self._numbers)}",
            key=call.key,
            created_at=call.entry.at,
            endpoint=request.endpoint,
            input_file_id=file.id,
            completion_window=request.completion_window,
            metadata=request.metadata,
            lines=lines,
            errors=errors,
            total=0 if errors else len(lines),
            progress=Progress(self._pace, call.entry.at, steps),
        )
        self._batches[batch.id] = batch
        return json_response(batch.shown())

    async def status(self, call: Call) -> ASGIApp:
        """Raises Refusal (404)."""
        batch = self._found(call)
        await self._settle(batch, call, looked=True)
        return json_response(batch.shown())

    async def listing(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        self._forget(call)
        for batch in list(self._batches.values()):
            await self._settle(batch, call, looked=False)
        rows = [batch.shown() for batch in self._batches.values()]
        return json_response(page(rows, call.request.query_params, ROWS_A_PAGE))

    async def cancel(self, call: Call) -> ASGIApp:
        """Raises Refusal (404, 409)."""
        batch = self._found(call)
        await self._settle(batch, call, looked=False)
        if batch.status not in ("validating", "in_progress"):
            told = f"A batch that is {batch.status} can no longer be cancelled."
            raise Refusal(409, told, code="batch_not_cancellable")
        batch.cancelling_at = call.entry.at
        batch.cancelling = Progress(self._pace, call.entry.at, 1)
        batch.lines = ()
        return json_response(batch.shown())

    def _found(self, call: Call) -> Batch:
        self._forget(call)
        name = call.request.path_params["id"]
        batch = self._batches.get(name)
        if batch is None:
            hours = int(KEPT.total_seconds() // 3600)
            raise Refusal(
                404,
                f"There is no batch '{name}' here; a batch's record is kept {hours} hours.",
                code="batch_not_found",
                param="id",
            )
        return batch

    def _forget(self, call: Call) -> None:
        oldest = call.entry.at - KEPT
        for name, batch in list(self._batches.items()):
            if batch.created_at <= oldest:
                del self._batches[name]

    async def _settle(self, batch: Batch, call: Call, *, looked: bool) -> None:
        """Go on with a batch, and do what its new state wants done."""
        async with self._turn:
            batch.pass_to(call.entry.at, looked=looked)
            times = batch.progress.times
            if len(times) >= FINALIZING and not batch.answered:
                await self._answer(batch)
            if len(times) >= COMPLETED:
                self._file(batch)

    async def _answer(self, batch: Batch) -> None:
        """Answer all lines, the last first: who matches answers by their order must fail."""
        answerer, at = self._answerers[batch.endpoint], batch.progress.times[FINALIZING - 1]
        outcomes: list[Outcome] = []
        for number, line in reversed(list(enumerate(batch.lines, 1))):
            name = f"{batch.id.removeprefix('batch_')}_{number}"
            outcomes.append(answer_line(line, name, answerer, at))
            if not number % LINES_AT_A_TIME:
                await asyncio.sleep(0)
        answers = [outcome.row for outcome in outcomes if not outcome.refused]
        refusals = [outcome.row for outcome in outcomes if outcome.refused]
        batch.completed, batch.failed = len(answers), len(refusals)
        batch.output, batch.refusals = join_lines(answers), join_lines(refusals)
        batch.lines, batch.answered = (), True
        units = -(-PRICE_PERCENT * sum(outcome.units for outcome in outcomes) // 100)
        self._desk.accounts.charge(batch.key, units, calls=0)

    def _file(self, batch: Batch) -> None:
        """Put what there is to fetch among the files; a kind without lines gets no file."""
        at = batch.progress.times[COMPLETED - 1]
        if batch.output:
            name = f"{batch.id}_output.jsonl"
            batch.output_file_id = self._files.put(batch.output, name, "batch_output", at=at).id
        if batch.refusals:
            name = f"{batch.id}_error.jsonl"
            batch.error_file_id = self._files.put(batch.refusals, name, "batch_output", at=at).id
        batch.output = batch.refusals = b""
