"""Getting a file's content. The link holds the token, so that it is never told to anybody."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError

from adapters.telegram.api import Api
from adapters.telegram.content import DOWNLOAD_BYTES
from core.errors import MediaError
from core.model import Media
from core.patience import Sleep

FILE_ID = re.compile(r"[A-Za-z0-9_-]{5,300}")
TRIES = 3
RETRY_S = 1.0
LOCAL_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """`local` is where a Bot API server in --local mode leaves files; None for another server."""

    api: Api
    local: Path | None = None
    sleep: Sleep = asyncio.sleep

    async def fetch(self, media: Media) -> bytes:
        """Raises MediaError."""
        if not FILE_ID.fullmatch(media.remote):
            raise MediaError(f"expected a file of Telegram's, got another {media.kind}")
        if media.size_bytes > DOWNLOAD_BYTES and self.local is None:
            raise _too_large()
        for tried in range(TRIES):
            if tried:
                await self.sleep(RETRY_S * tried)
            try:
                return await self._get(media.remote)
            except TelegramError as error:
                if _is_final(error):
                    raise _gone(error) from None
                problem = error
        raise _gone(problem) from None

    async def _get(self, file_id: str) -> bytes:
        """A link that has run out is asked for anew, hence both steps are one try."""
        path = await self.api.file_path(file_id)
        if path.startswith("/"):
            return await asyncio.to_thread(self._read, Path(path))
        try:
            return await self.api.download(path, DOWNLOAD_BYTES)
        except ValueError:
            raise _too_large() from None

    def _read(self, path: Path) -> bytes:
        """From the configured folder, whatever the server says. Its paths hold the token."""
        if self.local is None:
            raise MediaError(
                "expected a file to download, got a path: the Bot API server runs with --local. "
                "Set local_files to the folder of its files."
            )
        try:
            found = path.resolve(strict=True)
            if not found.is_relative_to(self.local.resolve()):
                raise MediaError("expected a file in the folder local_files, got one elsewhere")
            if found.stat().st_size > LOCAL_BYTES:
                raise _too_large()
            return found.read_bytes()
        except OSError as error:
            raise MediaError(
                f"a file in the folder local_files cannot be read: {error.strerror}"
            ) from None


def _is_final(error: TelegramError) -> bool:
    """BadRequest is a NetworkError, too. 404 is a link that ran out."""
    if isinstance(error, BadRequest):
        return True
    return not isinstance(error, NetworkError | InvalidToken)


def _too_large() -> MediaError:
    limit = DOWNLOAD_BYTES // 2**20
    return MediaError(f"expected a file of at most {limit} MB, which bots may fetch, got a larger")


def _gone(error: TelegramError) -> MediaError:
    return MediaError(f"Telegram does not give the file: {error.message}")
