"""The trimming rule: what of a conversation a model is sent. Pure."""

from collections.abc import Sequence

from core.errors import MessageTooLong
from core.model import Limit, Turn, TurnState
from core.request import ChatMessage


def trim(
    turns: Sequence[Turn], new_text: str, persona: str, limit: Limit
) -> tuple[ChatMessage, ...]:
    """The messages to send: the latest pairs that fit, oldest first, then `new_text`.

    `limit` bounds the sum of code points of all of it, `persona` included, which
    is counted here but travels by the relay's dialect. Whole pairs are forgotten
    from the front. Raises MessageTooLong if `new_text` alone does not fit beside
    the persona.
    """
    pairs = complete_pairs(turns)
    if limit != "unlimited":
        pairs = _latest(pairs, room_for_history(new_text, persona, limit))
    told = (ChatMessage(role=turn.role, content=turn.text) for pair in pairs for turn in pair)
    return (*told, ChatMessage(role="user", content=new_text))


def complete_pairs(turns: Sequence[Turn]) -> list[tuple[Turn, Turn]]:
    """Questions with their answers, both complete and with text, in the order asked."""
    answers = {turn.message_id: turn for turn in turns if turn.role == "assistant" and speaks(turn)}
    return [
        (turn, answers[turn.message_id])
        for turn in turns
        if turn.role == "user" and speaks(turn) and turn.message_id in answers
    ]


def never_fits_again(question: str, answer: str, persona: str, limit: Limit) -> bool:
    """Whether this pair leaves no room even for a new message of one character."""
    if limit == "unlimited":
        return False
    return len(question) + len(answer) + len(persona) >= limit


def room_for_history(new_text: str, persona: str, limit: int) -> int:
    """Code points left for pairs. Raises MessageTooLong."""
    room = limit - len(persona)
    if len(new_text) > room:
        raise MessageTooLong(
            f"expected a message of at most {room} characters (history_chars {limit} "
            f"less the persona's {len(persona)}), got {len(new_text)}; "
            "shorten it or raise history_chars",
            got=len(new_text),
            limit=max(room, 0),
        )
    return room - len(new_text)


def speaks(turn: Turn) -> bool:
    """Whether it may be sent, given that its other side may."""
    return turn.state is TurnState.COMPLETE and bool(turn.text.strip())


def _latest(pairs: list[tuple[Turn, Turn]], room: int) -> list[tuple[Turn, Turn]]:
    first = len(pairs)
    for question, answer in reversed(pairs):
        room -= len(question.text) + len(answer.text)
        if room < 0:
            break
        first -= 1
    return pairs[first:]
