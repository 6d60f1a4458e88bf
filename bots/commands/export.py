"""/export: all that is kept of a person, as a JSON file."""

from dataclasses import replace
from datetime import datetime

import msgspec

from bots.answer import tell
from core.command import Ask, Command, Outcome, Services
from core.model import Media


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    if ask.message.address.group:
        return tell(ask, services, "export_private")
    now = services.clock.now()
    content = format_export(await services.store.export(ask.person), now)
    file = Media(
        kind="file",
        blob=await services.media.put(content),
        mime="application/json",
        name=f"parley-{now:%Y-%m-%d}.json",
        size_bytes=len(content),
    )
    told = tell(ask, services, "export_done")
    return replace(told, parts=(*told.parts, file))


def format_export(kept: dict[str, object], at: datetime) -> bytes:
    """Indented UTF-8, times as ISO 8601."""
    whole = {"exported_at": at, **kept}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


COMMAND = Command(name="export", aliases=("导出",), run=run)
