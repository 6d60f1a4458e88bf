"""What the account says, as a passive reply's XML or a customer-service call's body. Pure."""

import re
from typing import Any, TypeAlias

from msgspec import Struct

from adapters.wechat.push import Push
from adapters.wechat.xml import cdata, clean

SUCCESS = "success"
"""Answers a push with nothing, and ends its tries."""

REPLY_BYTES = 1800
"""What a text may measure. WeChat names no number; 2048 bytes is what others found, and a
text of 1097 characters was seen to fail (zhayujie/chatgpt-on-wechat, November 2026)."""

HINT_BYTES = 140
"""Of these, for a line below the text that tells of more, and one above that it came twice."""


LINK = re.compile(r"<(?=/?a\b)", re.IGNORECASE)
"""WeChat makes a link of <a href="…"> in a text; one to weixin://bizmsgmenu sends words, a
command perhaps, in the name of who touches it (developers.weixin.qq.com, 客服消息, 2026-11)."""


class Words(Struct, frozen=True, kw_only=True):
    text: str


class Uploaded(Struct, frozen=True, kw_only=True):
    """A picture or a recording that WeChat has, by its media id."""

    kind: str
    media_id: str


Saying: TypeAlias = Words | Uploaded


def with_hint(saying: Saying, hint: str) -> Saying:
    """`hint` below a text, in brackets. Pictures and recordings have no room for it."""
    if not hint or not isinstance(saying, Words):
        return saying
    return Words(text=f"{saying.text}\n\n{hint}")


def format_reply(push: Push, saying: Saying) -> str:
    """The passive reply, by werobot's reply classes.

    Its time is the push's, so that the same answer to the same push is the
    same bytes whenever it is made.
    """
    from werobot import replies  # type: ignore[import-untyped] # noqa: PLC0415

    envelope = {"target": cdata(push.source), "source": cdata(push.target), "time": push.created}
    match saying:
        case Words(text=text):
            reply = replies.TextReply(**envelope, content=cdata(inert(clean(text))))
        case Uploaded(kind="image", media_id=media_id):
            reply = replies.ImageReply(**envelope, media_id=cdata(media_id))
        case Uploaded(media_id=media_id):
            reply = replies.VoiceReply(**envelope, media_id=cdata(media_id))
    rendered: str = reply.render()
    return rendered.strip()


def format_message(openid: str, saying: Saying) -> dict[str, Any]:
    """The body of message/custom/send."""
    match saying:
        case Words(text=text):
            return {"touser": openid, "msgtype": "text", "text": {"content": inert(clean(text))}}
        case Uploaded(kind=kind, media_id=media_id):
            return {"touser": openid, "msgtype": kind, kind: {"media_id": media_id}}


def inert(text: str) -> str:
    """Clean text with another bracket where a link would begin: a model's words make none.

    A wide <, unless there are so many that the text would grow past what WeChat takes.
    """
    shown = LINK.sub("＜", text)
    return shown if len(shown.encode()) <= REPLY_BYTES + HINT_BYTES else LINK.sub("[", text)
