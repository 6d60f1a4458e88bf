"""What people would pick instead, at its least: no store, no promises, the same relay.

Usage: python -m bench.platform_floor onebot|telegram|wechat PORT PLATFORM_PORT RELAY_URL
QQ by NoneBot with its OneBot adapter, Telegram by python-telegram-bot's Application; for
WeChat, where no framework answers a slow model, the bare rule: tries of a MsgId join one task.
"""

import asyncio
import logging
import sys
from collections import defaultdict, deque
from typing import Any

import aiohttp

HISTORY: dict[str, deque[dict[str, str]]] = defaultdict(lambda: deque(maxlen=20))
SESSIONS: list[aiohttp.ClientSession] = []


async def answer(relay: str, who: str, text: str) -> str:
    """One call with the person's history."""
    if not SESSIONS:
        SESSIONS.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    history = HISTORY[who]
    history.append({"role": "user", "content": text})
    body = {"model": "sandbox-chat", "messages": list(history)}
    async with SESSIONS[0].post(f"{relay}/v1/chat/completions", json=body) as response:
        said = (await response.json())["choices"][0]["message"]["content"]
    history.append({"role": "assistant", "content": said})
    return said


def onebot(port: int, _: int, relay: str) -> None:
    """NoneBot's OneBot adapter listens at /onebot/v11/ws: as does a bot of ours named v11."""
    import nonebot
    from nonebot.adapters.onebot.v11 import Adapter, Bot, MessageEvent, MessageSegment

    nonebot.init(
        driver="~quart",
        host="127.0.0.1",
        port=port,
        onebot_access_token="sandbox",
        log_level="CRITICAL",
        command_start={"/"},
    )
    driver = nonebot.get_driver()
    driver.register_adapter(Adapter)
    matcher = nonebot.on_message()

    @matcher.handle()
    async def handle(bot: Bot, event: MessageEvent) -> None:
        said = await answer(relay, event.get_user_id(), event.get_plaintext())
        await bot.send(event, MessageSegment.text(said))

    nonebot.run()


def telegram(_: int, platform_port: int, relay: str) -> None:
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    from bots.sandbox.telegram.platform import TOKEN

    async def handle(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        said = await answer(relay, str(message.chat_id), message.text)
        await message.reply_text(said)

    base = f"http://127.0.0.1:{platform_port}/bot"
    application = (
        Application.builder()
        .token(TOKEN)
        .base_url(base)
        .concurrent_updates(256)
        .connection_pool_size(512)
        .pool_timeout(30)
        .build()
    )
    application.add_handler(MessageHandler(filters.TEXT, handle))
    application.run_polling(allowed_updates=Update.ALL_TYPES)


def wechat(port: int, _: int, relay: str) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from wechatpy import create_reply, parse_message

    tasks: dict[str, asyncio.Task[str]] = {}
    tries: dict[str, int] = defaultdict(int)

    async def push(request: Request) -> Response:
        message: Any = parse_message(await request.body())
        key = str(message.id)
        tries[key] += 1
        if key not in tasks:
            asked = answer(relay, message.source, message.content)
            tasks[key] = asyncio.create_task(asked)
        wait_s = 4.3 if tries[key] == 3 else 5.5
        done, _ = await asyncio.wait({tasks[key]}, timeout=wait_s)
        said = tasks[key].result() if done else "still thinking"
        return Response(create_reply(said, message).render(), media_type="text/xml")

    app = Starlette(routes=[Route("/wechat/bot", push, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", backlog=4096)


BOTS = {"onebot": onebot, "telegram": telegram, "wechat": wechat}

if __name__ == "__main__":
    logging.disable()  # of sessions left open at the end
    BOTS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
