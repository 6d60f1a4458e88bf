"""One page of a list, as OpenAI's lists are read: `after` an id, `limit` rows."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bots.sandbox.failure import Refusal, convert

MOST_ROWS = 10_000


class PageRequest(Struct, frozen=True, kw_only=True):
    """The query; `purpose` is of files only. The rest is ignored."""

    after: str | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS)] | None = None
    order: Literal["asc", "desc"] = "desc"
    purpose: str | None = None


def page(
    rows: Sequence[dict[str, object]], query: Mapping[str, str], usual_limit: int
) -> dict[str, object]:
    """The answer to a list call. `rows` have an `id` each, the oldest first. Raises Refusal."""
    asked = convert(dict(query), PageRequest)
    kept = [row for row in rows if asked.purpose is None or row.get("purpose") == asked.purpose]
    ordered = kept if asked.order == "asc" else kept[::-1]
    rest = ordered[_start(ordered, asked.after) :]
    shown = rest[: asked.limit or usual_limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(rest) > len(shown),
    }


def _start(rows: Sequence[dict[str, object]], after: str | None) -> int:
    if after is None:
        return 0
    for place, row in enumerate(rows, 1):
        if row["id"] == after:
            return place
    raise Refusal(400, f"There is no '{after}' in this list.", code="invalid_value", param="after")
