"""Pictures, recordings and files, by whatever way the implementation offers them."""

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.onebot11.accounts import Accounts
from adapters.onebot11.download import Download
from adapters.onebot11.failure import CallError
from adapters.onebot11.handle import Handle, read_handle
from core import sound
from core.errors import MediaError
from core.model import Media
from core.picture import check_picture

CALL_S = 60.0
PATIENCE_S = 10.0
FILE_BYTES = 25 << 20  # what OpenAI's transcription takes

Ask = tuple[str, Mapping[str, Any]]


class Files:
    """`fetch` tries the address first, then the calls that give content or another address."""

    def __init__(self, accounts: Accounts, download: Download) -> None:
        self._accounts = accounts
        self._download = download

    async def fetch(self, media: Media) -> bytes:
        """The content; of a recording always as WAV, which `media.name` says. Raises MediaError."""
        handle = read_handle(media.remote)
        content = await self._content(handle)
        return await _wav(content) if handle.kind == "record" else content

    async def _content(self, handle: Handle) -> bytes:
        if handle.carried:
            return _fit(handle, _decoded(handle.carried))
        reasons: list[str] = []
        for place in (handle.url, handle.file):
            if place.startswith(("http://", "https://")):
                try:
                    return _fit(handle, await self._download.get(place))
                except MediaError as error:
                    reasons.append(str(error))
        return await self._asked(handle, reasons)

    async def _asked(self, handle: Handle, reasons: list[str]) -> bytes:
        """What the account's implementation gives: `base64`, or an address that is still good."""
        if not self._accounts.admits(handle.account):  # or /readyz would miss it for ever
            raise MediaError(f"a {handle.kind} of QQ was heard by an account of earlier days")
        account = self._accounts.of(handle.account)
        await account.until_callable(PATIENCE_S)
        for action, params in _asks(handle):
            try:
                answer = await account.call(action, params, CALL_S)
                return _fit(handle, await self._answered(answer))
            except (CallError, MediaError) as error:
                reasons.append(str(error))
        raise MediaError(f"a {handle.kind} of QQ could not be fetched: {'; '.join(reasons)}")

    async def _answered(self, answer: object) -> bytes:
        if not isinstance(answer, Mapping):
            raise MediaError("expected a file, got an answer without one")
        if isinstance(answer.get("base64"), str) and answer["base64"]:
            return _decoded(answer["base64"])
        for name in ("url", "file"):
            place = answer.get(name)
            if isinstance(place, str) and place.startswith(("http://", "https://")):
                return await self._download.get(place)
        raise MediaError("expected content or an address, got a path on another machine")


def _asks(handle: Handle) -> Sequence[Ask]:
    """https://github.com/botuniverse/onebot-11/blob/master/api/public.md, and go-cqhttp's."""
    file: Mapping[str, Any] = {"file": handle.file or handle.file_id}
    match handle.kind:
        case "image":
            return (("get_image", file), ("get_file", file))
        case "record":
            # as it is; then converted there, which breaks now and then (NapCatQQ 1336, 1593)
            return (("get_record", file), ("get_record", {**file, "out_format": "wav"}))
        case "video":
            return (("get_file", file),)
        case "file":
            return (_file_url(handle), ("get_file", {"file_id": handle.file_id, **file}))


def _file_url(handle: Handle) -> Ask:
    if not handle.group:
        return "get_private_file_url", {"file_id": handle.file_id}
    params = {"group_id": handle.group, "file_id": handle.file_id}
    return "get_group_file_url", params | ({"busid": handle.bus_id} if handle.bus_id else {})


def _fit(handle: Handle, content: bytes) -> bytes:
    """A page in a picture's place is what an address gives that ran out. Raises MediaError."""
    if handle.kind == "image":
        check_picture(content)
    return content


def _decoded(text: str) -> bytes:
    if len(text) > FILE_BYTES * 4 // 3 + 4:
        raise MediaError(f"expected a file of at most {FILE_BYTES >> 20} MB, got a larger one")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaError("expected base64, got something else") from error


async def _wav(content: bytes) -> bytes:
    """QQ names SILK ".amr": only the bytes tell."""
    if sound.sniff(content) == "wav":
        return content
    return await asyncio.to_thread(sound.to_wav, content)
