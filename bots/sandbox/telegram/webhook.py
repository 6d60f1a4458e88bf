"""Pushes updates to the bot's own URL.

As tdlib/telegram-bot-api does (WebhookActor.cpp 0cf13d3): each chat's updates
one after the other, so that one that is never acknowledged holds up its chat.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
from msgspec import Struct

from bots.sandbox.telegram.call import Call, read_call
from bots.sandbox.telegram.chats import Raw
from bots.sandbox.telegram.failure import Refused, bad
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.updates import Update

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
ANSWER_WITHIN_S = 60.0
LONGEST_RETRY_S = 60.0
"""Doubled by chance, so that not all come back at once."""
LONGEST_RETRY_AFTER_S = 3600.0
GONE = 410
GIVES_UP_S = 23 * 3600.0

NEVER_IN_ANSWERS = ("setwebhook", "deletewebhook", "close", "logout")


class Failed(Exception):
    """The update was not acknowledged."""

    def __init__(self, why: str, retry_after_s: float = 0.0, status: int = 0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s
        self.status = status


class Hook(Struct, frozen=True, kw_only=True):
    """What setWebhook says. `certificate` is PEM, "" where the usual ones are trusted."""

    url: str
    secret: str
    max_connections: int
    ip_address: str
    certificate: str


class Webhook:
    """One setWebhook, until the next. `given_up` is called when it ends by itself."""

    def __init__(
        self,
        telegram: Telegram,
        perform: Callable[[Call], Awaitable[Any]],
        hook: Hook,
        given_up: Callable[[], None],
    ) -> None:
        self._telegram = telegram
        self._perform = perform
        self.hook = hook
        self._given_up = given_up
        self._lanes: dict[str, deque[Update]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(hook.max_connections)
        self._http = httpx.AsyncClient(
            trust_env=False,
            timeout=ANSWER_WITHIN_S,
            verify=_trusted(hook.certificate),
            limits=httpx.Limits(max_connections=hook.max_connections),
        )
        self._last_error: tuple[int, str] | None = None
        self._gone_since: float | None = None

    def open(self) -> None:
        """Take over what waits, and all that comes."""
        self._telegram.updates.delivers = self._add
        for update in self._telegram.updates.pending():
            self._add(update)

    async def close(self) -> None:
        """What is not acknowledged stays queued."""
        self._telegram.updates.delivers = None
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._http.aclose()

    def shown(self) -> Raw:
        told: Raw = {"url": self.hook.url, "max_connections": self.hook.max_connections}
        if self.hook.ip_address:
            told["ip_address"] = self.hook.ip_address
        if self._last_error:
            told["last_error_date"], told["last_error_message"] = self._last_error
        return told

    def _add(self, update: Update) -> None:
        lane = self._lanes.get(update.queue)
        if lane is not None:
            lane.append(update)
            return
        self._lanes[update.queue] = deque((update,))
        self._start(self._run(update.queue))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, queue: str) -> None:
        lane = self._lanes[queue]
        while lane:
            await self._deliver(lane[0])
            self._telegram.updates.forget(lane.popleft().id)
        del self._lanes[queue]

    async def _deliver(self, update: Update) -> None:
        """Again and again until it is acknowledged or expires: at once, then ever later."""
        delay_s = self._telegram.rules.webhook_retry_s
        fails = 0
        while self._telegram.updates.holds(update.id):
            try:
                await self._push(update)
            except Failed as failure:
                self._note(failure)
                wait_s = min(failure.retry_after_s, LONGEST_RETRY_AFTER_S)
                if not wait_s and fails:
                    cap_s = LONGEST_RETRY_S * (1 + random.random())  # noqa: S311
                    wait_s = delay_s = min(cap_s, delay_s * 2)
                fails += 1
                if self._telegram.now().timestamp() + wait_s > update.expires_at:
                    return
                await asyncio.sleep(wait_s)
            else:
                self._gone_since = None
                return

    async def _push(self, update: Update) -> None:
        """Raises Failed."""
        headers = {"Content-Type": "application/json"}
        if self.hook.secret:
            headers[SECRET_HEADER] = self.hook.secret
        async with self._places:
            try:
                answer = await self._http.post(
                    self.hook.url, content=update.content, headers=headers
                )
            except httpx.HTTPError as error:
                raise Failed(str(error) or type(error).__name__) from error
        if not answer.is_success:
            why = f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
            raise Failed(why, _retry_after_s(answer), answer.status_code)
        await self._obey(answer)

    async def _obey(self, answer: httpx.Response) -> None:
        """The answer may ask for a call, whose result nobody learns."""
        try:
            kind = answer.headers.get("content-type", "")
            call = read_call("", b"", answer.content, kind)
            method = call.text("method")
            if method.lower() in NEVER_IN_ANSWERS or method.lower().startswith("get"):
                return
            if method:
                await self._perform(Call(method=method, values=call.values, files=call.files))
        except Refused:
            return

    def _note(self, failure: Failed) -> None:
        now = self._telegram.now().timestamp()
        self._last_error = int(now), str(failure)
        if failure.status != GONE:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now > self._gone_since + GIVES_UP_S:
            self._given_up()
            self._start(self.close())


def _trusted(certificate: str) -> ssl.SSLContext | bool:
    """Raises Refused."""
    if not certificate:
        return True
    try:
        return ssl.create_default_context(cadata=certificate)
    except (ssl.SSLError, ValueError) as error:
        raise bad("bad webhook: the certificate cannot be read") from error


def _retry_after_s(answer: httpx.Response) -> float:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdecimal() else 0.0
