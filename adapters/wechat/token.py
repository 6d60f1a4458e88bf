"""The account's access token: fetched once, shared over restarts, renewed early and sparingly.

POST /cgi-bin/stable_token gives the same token until 5 minutes before its end;
forced, another one: at most 20 a day and 30 s apart, old and new both valid for
5 minutes (developers.weixin.qq.com/doc/subscription/api/base/api_getstableaccesstoken.html,
November 2026). It is a world apart from /cgi-bin/token, which other programs may use.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from core.errors import StoreError
from core.ports.clock import Clock
from core.ports.store import Memo
from core.secret import Secret

NAME = "access_token"
EARLY_S = 300.0
FORCED_APART_S = 30.0


class Token(Struct, frozen=True, kw_only=True):
    """`until` in seconds of the epoch."""

    access_token: str
    until: float
    account: str = ""


class TokenBook:
    """`fetch` asks WeChat; its argument is whether to force a new token."""

    def __init__(
        self,
        app_id: str,
        secret: Secret,
        memo: Memo,
        clock: Clock,
        *,
        fetch: Callable[[bool], Awaitable[dict[str, Any]]],
    ) -> None:
        self._app_id = app_id
        self._secret = secret
        self._memo = memo
        self._clock = clock
        self._fetch = fetch
        self._held: Token | None = None
        self._forced_at = float("-inf")
        self._turn = asyncio.Lock()

    def request(self, force: bool) -> dict[str, Any]:
        """The body of stable_token."""
        return {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._secret.reveal(),
            "force_refresh": force,
        }

    async def token(self) -> str:
        """Raises what `fetch` raises."""
        if held := self._good():
            return held
        async with self._turn:
            if self._held is None:
                self._held = await self._kept()
            return self._good() or await self._fetched(force=False)

    async def renewed(self, refused: str) -> str:
        """Another token than the one that WeChat refused, if there is one to be had."""
        async with self._turn:
            if (held := self._good()) and held != refused:
                return held
            token = await self._fetched(force=False)
            if token != refused or self._clock.monotonic() - self._forced_at < FORCED_APART_S:
                return token
            self._forced_at = self._clock.monotonic()
            return await self._fetched(force=True)

    def _good(self) -> str:
        held = self._held
        fresh = held and self._clock.now().timestamp() < held.until - EARLY_S
        return held.access_token if held and fresh else ""

    async def _fetched(self, *, force: bool) -> str:
        told = await self._fetch(force)
        self._held = Token(
            access_token=str(told.get("access_token", "")),
            until=self._clock.now().timestamp() + float(told.get("expires_in", 0)),
            account=self._app_id,
        )
        with suppress(StoreError):  # the next start fetches it again
            await self._memo.keep(NAME, msgspec.json.encode(self._held).decode())
        return self._held.access_token

    async def _kept(self) -> Token | None:
        with suppress(StoreError, msgspec.MsgspecError):
            kept = msgspec.json.decode(await self._memo.recall(NAME) or b"null", type=Token | None)
            return kept if kept and kept.account == self._app_id else None
        return None
