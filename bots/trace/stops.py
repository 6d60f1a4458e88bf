"""The stops of a message's way, in the order they were reached. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.model import PartState, Spend
from storage.tables import InboxState
from storage.trail import PartTrail, ReplyTrail, Trail

OPEN = (PartState.PENDING, PartState.TRYING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """`at` is None where the time was not noted, or is still to come.

    `theirs`: by the platform's clock, which no span is measured from.
    """

    at: datetime | None
    name: str
    words: str
    details: Mapping[str, Any] = field(default_factory=dict)
    theirs: bool = False


def stops(trail: Trail) -> list[Stop]:
    """By time; those without one at the end."""
    found = [*_coming(trail), *_claims(trail), *map(_spend, trail.spends)]
    for reply in trail.replies:
        found.extend(_reply(reply))
    found.extend(_end(trail))
    timed = [stop for stop in found if stop.at]
    return sorted(timed, key=_order) + [stop for stop in found if not stop.at]


def _order(stop: Stop) -> tuple[bool, float]:
    return not stop.theirs, stop.at.timestamp() if stop.at else 0.0


def spans_ms(found: list[Stop]) -> list[float | None]:
    """The milliseconds between each stop and the one before it."""
    spans: list[float | None] = []
    before: datetime | None = None
    for stop in found:
        spans.append((stop.at - before).total_seconds() * 1000 if stop.at and before else None)
        before = before if stop.theirs else stop.at or before
    return spans


def waits_for(trail: Trail) -> str:
    """What an unfinished message is waiting for; "" for a finished one."""
    if trail.state == InboxState.NEW:
        return _awaited(trail)
    answers = (reply for reply in trail.replies if not reply.notice)
    for number, total, part in (one for reply in answers for one in _numbered(reply)):
        match part.state:
            case PartState.TRYING:
                return f"the platform's word on part {number} of {total}"
            case PartState.PENDING:
                return f"part {number} of {total} to be sent"
            case PartState.LATER:
                return f"the person's next request, which carries part {number} of {total}"
            case _:
                continue
    return ""


def _awaited(trail: Trail) -> str:
    if trail.ahead:
        return f"{trail.ahead} earlier message(s) of its conversation"
    if trail.owner:
        return "its answer; where its process has ended, the next start"
    if trail.first_claimed_at:
        return "a relay that serves, or the next start"
    return "a bot that takes it up, now or at the next start"


def _coming(trail: Trail) -> Iterator[Stop]:
    message = trail.message
    place = {"platform": trail.platform, "bot": trail.bot}
    if message:
        yield Stop(at=message.sent_at, name="sent", words="sent, by its clock", theirs=True)
        place["chat"] = chat_kind(trail)
    words = f"received and stored ({', '.join(place.values())})"
    yield Stop(at=trail.received_at, name="stored", words=words, details=place)
    if trail.put_back_at:
        words = "put back after it had been set aside"
        yield Stop(at=trail.put_back_at, name="put_back", words=words)


def chat_kind(trail: Trail) -> str:
    if trail.message is None:
        return ""
    return "group" if trail.message.address.group else "one to one"


def _claims(trail: Trail) -> Iterator[Stop]:
    if trail.first_claimed_at is None:
        return
    if trail.claimed_at == trail.first_claimed_at:
        yield _claim(trail.claimed_at, trail.attempt)
        return
    words = "claimed for the first time"
    yield Stop(at=trail.first_claimed_at, name="first_claimed", words=words)
    yield _claim(trail.claimed_at, trail.attempt)


def _claim(at: datetime | None, attempt: int) -> Stop:
    """An attempt that was given back does not count."""
    counted = f"attempt {attempt}" if attempt else "and given back"
    details = {"attempt": attempt}
    return Stop(at=at, name="claimed", words=f"claimed, {counted}", details=details)


MEASURES = {
    "prompt_tokens": "tokens in",
    "completion_tokens": "tokens out",
    "characters": "characters",
    "images": "pictures",
    "audio_s": "s of sound",
}


def _spend(spend: Spend) -> Stop:
    amounts = {name: getattr(spend, name) for name in MEASURES if getattr(spend, name)}
    told = [f"{amount:g} {MEASURES[name]}" for name, amount in amounts.items()]
    words = ", ".join([f"{spend.kind} by {spend.relay}, {spend.model}", *told])
    details = {
        "kind": spend.kind,
        "relay": spend.relay,
        "model": spend.model,
        **amounts,
        "estimated": spend.estimated,
    }
    words += " (estimated)" if spend.estimated else ""
    return Stop(at=spend.at, name="relay_call", words=words, details=details)


def _reply(reply: ReplyTrail) -> Iterator[Stop]:
    what, count = "notice" if reply.notice else "answer", len(reply.parts)
    words = f"{what} stored, {count} {'part' if count == 1 else 'parts'}"
    details = {"reply": reply.id, "parts": count}
    yield Stop(at=reply.at, name=f"{what}_stored", words=words, details=details)
    for number, total, part in _numbered(reply):
        yield from _part(f"{what}'s part {number} of {total}", number, part)


def _numbered(reply: ReplyTrail) -> Iterator[tuple[int, int, PartTrail]]:
    return ((number, len(reply.parts), part) for number, part in enumerate(reply.parts, 1))


def _part(what: str, number: int, part: PartTrail) -> Iterator[Stop]:
    if part.tried_at:
        words = f"{what} tried, {part.attempts} so far"
        yield Stop(at=part.tried_at, name="part_tried", words=words, details={"part": number})
    unit = "characters" if part.kind == "text" else "bytes"
    details = {
        "part": number,
        "kind": part.kind,
        unit: part.size,
        "state": part.state.value,
        "attempts": part.attempts,
        "receipt": part.receipt,
    }
    about = f" ({_about(part)})" if part.receipt else ""
    words = f"{what}, {part.kind} of {part.size} {unit}: {part.state.value}{about}"
    yield Stop(at=part.settled_at, name="part", words=words, details=details)


def _about(part: PartTrail) -> str:
    """An open part's receipt counts the tries that no process survived."""
    return f"tries that ended the process: {part.receipt}" if part.state in OPEN else part.receipt


def _end(trail: Trail) -> Iterator[Stop]:
    match trail.state:
        case InboxState.DEAD:
            words = f"set aside: {trail.reason}"
            details = {"reason": trail.reason}
            yield Stop(at=trail.ended_at, name="set_aside", words=words, details=details)
        case InboxState.ANSWERED if not any(not reply.notice for reply in trail.replies):
            words = "ended without an answer of its own, or that was erased since"
            yield Stop(at=trail.ended_at, name="ended", words=words)
        case _:
            pass
