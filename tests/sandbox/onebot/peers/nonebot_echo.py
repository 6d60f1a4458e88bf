"""A NoneBot with its OneBot adapter, as others wrote them, that tells what it heard.

Each message is answered by a JSON object of what NoneBot made of it; "call NAME {…}"
by what the call answered. Friend requests are accepted. Prints its port.
"""

import asyncio
import json
import os
import socket

import nonebot
import uvicorn
from nonebot.adapters.onebot import V11Adapter
from nonebot.adapters.onebot.v11 import (
    ActionFailed,
    Bot,
    FriendRequestEvent,
    MessageEvent,
    MessageSegment,
    NetworkError,
    NoticeEvent,
)

nonebot.logger.remove()  # it would write over the port on standard output
nonebot.init(
    driver="nonebot.drivers.quart:Driver",
    onebot_access_token=os.environ.get("PEER_TOKEN") or None,
    log_level="ERROR",
    api_timeout=2.0,
)
nonebot.get_driver().register_adapter(V11Adapter)
messages = nonebot.on_message()
notices = nonebot.on_notice()
requests = nonebot.on_request()


@messages.handle()
async def heard(bot: Bot, event: MessageEvent) -> None:
    text = event.get_plaintext().strip()
    if text.startswith("call "):
        told = await called(bot, text)
    else:
        told = {
            "event": event.get_event_name(),
            "session": event.get_session_id(),
            "to_me": event.to_me,
            "text": text,
            "segments": [[each.type, each.data] for each in event.message],
            "reply": event.reply and event.reply.message.extract_plain_text(),
            "nickname": event.sender.nickname,
            "role": event.sender.role,
        }
    await bot.send(event, MessageSegment.text(json.dumps(told, ensure_ascii=False)))


async def called(bot: Bot, text: str) -> dict[str, object]:
    _, name, params = text.split(" ", 2)
    try:
        return {"data": await bot.call_api(name, **json.loads(params))}
    except ActionFailed as failed:
        return {"failed": failed.info}
    except NetworkError as error:
        return {"network": str(error)}


@notices.handle()
async def noticed(bot: Bot, event: NoticeEvent) -> None:
    told = json.dumps([event.get_event_name(), type(event).__name__, event.is_tome()])
    await bot.send_private_msg(user_id=10001, message=[MessageSegment.text(told)])


@requests.handle()
async def asked(bot: Bot, event: FriendRequestEvent) -> None:
    await event.approve(bot)


async def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(nonebot.get_asgi(), log_level="error", lifespan="on")
    await uvicorn.Server(config).serve(sockets=[listening])


asyncio.run(main())
