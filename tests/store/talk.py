"""What is said in these tests."""

from datetime import UTC, datetime, timedelta

from core.amounts import Amounts
from core.model import (
    Address,
    Effect,
    Media,
    Message,
    PartState,
    Reply,
    Spend,
    Text,
    Turn,
    TurnState,
    conversation_key,
    identity_of,
    person_key,
)
from core.ports.ledger import Account, Booking, Ceiling
from core.ports.store import Commit
from storage.store import SqlStore

NOW = datetime(2026, 11, 21, 12, 0, 0, 123_456, tzinfo=UTC)
DAY = "2026-11-21"
ONE = Amounts(messages=1)

SPEND = Spend(kind="chat", relay="main", model="m", at=NOW, prompt_tokens=5, completion_tokens=7)
"""What a call cost, at no known price."""


def address(who: str = "ann", *, chat: str = "", bot: str = "bot") -> Address:
    """One to one, or in the group `chat`."""
    return Address(platform="web", bot=bot, chat=chat or who, sender=who, group=bool(chat))


def message(
    name: str, who: str = "ann", text: str = "hello", *, chat: str = "", media: tuple[str, ...] = ()
) -> Message:
    return Message(
        id=name,
        key=f"key of {name}",
        address=address(who, chat=chat),
        parts=(Text(text=text), *(Media(kind="image", blob=blob) for blob in media)),
        sent_at=NOW,
        sender_name=f"name of {who}",
        raw=f'{{"text": "{text}"}}',
    )


def pair(
    name: str, question: str, answer: str, state: TurnState = TurnState.COMPLETE
) -> tuple[Turn, ...]:
    return (
        Turn(role="user", text=question, message_id=name, at=NOW, state=state),
        Turn(role="assistant", text=answer, message_id=name, at=NOW, state=state),
    )


def answer(
    to: Message,
    *texts: str,
    turns: tuple[Turn, ...] | None = None,
    effects: tuple[Effect, ...] = (),
    spends: tuple[Spend, ...] = (),
    media: tuple[Media, ...] = (),
    reply_id: str = "",
    at: datetime = NOW,
    dead: str = "",
) -> Commit:
    """A commit with a reply of one part for each text and file."""
    parts = (*(Text(text=text) for text in texts), *media)
    reply = Reply(id=reply_id or f"re {to.id}", answers=to.id, to=to.address, parts=parts)
    return Commit(
        message_id=to.id,
        conversation=conversation_key(to.address),
        person=person_key(to.address),
        at=at,
        reply=reply if parts else None,
        turns=pair(to.id, to.text, " ".join(texts)) if turns is None else turns,
        spends=spends,
        effects=effects,
        dead=dead,
        account=account(to.address.sender),
    )


async def ask(store: SqlStore, asked: Message, at: datetime = NOW) -> None:
    """Accept and claim."""
    assert await store.accept(asked, conversation_key(asked.address), at)
    await store.claim(asked.id, "boot", None)


async def exchange(
    store: SqlStore, name: str, question: str, reply: str, who: str = "ann", days_ago: float = 0
) -> Message:
    """A whole exchange, delivered."""
    asked, at = message(name, who, question), NOW - timedelta(days=days_ago)
    await ask(store, asked, at)
    await store.commit(answer(asked, reply, at=at))
    await store.mark(f"re {name}", 0, PartState.SENT, "receipt")
    return asked


def texts(turns: object) -> list[str]:
    assert isinstance(turns, list | tuple)
    return [turn.text for turn in turns]


def account(who: str = "ann", day: str = DAY) -> Account:
    """Of somebody's talk alone with the bot."""
    at = address(who)
    return Account(
        person=person_key(at),
        conversation=conversation_key(at),
        identity=identity_of(at),
        bot=at.bot,
        day=day,
    )


def person_scope(who: str = "ann") -> str:
    return f"person:{identity_of(address(who))}"


def booking(
    who: str = "ann", *, day: str = DAY, cap: int | None = None, amounts: Amounts = ONE
) -> Booking:
    """One message, of `cap` a day for each person."""
    ceiling = Ceiling(
        scope=person_scope(who), unit="messages", period="day", since=day, limit=cap or 0
    )
    return Booking(
        account=account(who, day),
        kind="chat",
        amounts=amounts,
        at=NOW,
        until=NOW + timedelta(hours=1),
        ceilings=() if cap is None else (ceiling,),
    )
