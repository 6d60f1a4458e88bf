"""What a bot did on its platforms beyond saying words to whom it answers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import BOT, Town
from bots.sandbox.wechat.wechat import WeChat

SENDS = {"send_msg", "send_private_msg", "send_group_msg", "send_forward_msg"}
SENDS |= {"send_private_forward_msg", "send_group_forward_msg"}
READS = re.compile(r"get_\w+|can_\w+|\.handle_quick_operation|mark_\w+|_mark\w+|set_input_status")
METHODS = re.compile(
    r"(?i)get\w+|setMy\w+|setWebhook|deleteWebhook|deleteMyCommands|sendChatAction|"
    r"sendMessageDraft|sendMessage|editMessageText|logOut|close"
)
ENTITIES = {"bold", "italic", "code", "pre", "strikethrough", "blockquote", "text_link"}
ENTITIES |= {"expandable_blockquote"}
WECHAT_CALLS = re.compile(
    r"token|stable_token|menu/\w+|get_current_selfmenu_info|message/custom/\w+"
)
WECHAT_LINK = re.compile(r"<\s*/?\s*a\b", re.IGNORECASE)
CONSOLE_OWN = re.compile(r"\x1b\[[\d;]*m|\r\x1b\[K|\x1b\[K|\x1b\[\?2004[hl]")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def to_others(town: Town, asked: Iterable[str]) -> Iterator[str]:
    for line in town.lines(sender=BOT):
        if line.place not in asked:
            yield f"{town.name}: something was sent to {line.place}: {line.text[:60]!r}"
        if line.kind not in ("text", "notice"):
            yield f"{town.name}: a file of kind {line.kind} was sent"


def on_qq(account: OneBot, places: set[str], asker: str) -> Iterator[str]:
    for call in account.frames.calls():
        action, params = call["action"], call.get("params", {})
        if action not in SENDS:
            if not READS.fullmatch(action):
                yield f"QQ: the action {action}"
            continue
        to = {str(params[name]) for name in ("user_id", "group_id") if params.get(name)}
        if not to <= places:
            yield f"QQ: {action} to {to - places}"
        for segment in _segments(params):
            yield from _segment(segment, asker)


def _segments(params: Mapping[str, Any]) -> Iterator[Any]:
    said = params.get("message", params.get("messages"))
    if not isinstance(said, list):
        yield said
        return
    for segment in said:
        if isinstance(segment, dict) and segment.get("type") == "node":
            content = segment["data"].get("content")
            yield from content if isinstance(content, list) else [content]
        else:
            yield segment


def _segment(segment: Any, asker: str) -> Iterator[str]:
    match segment:
        case {"type": "text", "data": {"text": str()}} | {"type": "reply"}:
            return
        case {"type": "at", "data": {"qq": who}} if str(who) == asker:
            return
    yield f"QQ: a segment that is no text: {str(segment)[:100]}"


def on_telegram(platform: Telegram, places: set[str]) -> Iterator[str]:
    for entry in platform.journal.entries():
        method = urlsplit(entry.path).path.rpartition("/")[2]
        if not METHODS.fullmatch(method):
            yield f"Telegram: the method {method}"
        if method in ("sendMessage", "editMessageText", "sendMessageDraft"):
            yield from _message(method, _fields(entry), places)


def _fields(entry: Any) -> Mapping[str, Any]:
    if entry.fields:
        return dict(entry.fields)
    try:
        told = msgspec.json.decode(entry.content)
    except msgspec.DecodeError:
        return dict(parse_qsl(entry.content.decode()))
    return told if isinstance(told, dict) else {}


def _message(method: str, fields: Mapping[str, Any], places: set[str]) -> Iterator[str]:
    if str(fields.get("chat_id")) not in places:
        yield f"Telegram: {method} to {fields.get('chat_id')}"
    if "parse_mode" in fields:
        yield f"Telegram: {method} leaves it to Telegram to read markup"
    previews = fields.get("link_preview_options") or {}
    if isinstance(previews, str):
        previews = msgspec.json.decode(previews)
    if method != "sendMessageDraft" and not previews.get("is_disabled"):
        yield f"Telegram: {method} lets Telegram fetch what is linked"
    entities = fields.get("entities") or ()
    if isinstance(entities, str):
        entities = msgspec.json.decode(entities)
    for entity in entities:
        link = entity.get("url", "")
        if entity["type"] not in ENTITIES or (link and not link.startswith(("http:", "https:"))):
            yield f"Telegram: an entity {entity['type']} {link[:60]}"


def on_wechat(account: WeChat, asker: str) -> Iterator[str]:
    for line in account.town.lines(sender=BOT):
        if WECHAT_LINK.search(line.text):
            yield f"WeChat: a link to touch: {line.text[:80]!r}"
    for called in account.journal.calls():
        match called.call, called.body:
            case "message/custom/send", {"touser": who, "msgtype": "text"} if who == asker:
                pass
            case "message/custom/send", body:
                yield f"WeChat: customer service with {str(body)[:100]}"
            case call, _ if not WECHAT_CALLS.fullmatch(call):
                yield f"WeChat: the call {call}"


def on_console(shown: str) -> Iterator[str]:
    """Beyond the colours that the console makes itself."""
    rest = CONSOLE_OWN.sub("", shown).replace("\r\n", "\n")
    for found in CONTROLS.finditer(rest):
        beside = rest[max(0, found.start() - 20) : found.end() + 20]
        yield f"console: the control character {found[0]!r} in {beside!r}"
