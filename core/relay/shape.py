"""A chat's messages as a relay wants them: persona, turns, names, how much history. Pure."""

import re
from collections.abc import Sequence

from msgspec import structs

from core.errors import RelayInvalid, RelayTooLarge
from core.model import Limit
from core.relay.dialect import Dialect, Limits
from core.request import ChatMessage, ChatRequest

_GAP = "\n\n"
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")


def shape_chat(request: ChatRequest, dialect: Dialect, relay: str) -> ChatRequest:
    """Its messages trimmed, folded and checked. Raises RelayInvalid or RelayTooLarge."""
    messages = request.messages
    for message in messages:
        if message.name:
            _check_name(message.name, relay)
    limits = dialect.limits
    if limits.history_chars != "unlimited":
        messages = forget(messages, limits.history_chars, relay)
    if dialect.persona == "fold":
        messages = fold_persona(messages, limits)
    if dialect.turns != "any":
        _check_turns(messages, relay, alternating=dialect.turns == "alternating")
    if not messages:
        raise _wrong(relay, "expected at least one message, got none", "Ask something.")
    _check_question(messages[-1], limits.question_chars, relay)
    if request.n > 1:
        _check_varied(request, dialect.varied_temperature, relay)
    if messages is request.messages:
        return request
    return structs.replace(request, messages=messages)


def forget(messages: tuple[ChatMessage, ...], limit: int, relay: str) -> tuple[ChatMessage, ...]:
    """The latest messages whose characters, with the persona's, are at most `limit`.

    The oldest go first, in pairs: what is left starts with the user. Raises
    RelayTooLarge if the last alone does not fit beside the persona.
    """
    total = sum(len(message.content) for message in messages)
    if total <= limit:
        return messages
    persona, rest = _parted(messages)
    first, last = 0, len(rest) - 1
    while total > limit and first < last:
        total -= len(rest[first].content)
        first += 1
        while rest[first].role == "assistant" and first < last:
            total -= len(rest[first].content)
            first += 1
    if total > limit:
        room = max(0, limit - sum(len(message.content) for message in persona))
        raise _too_long(len(rest[-1].content) if rest else total, room, relay)
    return (*persona, *rest[first:])


def fold_persona(messages: tuple[ChatMessage, ...], limits: Limits) -> tuple[ChatMessage, ...]:
    """A leading system message put before the first user message.

    A blank line parts them where the persona does not end in space of its own and the
    limits leave room: for it alone nothing is forgotten.
    """
    match messages:
        case (
            ChatMessage(role="system", content=persona),
            ChatMessage(role="user", content=text) as first,
            *rest,
        ):
            gap = "" if persona[-1:].isspace() or not _fits(messages, limits) else _GAP
            return (structs.replace(first, content=persona + gap + text), *rest)
        case _:
            return messages


def _fits(messages: tuple[ChatMessage, ...], limits: Limits) -> bool:
    """Whether there is room for a gap."""
    total = sum(len(message.content) for message in messages) + len(_GAP)
    bounds = (limits.history_chars, limits.question_chars)
    return all(limit == "unlimited" or total <= limit for limit in bounds)


def _parted(
    messages: tuple[ChatMessage, ...],
) -> tuple[tuple[ChatMessage, ...], tuple[ChatMessage, ...]]:
    head = 1 if messages[0].role == "system" else 0
    return messages[:head], messages[head:]


def _check_turns(messages: Sequence[ChatMessage], relay: str, *, alternating: bool) -> None:
    for place, message in enumerate(messages, 1):
        if not message.content and not message.pictures:
            got = f"message {place} of {len(messages)} is empty"
            raise _wrong(relay, f"expected text in every message, but {got}", "Leave it out.")
    if not alternating:
        return
    roles = [message.role for message in messages]
    wanted = ["user" if place % 2 == 0 else "assistant" for place in range(len(roles))]
    if len(roles) % 2 == 0 or roles != wanted:
        raise _wrong(
            relay,
            "expected user and assistant in turn, the user first and last, "
            f"got {', '.join(roles) or 'nothing'}",
            "Send them so, or ask another relay.",
        )


def _check_question(last: ChatMessage, limit: Limit, relay: str) -> None:
    if limit != "unlimited" and len(last.content) > limit:
        raise _too_long(len(last.content), limit, relay)


def _check_varied(request: ChatRequest, least: float, relay: str) -> None:
    """At a low temperature all answers are alike, and some relays refuse to repeat one."""
    if request.temperature is not None and request.temperature < least:
        expected = f"expected a temperature of at least {least:g} for {request.n} answers"
        raise _wrong(relay, f"{expected}, got {request.temperature:g}", "Raise it, or ask for one.")


def _check_name(name: str, relay: str) -> None:
    if not _NAME.fullmatch(name):
        expected = "expected a message's name of 1 to 64 of a-z, A-Z, 0-9 and _"
        raise _wrong(relay, f'{expected}, got "{name[:80]}"', "Change it, or leave it out.")


def _wrong(relay: str, words: str, remedy: str) -> RelayInvalid:
    return RelayInvalid(f'relay "{relay}": {words}. {remedy}')


def _too_long(got: int, limit: int, relay: str) -> RelayTooLarge:
    return RelayTooLarge(
        f'relay "{relay}": expected at most {limit} characters in the last message, got {got}. '
        "Shorten it, or ask another relay.",
        got=got,
        limit=limit,
    )
