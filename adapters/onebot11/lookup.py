"""What an event only names: the quoted message, a forward's messages, a file's content."""

import asyncio
import logging
from dataclasses import replace

from msgspec import structs

from adapters.onebot11.account import Account
from adapters.onebot11.failure import CallError
from adapters.onebot11.files import Files
from adapters.onebot11.forward import nodes_in
from adapters.onebot11.parse import Heard, is_carried, with_forward, with_quoted
from core.errors import MediaError
from core.model import Media, Part, Quote, Text
from core.ports.store import MediaStore

log = logging.getLogger(__name__)

LOOKUP_S = 2.0
"""How long a message may wait for what it names; then it goes on without."""


class Lookup:
    def __init__(
        self, *, files: Files, media: MediaStore, forward_chars: int, hears_all: bool
    ) -> None:
        self._files = files
        self._media = media
        self._forward_chars = forward_chars
        self._hears_all = hears_all

    async def complete(self, account: Account, heard: Heard) -> Heard:
        """As far as the implementation tells within LOOKUP_S; never raises."""
        steps = (self._quoted, self._forward, self._carried)
        try:
            async with asyncio.timeout(LOOKUP_S):
                for step in steps:
                    heard = await step(account, heard)
        except RecursionError:
            log.info("message %s goes on without what it names: too deep", heard.message.id)
        except TimeoutError:
            log.info("message %s goes on without what it names: it took too long", heard.message.id)
        return heard

    async def _quoted(self, account: Account, heard: Heard) -> Heard:
        if not heard.quoted:
            return heard
        wanted: int | str = heard.quoted
        if heard.quoted.removeprefix("-").isdecimal():
            wanted = int(heard.quoted)
        try:
            told = await account.call("get_msg", {"message_id": wanted}, LOOKUP_S)
        except CallError as error:  # ids are forgotten after some thousand messages
            log.debug("a quoted message was not found: %s", error)
            return heard
        return with_quoted(heard, told)

    async def _forward(self, account: Account, heard: Heard) -> Heard:
        message = heard.message
        is_ours = message.addressed or self._hears_all or not message.address.group
        if not heard.forward or not is_ours:
            return heard
        params = {"id": heard.forward, "message_id": heard.forward}  # each reads another
        try:
            answer = await account.call("get_forward_msg", params, LOOKUP_S)
        except CallError as error:
            log.debug("a forward was not found: %s", error)
            return heard
        return with_forward(heard, nodes_in(answer), self._forward_chars)

    async def _carried(self, account: Account, heard: Heard) -> Heard:
        """A content inside the event goes to the media store, not into the message's row."""
        del account
        if not heard.carries:
            return heard
        parts = tuple([await self._stored(part) for part in heard.message.parts])
        return replace(heard, message=structs.replace(heard.message, parts=parts))

    async def _stored(self, part: Part) -> Part:
        match part:
            case Quote(parts=quoted):
                parts = [await self._kept(one) for one in quoted]
                return structs.replace(part, parts=tuple(parts))
            case Text() | Media():
                return await self._kept(part)
            case _:
                return part

    async def _kept(self, part: Text | Media) -> Text | Media:
        if isinstance(part, Text) or not is_carried(part):
            return part
        try:
            content = await self._files.fetch(part)
            blob = await self._media.put(content)
        except MediaError as error:
            log.info("a file could not be kept: %s", error)
            return structs.replace(part, remote="")
        return structs.replace(part, blob=blob, remote="", size_bytes=len(content))
