"""From a reply's part to what WeChat shows of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from adapters.wechat.api import ApiError, Lost, Unreached
from adapters.wechat.files import Files, NotSendable
from adapters.wechat.format import Saying, Words
from core.errors import MediaError
from core.model import Capabilities, Media, Text
from core.render import render

log = logging.getLogger(__name__)

LABELS = Capabilities(source="a file becomes a line that names it", markup="markdown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sayings:
    """Files are uploaded; what cannot be becomes a line that names it."""

    files: Files
    monotonic: Callable[[], float]

    async def of(self, part: Text | Media) -> Saying:
        match part:
            case Text(text=text):
                return Words(text=text)
            case Media() as media:
                return await self._file(media)

    async def _file(self, media: Media) -> Saying:
        try:
            return await self.files.upload(media, self.monotonic())
        except (NotSendable, MediaError, ApiError, Unreached, Lost) as error:
            log.warning("a file is only named, not sent: %s", error)
            return label(media)


def label(media: Media) -> Words:
    named = render((media,), LABELS)
    return Words(text="".join(part.text for part in named if isinstance(part, Text)))
