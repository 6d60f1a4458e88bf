"""aiocqhttp's server that tells what it heard, as `nonebot_echo` does. Prints its port."""

import asyncio
import json
import os
import socket

import uvicorn
from aiocqhttp import ActionFailed, CQHttp, Event, Message, MessageSegment
from aiocqhttp.exceptions import ApiNotAvailable, NetworkError

bot = CQHttp(
    access_token=os.environ.get("PEER_TOKEN") or None, message_class=Message, api_timeout_sec=2
)


@bot.on_message
async def heard(event: Event) -> dict[str, object] | None:
    text = event.message.extract_plain_text().strip()
    if text == "quick":
        return {"reply": "a quick answer", "auto_escape": True}
    if text.startswith("call "):
        told = await called(event, text)
    else:
        told = {
            "event": event.name,
            "text": text,
            "segments": [[each.type, each.data] for each in event.message],
            "nickname": event.sender["nickname"],
        }
    answer = MessageSegment.text(json.dumps(told, ensure_ascii=False))
    await bot.send(event, Message(answer), self_id=event.self_id)
    return None


async def called(event: Event, text: str) -> dict[str, object]:
    _, name, params = text.split(" ", 2)
    try:
        return {"data": await bot.call_action(name, self_id=event.self_id, **json.loads(params))}
    except ActionFailed as failed:
        return {"failed": failed.result}
    except (NetworkError, ApiNotAvailable) as error:
        return {"network": type(error).__name__}


async def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(bot.asgi, log_level="error", lifespan="on")
    await uvicorn.Server(config).serve(sockets=[listening])


asyncio.run(main())
