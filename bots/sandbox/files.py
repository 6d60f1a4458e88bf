"""POST /v1/files, and the calls on what was uploaded."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field
from starlette.responses import Response
from starlette.types import ASGIApp

from bots.sandbox.call import Call
from bots.sandbox.failure import Refusal, convert, json_response
from bots.sandbox.filestore import FileStore
from bots.sandbox.form import Field
from bots.sandbox.jsonlines import check_lines
from bots.sandbox.page import MOST_ROWS, page

BATCH_LIMIT_BYTES = 10 * 1024 * 1024
"""As burn.hair's page has it (checked 2026-11-21). Training files: as much as a body holds."""


class UploadRequest(Struct, frozen=True, kw_only=True):
    """The form's fields beside the file."""

    purpose: Literal["batch", "fine-tune"]
    lifetime_s: Annotated[int, Meta(ge=3600, le=2_592_000)] | None = field(
        default=None, name="expires_after[seconds]"
    )
    anchor: Literal["created_at"] = field(default="created_at", name="expires_after[anchor]")


class Files:
    def __init__(self, store: FileStore) -> None:
        self._store = store

    async def upload(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        fields, file = call.form()
        request = convert(fields, UploadRequest)
        content = _checked(file, request)
        self._store.check_room(len(content))
        await asyncio.to_thread(check_lines, content)
        stored = self._store.put(
            content,
            _name(file),
            request.purpose,
            at=call.entry.at,
            lifetime=timedelta(seconds=request.lifetime_s) if request.lifetime_s else None,
        )
        return json_response(stored.shown())

    async def listing(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        rows = [file.shown() for file in self._store.all()]
        return json_response(page(rows, call.request.query_params, MOST_ROWS))

    async def status(self, call: Call) -> ASGIApp:
        """Raises Refusal (404)."""
        return json_response(self._store.get(_asked(call)).shown())

    async def content(self, call: Call) -> ASGIApp:
        """Raises Refusal (404)."""
        file = self._store.get(_asked(call))
        return Response(file.content, media_type="application/octet-stream")

    async def delete(self, call: Call) -> ASGIApp:
        """Raises Refusal (404)."""
        name = _asked(call)
        self._store.delete(name)
        return json_response({"id": name, "object": "file", "deleted": True})


def _asked(call: Call) -> Any:
    return call.request.path_params["id"]


def _name(file: Field | None) -> str:
    return (file.filename if file else None) or "upload.jsonl"


def _checked(file: Field | None, request: UploadRequest) -> bytes:
    if file is None:
        raise Refusal(
            400,
            "The form lacks its 'file'.",
            code="missing_required_parameter",
            param="file",
        )
    if request.purpose == "batch" and len(file.content) > BATCH_LIMIT_BYTES:
        raise Refusal(
            413,
            f"A batch's file has at most {BATCH_LIMIT_BYTES} bytes, got {len(file.content)}. "
            "Cut it into several.",
            code="file_too_large",
            param="file",
        )
    return file.content
