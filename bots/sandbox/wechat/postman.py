"""Carries pushes to the bot: three tries of five seconds, by WeChat's rules.

developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message
(read 2026-11): without an answer in time the connection is cut and the request made
again, three in all; `success` or nothing at all ends it.
"""

import asyncio
import time
from collections import deque
from datetime import UTC, datetime

import aiohttp
from msgspec.structs import replace

from bots.sandbox.wechat.envelope import Envelopes
from bots.sandbox.wechat.faults import AtOnce, DelayAnswer, DropConnection, Faults, LoseAnswer
from bots.sandbox.wechat.files import Files
from bots.sandbox.wechat.push import ENDING, Push, Try
from bots.sandbox.wechat.reply import Reply, parse_reply
from bots.sandbox.wechat.xml import Malformed

BODY_BYTES = 64 * 2**10
HEADERS = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Pragma": "no-cache"}
KEPT_TIMES = 200_000


class Postman:
    """`answers_s` has how long each try took that the bot answered, the latest 200,000."""

    def __init__(
        self,
        *,
        url: str,
        envelopes: Envelopes,
        files: Files,
        faults: Faults,
        try_s: float,
        tries: int,
    ) -> None:
        self.url = url
        self.answers_s: deque[float] = deque(maxlen=KEPT_TIMES)
        self._envelopes = envelopes
        self._files = files
        self._faults = faults
        self._try_s = try_s
        self._tries = tries
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, push: Push) -> Reply | None:
        """Try until an answer ends it. The reply to show, if it has one."""
        await self._faults.turn()
        at_once = self._faults.take(AtOnce)
        copies = at_once.copies if at_once else 1
        for number in range(1, self._tries + 1):
            replies = await asyncio.gather(*(self.attempt(push, number) for _ in range(copies)))
            if push.ended:
                return next((reply for reply in replies if reply), None)
        return None

    async def attempt(self, push: Push, number: int = 0) -> Reply | None:
        """One try, noted on the push. `number` counts the push's own from 1."""
        at, began = datetime.now(UTC), time.perf_counter()
        limit_s = self._try_s
        drop = self._faults.take(DropConnection)
        if drop:
            limit_s = min(drop.after_s, limit_s)
        try:
            async with asyncio.timeout(limit_s):
                status, body = await self._post(push)
        except TimeoutError:
            outcome = Try(outcome="closed" if drop else "timeout", took_s=_since(began))
            reply = None
        except aiohttp.ClientError as error:
            outcome = Try(outcome="closed", took_s=_since(began), detail=type(error).__name__)
            reply = None
        else:
            outcome, reply = await self._answered(push, status, body, _since(began))
        push.tries.append(replace(outcome, number=number, at=at))
        return reply

    async def get(self, query: str) -> tuple[int, bytes]:
        """The URL check. Raises TimeoutError, aiohttp.ClientError."""
        async with asyncio.timeout(self._try_s), self._open().get(self._to(query)) as answer:
            return answer.status, await answer.read()

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def _post(self, push: Push) -> tuple[int, bytes]:
        query = self._envelopes.query(push.encrypted, openid=push.act.person)
        asked = self._open().post(self._to(query), data=push.body, headers=HEADERS)
        async with asked as answer:
            return answer.status, await answer.read()

    async def _answered(
        self, push: Push, status: int, body: bytes, took_s: float
    ) -> tuple[Try, Reply | None]:
        if self._faults.take(LoseAnswer):
            lost, _ = self._judge(push, status, body, took_s)
            return replace(lost, outcome="lost"), None
        delay = self._faults.take(DelayAnswer)
        if delay:
            late_s = took_s + delay.delay_s
            await asyncio.sleep(min(delay.delay_s, max(0.0, self._try_s - took_s)))
            if late_s > self._try_s:
                return Try(outcome="timeout", took_s=took_s, detail="the answer was late"), None
        outcome, reply = self._judge(push, status, body, took_s)
        if outcome.outcome in ENDING:
            self.answers_s.append(took_s)
        return outcome, reply

    def _judge(
        self, push: Push, status: int, body: bytes, took_s: float
    ) -> tuple[Try, Reply | None]:
        if status != 200:
            return Try(outcome="status", took_s=took_s, detail=str(status)), None
        if not body:
            return Try(outcome="empty", took_s=took_s), None
        if body.strip() == b"success":
            return Try(outcome="success", took_s=took_s), None
        if len(body) > BODY_BYTES:
            return Try(outcome="unreadable", took_s=took_s, detail=f"{len(body)} bytes"), None
        try:
            plain = self._envelopes.open(body)
            reply = parse_reply(
                plain,
                to=push.act.person,
                account=self._envelopes.account.original,
                files=self._files,
            )
        except Malformed as error:
            return Try(outcome="unreadable", took_s=took_s, detail=str(error)), None
        return Try(outcome="reply", took_s=took_s, answer=plain.decode("utf-8", "replace")), reply

    def _to(self, query: str) -> str:
        return f"{self.url}{'&' if '?' in self.url else '?'}{query}"

    def _open(self) -> aiohttp.ClientSession:
        """One connection a try: what the bot closes in idleness must not look like a refusal."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


def _since(began: float) -> float:
    return time.perf_counter() - began
